package bytescale

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// A secret is text that printing cannot reach: fmt, log/slog and the dumpers of
// test libraries show a function as an address, whatever they do with the
// fields of a struct.
type secret func() string

func newSecret(text string) secret { return func() string { return text } }

// trialAccount is the account of the vendor's two keys for trying things out.
const trialAccount = "W142hJk"

// accountOf derives the account id from an API key: "secret_A623uY2xyz" belongs
// to account "A623uY2". The error never repeats the key.
func accountOf(key string) (string, error) {
	if key == "free" || key == "demo" {
		return trialAccount, nil
	}
	kind, rest, found := strings.Cut(key, "_")
	id, _, _ := strings.Cut(rest, "_")
	switch {
	case strings.TrimSpace(key) != key:
		return "", invalidKey("has white space around it")
	case !found || kind != "public" && kind != "secret":
		return "", invalidKey(`begins neither with "public_" nor with "secret_"`)
	case !printable(key):
		return "", invalidKey("contains characters that no key has")
	case len(id) < 7 || !accountIDPattern.MatchString(id[:7]):
		return "", invalidKey("does not go on with an account id of seven base58 characters")
	}
	return id[:7], nil
}

func invalidKey(reason string) error {
	return &ArgumentError{Field: "apiKey", Reason: reason, kind: ErrInvalidKey}
}

// credentials are what a client proves its identity with.
type credentials struct {
	key    secret // nil for none
	basic  bool
	tokens *tokens // nil for none
}

// set puts the credentials into a header, in place of what may be there. token
// is the JWT, if there are tokens.
func (c *credentials) set(h http.Header, token string) {
	h.Del("Authorization-Token")
	switch {
	case c.key == nil:
		h.Set("Authorization", "Bearer "+token)
		return
	case c.basic:
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("apikey:"+c.key())))
	default:
		h.Set("Authorization", "Bearer "+c.key())
	}
	if token != "" {
		h.Set("Authorization-Token", token)
	}
}

// tokens keeps the JWT of a client.
type tokens struct {
	source  func(context.Context) (string, error)
	turn    chan struct{} // holds a token while nobody looks at current
	current secret
}

func newTokens(source func(context.Context) (string, error)) *tokens {
	t := &tokens{source: source, turn: make(chan struct{}, 1), current: newSecret("")}
	t.turn <- struct{}{}
	return t
}

// get returns the token to send. refused is the one that the service has just
// refused, or empty: the source is asked when there is no other one. Requests
// whose token is refused at the same time so ask the source once.
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
	case token == "" || !printable(token):
		return "", &errs.TokenError{Err: fmt.Errorf("it returned %d bytes that are no token", len(token))}
	}
	t.current = newSecret(token)
	return token, nil
}
