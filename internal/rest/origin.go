package rest

import (
	"net/url"
	"strings"
)

// sameOrigin reports whether two URLs have the same scheme, host and port, so that
// credentials for the one may be sent to the other.
func sameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

// MayPutTo reports whether parts may go to a URL. They go over plain http only if the
// API's own address is plain http, or if the caller has named the origin as that of the
// CDN: files are read from there in the clear, too.
func (c *Client) MayPutTo(u *url.URL) bool {
	return strings.EqualFold(u.Scheme, "https") || strings.EqualFold(c.APIURL.Scheme, "http") || sameOrigin(u, c.CDNURL)
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if strings.EqualFold(u.Scheme, "https") {
		return "443"
	}
	return "80"
}
