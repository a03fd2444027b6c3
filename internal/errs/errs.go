// Package errs holds the errors that more than one layer of the SDK recognises.
// The root package documents the sentinels and exports them by value.
package errs

import (
	"errors"
	"fmt"
)

// The sentinels that the root package exports.
var (
	ErrNotFound      = errors.New("not found")
	ErrSourceChanged = errors.New("the source has changed")
	ErrSourceSize    = errors.New("the source does not have the announced size")
	ErrUploadUnknown = errors.New("the service does not know this upload")
	ErrStalled       = errors.New("the connection stalled")
	ErrProtocol      = errors.New("answer breaks the protocol")
)

// ErrMissingETag says that storage answered a part's PUT without a usable etag.
var ErrMissingETag = fmt.Errorf("%w: no usable etag in the answer", ErrProtocol)

// SourceError is a failure to read the source: no retry can help, and it
// outranks the failed request that it caused.
type SourceError struct{ Err error }

func (e *SourceError) Error() string { return "read source: " + e.Err.Error() }

// Unwrap returns the source's own error.
func (e *SourceError) Unwrap() error { return e.Err }

// TokenError is a failure of the caller's source of tokens. It is not retried:
// the source knows better whether that helps.
type TokenError struct{ Err error }

func (e *TokenError) Error() string { return "JWT source: " + e.Err.Error() }

// Unwrap returns the source's own error.
func (e *TokenError) Unwrap() error { return e.Err }

// RefusedError is an argument that a lower layer refuses before anything is sent.
// The root package makes an ArgumentError of it.
type RefusedError struct {
	Field, Reason string
}

func (e *RefusedError) Error() string { return e.Field + ": " + e.Reason }

// Refuse returns a RefusedError.
func Refuse(field, format string, args ...any) error {
	return &RefusedError{Field: field, Reason: fmt.Sprintf(format, args...)}
}
