package bytescale

import (
	"net/http"

	"github.com/c88edac7/bytescale-go/internal/limits"
	"github.com/c88edac7/bytescale-go/internal/wire"
)

// NewTransport returns a new transport like that of a Client that was given none,
// for those who want to change it (a proxy, a certificate authority) or to wrap it
// in another one (tracing, package contract) and hand it over with
// [WithTransport]. It speaks HTTP/1.1 only, sets no time limit on a transfer and
// tells a slow connection from a dead one. It keeps up to 128 idle
// connections per host, as many as the default limits can use; with higher limits,
// raise its MaxIdleConnsPerHost to 8 × PUTs + API calls in flight.
func NewTransport() *http.Transport {
	return wire.NewTransport(limits.Connections(defaultPuts, defaultCalls))
}
