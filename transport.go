package bytescale

import (
	"net"
	"net/http"
	"time"
)

// writeBuffer lets a small file leave in one piece with its header. Larger
// bodies pass it by.
const writeBuffer = 16 << 10

// newTransport returns the transport of a client that was given none.
//
// It speaks HTTP/1.1 only: storage does anyway, and parts that share one HTTP/2
// connection would share its congestion window and its fate. As many idle
// connections are kept per host as can be in use, since a new one costs round
// trips. It asks for no compression, so that lengths and ranges are the file's.
func newTransport(idlePerHost int) *http.Transport {
	dialer := &net.Dialer{
		Timeout:   30 * time.Second,
		KeepAlive: 15 * time.Second,
		Control:   limitUnsent,
	}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   15 * time.Second,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   idlePerHost,
		WriteBufferSize:       writeBuffer,
		DisableCompression:    true,
	}
}
