package errs

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ContextError is the end of a step by its context. It wraps the error of the context, the
// cause of its end and the last failure, so that errors.Is and errors.As find each.
type ContextError struct {
	Operation string // of the step; empty if the context ended between two steps
	Attempts  int    // that were made at the step
	Err       error  // of the context
	Cause     error  // of the end of the context; it may be Err
	Last      error  // the failure of the last attempt that failed by itself; nil for none
}

// NewContextError returns a ContextError for a context that has ended.
func NewContextError(ctx context.Context, op string, attempts int, last error) *ContextError {
	return &ContextError{Operation: op, Attempts: attempts, Err: ctx.Err(), Cause: context.Cause(ctx), Last: last}
}

// Error returns the operation, the end of the context, and the last failure.
func (e *ContextError) Error() string {
	var text strings.Builder
	prefix := ""
	if e.Operation != "" {
		prefix = e.Operation + ": "
	}
	text.WriteString(prefix + e.Err.Error())
	if e.Cause != nil && e.Cause.Error() != e.Err.Error() {
		fmt.Fprintf(&text, " (%v)", e.Cause)
	}
	if e.Last != nil {
		switch {
		case e.Attempts == 1:
			text.WriteString(" after 1 attempt")
		case e.Attempts > 1:
			fmt.Fprintf(&text, " after %d attempts", e.Attempts)
		}
		text.WriteString("; last failure: " + strings.TrimPrefix(e.Last.Error(), prefix))
	}
	return text.String()
}

// Unwrap returns the error of the context, the cause and the last failure.
func (e *ContextError) Unwrap() []error {
	wrapped := []error{e.Err}
	if e.Cause != nil && e.Cause != e.Err {
		wrapped = append(wrapped, e.Cause)
	}
	if e.Last != nil {
		wrapped = append(wrapped, e.Last)
	}
	return wrapped
}

// IsEndOf reports whether err is due to the end of the context.
func IsEndOf(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx)))
}
