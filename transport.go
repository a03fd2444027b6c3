package bytescale

import (
	"net/http"

	"github.com/c88edac7/bytescale-go/internal/limits"
	"github.com/c88edac7/bytescale-go/internal/wire"
)

// NewTransport returns a new transport like the default one of a Client. Change it, for a
// proxy or a certificate authority, or wrap it, for package contract, and pass it to
// [WithTransport]. It speaks HTTP/1.1 only, sets no time limit on a transfer, and distinguishes
// slow connections from dead ones. It keeps up to 2048 idle connections per host, which is as many
// as the default limits can use, for 90 s each, and reads response headers of up to 16 KiB. With
// a [WithPutsInFlight] of more than 128, set its MaxIdleConnsPerHost to 8 × PUTs + 1024.
//
// Do not wrap it in a transport that records requests, such as a tracer. The URL of a part is
// a permission to write, and the headers of API calls hold the API key. Use [WithMiddleware],
// which keeps both from the tracer, or record only what [RequestInfoFromContext] returns.
func NewTransport() *http.Transport {
	return wire.NewTransport(limits.Connections(0, 0))
}
