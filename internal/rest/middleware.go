package rest

import (
	"context"
	"net/http"
	"net/url"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

// Wrap puts middleware around the transport. What is secret in a request or in an error
// is taken out before the middleware, and put back behind it. Wrap must be called before
// the first request.
func (c *Client) Wrap(middleware func(next http.RoundTripper) http.RoundTripper) error {
	wrapped := middleware(&revealer{client: c, transport: c.Transport})
	if wrapped == nil {
		return errs.Refuse("middleware", "returned nil")
	}
	c.Transport = &concealer{middleware: wrapped, transport: c.Transport}
	return nil
}

// concealed is what a concealer takes out of a request.
type concealed struct {
	url         *url.URL
	credentials [][]string // the values of credentialFields
}

type concealedKey struct{}

// credentialFields are the header fields with credentials.
var credentialFields = []string{"Authorization", "Authorization-Token"}

// concealer takes the secrets out of the requests that go into the middleware.
type concealer struct {
	middleware, transport http.RoundTripper
}

func (c *concealer) RoundTrip(req *http.Request) (*http.Response, error) {
	hidden := &concealed{url: req.URL}
	shown := req.Clone(context.WithValue(req.Context(), concealedKey{}, hidden))
	if operation.AttemptOf(req.Context()).Operation == operation.PutPart {
		shown.URL.RawQuery = ""
	}
	for _, field := range credentialFields {
		hidden.credentials = append(hidden.credentials, req.Header.Values(field))
		shown.Header.Del(field)
	}
	return c.middleware.RoundTrip(shown)
}

// CloseIdleConnections closes those of the transport, which the middleware may hide.
func (c *concealer) CloseIdleConnections() { closeIdleConnections(c.transport) }

// revealer puts the secrets back into the requests that come out of the middleware, and
// keeps those of the transport's errors from it.
type revealer struct {
	client    *Client
	transport http.RoundTripper
}

func (r *revealer) RoundTrip(req *http.Request) (*http.Response, error) {
	hidden, ok := req.Context().Value(concealedKey{}).(*concealed)
	if !ok {
		closeBody(req)
		return nil, lostContextError{}
	}
	sent := req.Clone(req.Context())
	sent.URL = hidden.url
	for i, field := range credentialFields {
		if values := hidden.credentials[i]; len(values) > 0 {
			sent.Header[field] = values
		}
	}
	resp, err := r.transport.RoundTrip(sent)
	if err != nil {
		signed := operation.AttemptOf(req.Context()).Operation == operation.PutPart
		return nil, r.client.redactor(sent, signed).err(err)
	}
	if resp != nil {
		resp.Request = req // not the one with the secrets
	}
	return resp, nil
}

// lostContextError means that a middleware is written wrongly.
type lostContextError struct{}

func (lostContextError) Error() string {
	return "the middleware replaced the context of the request with one that is not derived from it"
}

// Permanent implements what the retry policy asks of errors.
func (lostContextError) Permanent() bool { return true }
