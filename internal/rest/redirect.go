package rest

import (
	"net/http"
	"net/url"
)

// maxRedirects is how many redirects of the CDN a download follows.
const maxRedirects = 5

// redirect follows redirects within the origin. Any other redirect is the answer.
func (c *Client) redirect(origin *url.URL) step {
	return func(next handler) handler {
		return func(req *http.Request, about call) (*http.Response, error) {
			for redirects := 0; ; redirects++ {
				resp, err := next(req, about)
				if err != nil || resp.StatusCode/100 != 3 || redirects == maxRedirects {
					return resp, err
				}
				location, err := resp.Location()
				if err != nil || !sameOrigin(location, origin) {
					return resp, nil //nolint:nilerr // the redirect itself is the answer
				}
				Discard(resp)
				req = req.Clone(req.Context())
				req.URL, req.Host = location, location.Host
			}
		}
	}
}
