package bytescale

import (
	"time"

	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/rest"
	"github.com/c88edac7/bytescale-go/internal/retry"
	"github.com/c88edac7/bytescale-go/internal/transfer"
)

// PutPart is the name of the PUT of a part to its pre-signed URL, in
// [Event.Operation] and [APIError.Operation]. The request goes to object storage and
// is not an operation of openapi.yaml; see UploadPart.uploadUrl there.
const PutPart = operation.PutPart // "PutPart"

// EventKind says what an [Event] is about.
type EventKind string

const (
	// EventAttempt is one HTTP request that was answered, whatever the status,
	// or that failed.
	EventAttempt EventKind = "attempt"
	// EventRetry says that an attempt failed and that another one follows after
	// Wait.
	EventRetry EventKind = "retry"
	// EventURLRefresh says that the pre-signed URL of a part was refused and
	// that a fresh one is fetched.
	EventURLRefresh EventKind = "urlRefresh"
	// EventSlowDown says that the service asked for fewer requests and that the
	// client sends at Rate from now on, recovering slowly.
	EventSlowDown EventKind = "slowDown"
)

// Event is something that happened on the wire, for metrics, traces and logs;
// see [WithObserver]. It holds no key, no token and no pre-signed URL. Fields
// that mean nothing to its kind are zero; Part is -1 then.
type Event struct {
	Kind EventKind
	// Operation is the operationId of openapi.yaml, or [PutPart].
	Operation string
	// UploadID is the service's name for the upload; empty outside of one.
	UploadID string
	// Part is the index of the part, counted from zero; -1 if it is not about
	// one.
	Part int64
	// Attempt counts the tries of one step from 1; 0 if it is not known.
	Attempt int
	// Status is the HTTP status of the answer; 0 if there was none.
	Status int
	// Bytes is the length of the request body.
	Bytes int64
	// Duration is the time from sending the request to the header of the
	// answer, waits for the client's own limits not included.
	Duration time.Duration
	// Wait is how long the client waits before it goes on.
	Wait time.Duration
	// Rate is the new limit of API calls per second.
	Rate float64
	// Err is what went wrong, if there was no answer (EventAttempt) or why it is
	// tried again (EventRetry, EventURLRefresh).
	Err error
}

// emit hands the event to the observer, if there is one.
func (c *Client) emit(e Event) {
	if c.observe != nil {
		c.observe(e)
	}
}

func (c *Client) onExchange(e rest.Exchange) {
	c.emit(Event{
		Kind: EventAttempt, Operation: e.Operation, UploadID: e.Attempt.UploadID, Part: e.Attempt.Part,
		Attempt: e.Attempt.Number, Status: e.Status, Bytes: e.Bytes, Duration: e.Duration, Err: e.Err,
	})
}

func (c *Client) onRetry(r retry.Retried) {
	c.emit(Event{
		Kind: EventRetry, Operation: r.Operation, UploadID: r.Attempt.UploadID, Part: r.Attempt.Part,
		Attempt: r.Attempt.Number, Status: r.Status, Wait: r.Wait, Err: r.Err,
	})
}

func (c *Client) onURLRefresh(r transfer.URLRefreshed) {
	c.emit(Event{
		Kind: EventURLRefresh, Operation: operation.PutPart, UploadID: r.UploadID, Part: r.Part,
		Status: r.Status, Err: r.Err,
	})
}

func (c *Client) onSlowDown(perSecond float64) {
	c.emit(Event{Kind: EventSlowDown, Part: -1, Rate: perSecond})
}
