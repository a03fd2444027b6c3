package rest

import (
	"net/url"
	"strings"
	"unicode"
)

// maxMessage is the longest message of a server that is passed on, in characters.
const maxMessage = 500

// short returns text for an error message: one line of at most maxMessage characters,
// without control characters, which a terminal could obey.
func short(text string) string {
	clean := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
	runes := []rune(strings.Join(strings.Fields(clean), " "))
	if len(runes) > maxMessage {
		return string(runes[:maxMessage-1]) + "…"
	}
	return string(runes)
}

// maxError is the longest text of an error of a transport, in bytes.
const maxError = 2000

// brief returns an error of a transport in fewer words, if its text is long or holds
// control characters: net/http quotes whole lines of what a server sent.
func brief(err error) error {
	if failed, ok := err.(*url.Error); ok { //nolint:errorlint // roundTrip made this very error
		return &url.Error{Op: failed.Op, URL: failed.URL, Err: brief(failed.Err)}
	}
	text := err.Error()
	control := strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' })
	if len(text) <= maxError && !control {
		return err
	}
	return &briefError{text: short(text), err: err}
}

type briefError struct {
	text string
	err  error
}

func (e *briefError) Error() string { return e.text }
func (e *briefError) Unwrap() error { return e.err }
