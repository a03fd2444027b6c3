package wire

import (
	"context"
	"net"
	"net/http"
	"net/url"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// proxyFromEnvironment returns the proxy that the environment names for a request. Its
// error is without the URL of the proxy, which may hold a password.
func proxyFromEnvironment(req *http.Request) (*url.URL, error) {
	proxy, err := http.ProxyFromEnvironment(req)
	if err != nil || proxy != nil && !isProxy(proxy) {
		return nil, &errs.ProxyError{Reason: "its URL, in the environment, is malformed; " +
			"characters such as # in a user name or a password must be encoded, as in %23"}
	}
	return proxy, nil
}

// isProxy reports whether a URL can be that of a proxy. A URL that does not parse is taken
// for a host by net/http, so that "http:" may become one.
func isProxy(u *url.URL) bool {
	return u.Hostname() != "" && (u.Port() != "" || u.Host == u.Hostname() || u.Host == "["+u.Hostname()+"]") &&
		u.Hostname() != "http" && u.Hostname() != "https" &&
		(u.Path == "" || u.Path == "/") && u.Fragment == "" && u.RawQuery == ""
}

// checkProxy returns an error that names the proxy and the host that it refuses to connect
// to.
func checkProxy(_ context.Context, proxy *url.URL, request *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &net.OpError{Op: "proxyconnect", Net: "tcp", Err: &errs.ProxyError{
		Proxy: proxy.Host, Target: request.Host, Status: answer.StatusCode,
	}}
}
