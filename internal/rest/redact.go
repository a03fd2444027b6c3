package rest

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// redactor takes secrets out of text that others wrote, such as the error messages of
// net/http and of servers.
type redactor struct {
	secrets []string // the longest first
}

// redacted replaces a secret.
const redacted = "[redacted]"

// queries matches a URL with a query in running text.
var queries = regexp.MustCompile(`(?i)(https?://[^\s"'<>?]*)\?[^\s"'<>]*`)

// redact takes the secrets out of the error of a request.
func (c *Client) redact(next handler) handler {
	return func(req *http.Request, about call) (*http.Response, error) {
		resp, err := next(req, about)
		if err != nil {
			return nil, brief(c.redactor(req, about.signed()).err(err))
		}
		return resp, nil
	}
}

// redactor returns a redactor for the API key, for the credentials that a request carries
// and, if its URL is pre-signed, for everything in the query of that.
func (c *Client) redactor(req *http.Request, signed bool) *redactor {
	var secrets []string
	hide := func(text string) {
		// A short value such as a number is no secret, and may stand anywhere.
		if len(text) >= 8 {
			secrets = append(secrets, text)
		}
	}
	if c.Credentials.key != nil {
		hide(c.Credentials.key())
	}
	if _, value, ok := strings.Cut(req.Header.Get("Authorization"), " "); ok {
		hide(value)
	}
	hide(req.Header.Get("Authorization-Token"))
	if signed {
		hide(req.URL.RawQuery)
		for pair := range strings.SplitSeq(req.URL.RawQuery, "&") {
			_, value, _ := strings.Cut(pair, "=")
			hide(value)
			if plain, err := url.QueryUnescape(value); err == nil {
				hide(plain)
				hide(url.QueryEscape(plain))
			}
		}
	}
	// The longest first, because one may be the beginning of another.
	slices.SortFunc(secrets, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return &redactor{slices.Compact(secrets)}
}

// HoldsKey reports whether text that a server sent repeats the API key.
func (c *Client) HoldsKey(text string) bool {
	return c.Credentials.key != nil && strings.Contains(text, c.Credentials.key())
}

// text returns text without secrets.
func (r *redactor) text(text string) string {
	text = queries.ReplaceAllString(text, "$1?"+redacted)
	for _, secret := range r.secrets {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	return text
}

// url returns a URL without its query and without secrets. All of the query goes, although it
// may have spaces, where text would end it: url.Error quotes what is left of it.
func (r *redactor) url(address string) string {
	before, _, found := strings.Cut(address, "?")
	if found {
		before += "?" + redacted
	}
	return r.text(before)
}

// value returns a decoded JSON value without secrets.
func (r *redactor) value(v any) any {
	switch v := v.(type) {
	case string:
		return r.text(v)
	case []any:
		clean := make([]any, len(v))
		for i := range v {
			clean[i] = r.value(v[i])
		}
		return clean
	case map[string]any:
		clean := make(map[string]any, len(v))
		for key, value := range v {
			clean[r.text(key)] = r.value(value)
		}
		return clean
	}
	return v
}

// err returns an error without secrets, in its own text and in that of every error that it
// wraps. Errors without secrets stay as they are, so that errors.As finds them.
func (r *redactor) err(err error) error {
	if err == nil || !r.hasSecret(err) {
		return err
	}
	if failed, ok := err.(*url.Error); ok { //nolint:errorlint // only this error; those that it wraps follow
		return &url.Error{Op: failed.Op, URL: r.url(failed.URL), Err: r.err(failed.Err)}
	}
	clean := &redactedError{
		text: r.text(err.Error()),
		is:   func(target error) bool { return errors.Is(err, target) },
	}
	for _, inner := range wrapped(err) {
		clean.inner = append(clean.inner, r.err(inner))
	}
	return clean
}

// hasSecret reports whether the text of err, or of an error that it wraps, has a secret.
func (r *redactor) hasSecret(err error) bool {
	text := err.Error()
	return r.text(text) != text || slices.ContainsFunc(wrapped(err), r.hasSecret)
}

// wrapped returns the errors that err itself wraps.
func wrapped(err error) []error {
	switch wrapper := err.(type) { //nolint:errorlint // one level of the tree
	case interface{ Unwrap() error }:
		if inner := wrapper.Unwrap(); inner != nil {
			return []error{inner}
		}
	case interface{ Unwrap() []error }:
		return wrapper.Unwrap()
	}
	return nil
}

// redactedError replaces an error with a secret. errors.Is treats it like that error, and it
// wraps what that error wrapped, without secrets.
type redactedError struct {
	text  string
	is    func(target error) bool
	inner []error
}

func (e *redactedError) Error() string        { return e.text }
func (e *redactedError) Is(target error) bool { return e.is(target) }
func (e *redactedError) Unwrap() []error      { return e.inner }
