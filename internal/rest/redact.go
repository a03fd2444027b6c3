package rest

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// redactor takes secrets out of text that others wrote: error messages of
// net/http and of servers.
type redactor struct {
	secrets *strings.Replacer
}

// redacted is what stands in the place of a secret.
const redacted = "[redacted]"

// queries finds the query of a URL in running text.
var queries = regexp.MustCompile(`(?i)(https?://[^\s"'<>?]*)\?[^\s"'<>]*`)

// redact takes the secrets out of an error.
func (c *Client) redact(next handler) handler {
	return func(req *http.Request, about call) (*http.Response, error) {
		resp, err := next(req, about)
		if err != nil {
			return nil, c.redactor(req, about.signed()).err(err)
		}
		return resp, nil
	}
}

// redactor knows the API key, the credentials that a request carries and, if its
// URL is pre-signed, everything in the query of that.
func (c *Client) redactor(req *http.Request, signed bool) *redactor {
	var secrets []string
	hide := func(text string) {
		// A short value, a number say, is no secret and may stand anywhere.
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
		for _, values := range req.URL.Query() {
			for _, value := range values {
				hide(value)
				hide(url.QueryEscape(value))
			}
		}
	}
	// The longest first: one may be the beginning of another.
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, secret := range secrets {
		pairs = append(pairs, secret, redacted)
	}
	return &redactor{strings.NewReplacer(pairs...)}
}

// text returns text without secrets.
func (r *redactor) text(text string) string {
	return r.secrets.Replace(queries.ReplaceAllString(text, "$1?"+redacted))
}

// value is text for what was decoded from JSON.
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

// err returns an error without secrets in its text or in that of any error it
// wraps. What has none stays as it is, for errors.As to find.
func (r *redactor) err(err error) error {
	if err == nil || !r.tells(err) {
		return err
	}
	if failed, ok := err.(*url.Error); ok { //nolint:errorlint // this very error; those inside follow
		return &url.Error{Op: failed.Op, URL: r.text(failed.URL), Err: r.err(failed.Err)}
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

// tells says whether the text of err, or of an error in it, holds a secret.
func (r *redactor) tells(err error) bool {
	text := err.Error()
	return r.text(text) != text || slices.ContainsFunc(wrapped(err), r.tells)
}

// wrapped are the errors that err itself wraps.
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

// redactedError stands for an error that told a secret. It still is what that
// one was and wraps what that one wrapped, but does not hand it out itself.
type redactedError struct {
	text  string
	is    func(target error) bool
	inner []error
}

func (e *redactedError) Error() string        { return e.text }
func (e *redactedError) Is(target error) bool { return e.is(target) }
func (e *redactedError) Unwrap() []error      { return e.inner }
