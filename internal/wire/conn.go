package wire

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// maxHeader is the longest header of an answer, in bytes. It is the limit of Node.js,
// which the vendor's SDK runs on. Read, a header can take twenty times as much.
const maxHeader = 16 << 10

// NewTransport returns the default transport of a client. It keeps up to idlePerHost idle
// connections per host.
//
// It speaks HTTP/1.1 only, as storage does, because parts that share one HTTP/2
// connection would share its congestion window and would be lost together. It asks for no
// compression, so that lengths and ranges are those of the file.
func NewTransport(idlePerHost int) *http.Transport {
	dialer := &net.Dialer{
		Timeout:   30 * time.Second,
		KeepAlive: 15 * time.Second,
		Control:   limitSendQueue,
	}
	return &http.Transport{
		Proxy:                 proxyFromEnvironment,
		DialContext:           dialBodyConn(dialer),
		TLSHandshakeTimeout:   30 * time.Second,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   idlePerHost,
		DisableCompression:    true,

		MaxResponseHeaderBytes: maxHeader,
		OnProxyConnectResponse: checkProxy,
	}
}

// bodyConn is a connection that sends a body without copying it, if it can, and the head
// of a request in one packet with the body.
type bodyConn struct {
	net.Conn
	bodyFollows atomic.Bool // the next write is a head whose body follows at once
}

func dialBodyConn(dialer *net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &bodyConn{Conn: conn}, nil
	}
}

// announceBody tells a bodyConn that the next request on it has a body. net/http writes
// the head of such a request by itself.
func announceBody(conn net.Conn) {
	if c, ok := conn.(*bodyConn); ok {
		c.bodyFollows.Store(true)
	}
}

func (c *bodyConn) Write(p []byte) (int, error) {
	sent := 0
	if c.bodyFollows.Swap(false) {
		sent = sendHead(c.Conn, p)
	}
	if sent == len(p) {
		return sent, nil
	}
	n, err := c.Conn.Write(p[sent:])
	return sent + n, err
}

// ReadFrom implements io.ReaderFrom, which net/http uses to send a body.
func (c *bodyConn) ReadFrom(r io.Reader) (int64, error) {
	sent := sendfile(c.Conn, r)
	copied, err := io.Copy(struct{ io.Writer }{c.Conn}, r) // without ReadFrom, which would call this method again
	return sent + copied, err
}
