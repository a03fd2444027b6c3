package bytescale

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
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

// redactor knows the API key, the credentials that a request carries and, if its
// URL is pre-signed, everything in the query of that.
func (c *Client) redactor(req *http.Request, signed bool) *redactor {
	var pairs []string
	hide := func(text string) {
		// A short value, a number say, is no secret and may stand anywhere.
		if len(text) >= 8 {
			pairs = append(pairs, text, redacted)
		}
	}
	if c.credentials.key != nil {
		hide(c.credentials.key())
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
	return &redactedError{
		text: r.text(err.Error()),
		is:   func(target error) bool { return errors.Is(err, target) },
	}
}

// tells says whether the text of err, or of an error in it, holds a secret.
func (r *redactor) tells(err error) bool {
	if text := err.Error(); r.text(text) != text {
		return true
	}
	switch wrapper := err.(type) { //nolint:errorlint // walks the tree by itself
	case interface{ Unwrap() error }:
		inner := wrapper.Unwrap()
		return inner != nil && r.tells(inner)
	case interface{ Unwrap() []error }:
		for _, inner := range wrapper.Unwrap() {
			if inner != nil && r.tells(inner) {
				return true
			}
		}
	}
	return false
}

// redactedError stands for an error that told a secret. It still is what that
// one was, but does not hand it out.
type redactedError struct {
	text string
	is   func(target error) bool
}

func (e *redactedError) Error() string        { return e.text }
func (e *redactedError) Is(target error) bool { return e.is(target) }
