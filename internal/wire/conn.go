package wire

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// NewTransport returns the transport of a client that was given none.
//
// It speaks HTTP/1.1 only: storage does anyway, and parts that share one HTTP/2
// connection would share its congestion window and its fate. As many idle
// connections are kept per host as can be in use, since a new one costs round
// trips. It asks for no compression, so that lengths and ranges are the file's.
func NewTransport(idlePerHost int) *http.Transport {
	dialer := &net.Dialer{
		Timeout:   30 * time.Second,
		KeepAlive: 15 * time.Second,
		Control:   limitUnsent,
	}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialBodyConn(dialer),
		TLSHandshakeTimeout:   30 * time.Second,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   idlePerHost,
		DisableCompression:    true,
	}
}

// bodyConn is a connection that sends a body from where its bytes are, where it
// can, and the head of a request in one packet with the body.
type bodyConn struct {
	net.Conn
	bodyFollows atomic.Bool // what is written next is a head, and its body comes at once
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

// announceBody tells a connection, if it wants to know, that the next request on it
// has a body: net/http writes the head by itself then.
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

// ReadFrom implements io.ReaderFrom, which net/http looks for.
func (c *bodyConn) ReadFrom(r io.Reader) (int64, error) {
	sent := sendfile(c.Conn, r)
	copied, err := io.Copy(struct{ io.Writer }{c.Conn}, r) // hidden: not back to here
	return sent + copied, err
}
