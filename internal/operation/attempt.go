package operation

import (
	"context"
	"sync/atomic"
)

// Attempt identifies one attempt at a step of an upload, or at a call. The code that
// makes the attempt puts it into the context, and the code that sends the request reads
// it for the event.
type Attempt struct {
	// Operation is the operationId, or [PutPart]; empty if it is not known.
	Operation string
	// UploadID is the upload; empty outside of one.
	UploadID string
	// Part is the index of the part; -1 if the step is not about one.
	Part int64
	// Number counts the attempts from 1; 0 if they are not counted.
	Number int
}

type attemptKey struct{}

// WithAttempt returns a context that belongs to the attempt.
func WithAttempt(ctx context.Context, a Attempt) context.Context {
	return context.WithValue(ctx, attemptKey{}, a)
}

// AttemptOf returns the attempt that a context belongs to.
func AttemptOf(ctx context.Context) Attempt {
	if a, ok := ctx.Value(attemptKey{}).(Attempt); ok {
		return a
	}
	return Attempt{Part: -1}
}

type transferKey struct{}

// transfers counts the uploads and downloads of the process.
var transfers atomic.Int64

// WithTransfer returns a context that belongs to a new upload or download.
func WithTransfer(ctx context.Context) context.Context {
	return context.WithValue(ctx, transferKey{}, transfers.Add(1))
}

// TransferOf returns the number of the upload or download that a context belongs to; 0 if
// it belongs to none.
func TransferOf(ctx context.Context) int64 {
	number, _ := ctx.Value(transferKey{}).(int64)
	return number
}
