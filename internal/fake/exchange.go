package fake

import (
	"context"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// Exchange is one request and its answer. It holds no secret: no header, no query
// string, no body. Its fields are those of bytescaletest.Exchange, which converts it.
type Exchange struct {
	// Operation is the operationId of the API description, or PutPart; empty
	// if the request was for none of these.
	Operation string
	Method    string
	// Path is the path of the request's URL, escaped as it was sent; that of
	// PutPart has the upload id, but not the signature.
	Path     string
	UploadID string // empty if the operation has none
	Part     int64  // index of the part; -1 if the operation has none
	// Attempt counts the exchanges with the same operation, upload and part,
	// from 1. It stays 0 unless exchanges are recorded.
	Attempt int
	// Status is the HTTP status that was answered; 0 if the connection was cut
	// or the answer is still due.
	Status int
	// Code is the error code that was answered, empty if none was.
	Code string
	// BytesIn and BytesOut are the bytes of the two bodies that were moved.
	BytesIn, BytesOut int64
	// Start is when the request's header had arrived, End when the answer was
	// handed over; zero if it is still due.
	Start, End time.Time
	// Fault is the kind of the scripted fault that hit, empty if none did.
	Fault fault.Kind
	// Violations are the rules that the request broke.
	Violations []string
}

// exchange is an Exchange that is not finished, and what a fault asks of the
// handler.
type exchange struct {
	call
	mu   sync.Mutex
	data Exchange

	gauge  *gauge    // counts the exchange while it is open; may be nil
	form   *formBody // of a FormDataUpload
	origin string    // address under which the client reaches the server

	expiredURL  bool // hand out, or take, the part URL as expired
	wrongETag   bool // answer another etag than the one kept
	missingETag bool // answer no etag
	refuseETag  bool // refuse the etag of a completion
}

type exchangeKey struct{}

// exchangeOf returns the exchange that a handler works on.
func exchangeOf(ctx context.Context) *exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{} // the context is not that of a request to a Server
}

// note changes the record under its lock.
func (x *exchange) note(change func(*Exchange)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	change(&x.data)
}

func (x *exchange) snapshot() Exchange {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.data
}
