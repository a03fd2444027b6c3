package cdn

import (
	"errors"
	"fmt"
	"strconv"
)

// ErrTooLong means that a URL has more than 1000 bytes after its host, which is
// more than the CDN accepts. The operation ProcessFileAndSave takes
// transformation parameters in its body (extendedParams) and has room for them.
var ErrTooLong = errors.New("the URL is too long for the CDN")

// ArgumentError is a value that cannot be part of a URL.
type ArgumentError struct {
	// Field is the argument or query parameter at fault, such as "path", "w" or
	// "cache-ttl".
	Field string
	// Reason says what is wrong and what is allowed.
	Reason string

	kind error // the sentinel that this is a case of, if any
}

// Error returns the field and the reason.
func (e *ArgumentError) Error() string { return e.Field + ": " + e.Reason }

// Unwrap returns the sentinel error that this is a case of, such as
// [ErrTooLong], or nil.
func (e *ArgumentError) Unwrap() error { return e.kind }

func argumentError(field, format string, args ...any) error {
	return &ArgumentError{Field: field, Reason: fmt.Sprintf(format, args...)}
}

// quote returns text for an error, cut to what a reader needs.
func quote(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return strconv.Quote(string(runes[:most])) + "…"
	}
	return strconv.Quote(text)
}
