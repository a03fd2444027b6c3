// Package errs defines the errors that more than one layer of the SDK recognises. The
// root package documents the sentinels and exports them by value.
package errs

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// The sentinels that the root package exports.
var (
	ErrNotFound      = errors.New("not found")
	ErrSourceChanged = errors.New("the source has changed")
	ErrSourceSize    = errors.New("the source does not have the announced size")
	ErrUploadUnknown = errors.New("the service does not know this upload")
	ErrStalled       = errors.New("the connection stalled")
	ErrProtocol      = errors.New("answer breaks the protocol")
	ErrFileChanged   = errors.New("the file has changed during its download")
)

// ErrUnanswered means that all of a part was sent, and no answer came in time.
var ErrUnanswered = fmt.Errorf("%w: no answer", ErrStalled)

// NoConnection returns the error of an attempt that got no connection in time.
func NoConnection(limit time.Duration) error {
	return fmt.Errorf("%w: no connection in %v", ErrStalled, limit)
}

// ErrMissingETag means that storage answered the PUT of a part without a usable etag.
var ErrMissingETag = fmt.Errorf("%w: no usable etag in the answer", ErrProtocol)

// SourceError is a failure to open or to read the source of an upload. It is never retried,
// and it takes precedence over the failed request that it caused. The root package turns it
// into a SourceError of its own.
type SourceError struct{ Err error }

func (e *SourceError) Error() string { return "source: " + e.Err.Error() }

// Unwrap returns the error of the source.
func (e *SourceError) Unwrap() error { return e.Err }

// TargetError is a failure to write what was downloaded. It is never retried. The root
// package turns it into the error that it wraps.
type TargetError struct{ Err error }

func (e *TargetError) Error() string { return "target: " + e.Err.Error() }

// Unwrap returns the error of the target.
func (e *TargetError) Unwrap() error { return e.Err }

// ProxyError is a proxy that refuses to connect to a host, or whose URL is malformed.
type ProxyError struct {
	Proxy, Target string // hosts with ports
	Status        int    // of the proxy's answer; 0 if Reason says what is wrong
	Reason        string
}

func (e *ProxyError) Error() string {
	if e.Status == 0 {
		return "the proxy cannot be used: " + e.Reason
	}
	return fmt.Sprintf("the proxy %s refused to connect to %s: %d %s", e.Proxy, e.Target, e.Status, http.StatusText(e.Status))
}

// Final reports whether the proxy would refuse again.
func (e *ProxyError) Final() bool {
	return e.Status < 500 && e.Status != http.StatusRequestTimeout && e.Status != http.StatusTooManyRequests
}

// KnownHostError is a failure of a host that has served the client before. Its address and
// its certificate were right then, so that others which are wrong will pass.
type KnownHostError struct{ Err error }

func (e *KnownHostError) Error() string { return e.Err.Error() }

// Unwrap returns the failure.
func (e *KnownHostError) Unwrap() error { return e.Err }

// Is reports whether target is ErrKnownHost.
func (e *KnownHostError) Is(target error) bool { return target == ErrKnownHost }

// ErrKnownHost is what every KnownHostError is.
var ErrKnownHost = errors.New("the host has served the client before")

// TokenError is a failure of the caller's source of JSON web tokens. It is never
// retried, because the source can retry by itself.
type TokenError struct{ Err error }

func (e *TokenError) Error() string { return "JWT source: " + e.Err.Error() }

// Unwrap returns the error of the token source.
func (e *TokenError) Unwrap() error { return e.Err }

// LimiterError is a failure of the caller's limiter of API calls. It is never retried,
// because the limiter can wait by itself.
type LimiterError struct{ Err error }

func (e *LimiterError) Error() string { return "limiter: " + e.Err.Error() }

// Unwrap returns the error of the limiter.
func (e *LimiterError) Unwrap() error { return e.Err }

// RefusedError is an argument that an internal package refuses before anything is sent.
// The root package turns it into an ArgumentError.
type RefusedError struct {
	Field, Reason string
}

func (e *RefusedError) Error() string { return e.Field + ": " + e.Reason }

// Refuse returns a RefusedError.
func Refuse(field, format string, args ...any) error {
	return &RefusedError{Field: field, Reason: fmt.Sprintf(format, args...)}
}
