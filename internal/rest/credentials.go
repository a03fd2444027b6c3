package rest

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// A secret is text that printing cannot reach, because fmt, log/slog and the dumpers of
// test libraries show a function as an address, even inside a struct.
type secret func() string

func newSecret(text string) secret { return func() string { return text } }

// Credentials are what a client proves its identity with.
type Credentials struct {
	key    secret  // nil for none
	header secret  // the Authorization header with the key; nil for none
	tokens *tokens // nil for none
}

// NewCredentials returns the credentials for an API key, which may be empty, and a source
// of JSON web tokens, which may be nil.
func NewCredentials(key string, basic bool, jwt func(context.Context) (string, error)) *Credentials {
	c := &Credentials{}
	switch {
	case key != "" && basic:
		c.key, c.header = newSecret(key), newSecret("Basic "+base64.StdEncoding.EncodeToString([]byte("apikey:"+key)))
	case key != "":
		c.key, c.header = newSecret(key), newSecret("Bearer "+key)
	}
	if jwt != nil {
		c.tokens = newTokens(jwt)
	}
	return c
}

// authorize puts the credentials into a request and returns the token that it used.
// refused is the token that the service has just refused, or empty.
func (c *Credentials) authorize(req *http.Request, refused string) (token string, err error) {
	token, err = c.tokens.get(req.Context(), refused)
	if err != nil {
		return "", err
	}
	c.set(req.Header, token)
	return token, nil
}

// set puts the credentials into a header and replaces those that are there.
func (c *Credentials) set(h http.Header, token string) {
	h.Del("Authorization-Token")
	if c.header == nil {
		h.Set("Authorization", "Bearer "+token)
		return
	}
	h.Set("Authorization", c.header())
	if token != "" {
		h.Set("Authorization-Token", token)
	}
}

// tokens keeps the JWT of a client.
type tokens struct {
	source  func(context.Context) (string, error)
	turn    chan struct{} // a mutex as a channel, so that a context can end the wait
	current secret
}

func newTokens(source func(context.Context) (string, error)) *tokens {
	t := &tokens{source: source, turn: make(chan struct{}, 1), current: newSecret("")}
	t.turn <- struct{}{}
	return t
}

// get returns the token to send. It asks the source if there is no token other than the
// one that was refused. Several requests whose token is refused at the same time ask the
// source once.
func (t *tokens) get(ctx context.Context, refused string) (string, error) {
	if t == nil {
		return "", nil
	}
	select {
	case <-t.turn:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { t.turn <- struct{}{} }()
	if token := t.current(); token != "" && token != refused {
		return token, nil
	}
	token, err := t.source(ctx)
	switch {
	case err != nil:
		return "", &errs.TokenError{Err: err}
	case token == "" || !visible(token):
		return "", &errs.TokenError{Err: fmt.Errorf("it returned %d bytes that are no token", len(token))}
	}
	t.current = newSecret(token)
	return token, nil
}

// visible reports whether text consists of visible ASCII characters.
func visible(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// authorize puts the credentials into a request, and refuses one to another origin. If the
// service refuses the token with 401, the request is sent once more with a new one.
func (c *Client) authorize(origin *url.URL) step {
	return func(next handler) handler {
		return func(req *http.Request, about call) (*http.Response, error) {
			if !about.authorized {
				return next(req, about)
			}
			if !sameOrigin(req.URL, origin) {
				closeBody(req)
				return nil, errs.Refuse("url", "%s://%s is not the API of this client; no credentials go there", req.URL.Scheme, req.URL.Host)
			}
			token, err := c.Credentials.authorize(req, "")
			if err != nil {
				closeBody(req)
				return nil, err
			}
			resp, err := next(req, about)
			if err != nil || resp.StatusCode != http.StatusUnauthorized || c.Credentials.tokens == nil {
				return resp, err
			}
			again, ok := replay(req)
			if !ok {
				return resp, nil
			}
			Discard(resp)
			return c.renew(next, again, about, token)
		}
	}
}

// renew sends a request with a token other than the refused one.
func (c *Client) renew(next handler, req *http.Request, about call, refused string) (*http.Response, error) {
	if _, err := c.Credentials.authorize(req, refused); err != nil {
		closeBody(req)
		return nil, err
	}
	return next(req, about)
}

// replay returns the request with a fresh body. It reports false if the body cannot be
// read again.
func replay(req *http.Request) (*http.Request, bool) {
	if req.Body == nil || req.Body == http.NoBody {
		return req, true
	}
	if req.GetBody == nil {
		return nil, false
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, false
	}
	again := req.Clone(req.Context())
	again.Body = body
	return again, true
}
