package bytescale

import (
	"context"
	"errors"
	"time"

	"github.com/c88edac7/bytescale-go/internal/download"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/rest"
	"github.com/c88edac7/bytescale-go/internal/retry"
	"github.com/c88edac7/bytescale-go/internal/transfer"
)

// PutPart is the name of the PUT of a part to its pre-signed URL, in
// [Event.Operation] and [APIError.Operation]. The request goes to object storage and
// is not an operation of openapi.yaml; see UploadPart.uploadUrl there.
const PutPart = operation.PutPart // "PutPart"

// EventKind is the kind of an [Event].
type EventKind string

// The kinds of events. Programs should ignore kinds that they do not know, because
// later versions may have more.
const (
	// EventAttempt is one HTTP request that was answered, with whatever status, or
	// that failed with Err.
	EventAttempt EventKind = "attempt"
	// EventRetry means that an attempt failed with Err and that another one follows
	// after Wait.
	EventRetry EventKind = "retry"
	// EventURLRefresh means that storage refused the pre-signed URL of a part with
	// Err, and that a fresh URL is fetched.
	EventURLRefresh EventKind = "urlRefresh"
	// EventSlowDown means that the service asked for fewer requests. The client makes
	// Rate API calls per second from now on, and recovers slowly.
	EventSlowDown EventKind = "slowDown"
	// EventWaitStart means that a request, or the bytes of a part, wait for Limit.
	// Nothing is reported if there is nothing to wait for, except that every call to the
	// limiter of [WithLimiter] is.
	EventWaitStart EventKind = "waitStart"
	// EventWaitEnd means that this wait is over after Duration. Err is set if it
	// ended because the context did.
	EventWaitEnd EventKind = "waitEnd"
	// EventUploadStart means that [Client.Upload] or [Client.Resume] begins. UploadID
	// is set for Resume.
	EventUploadStart EventKind = "uploadStart"
	// EventUploadEnd means that it ends after Duration, with Err if it failed. Bytes
	// is the size of the source, as far as it is known, and FilePath where the
	// service stores it.
	EventUploadEnd EventKind = "uploadEnd"
	// EventResume means that an upload continues from a checkpoint that was found in a
	// store; see [WithResume].
	EventResume EventKind = "resume"
	// EventStartAfresh means that a checkpoint was found and cannot be used, because of
	// Err. The upload begins anew.
	EventStartAfresh EventKind = "startAfresh"
	// EventStoreFailure means that the [CheckpointStore] failed with Err. The upload goes
	// on; if it is interrupted, it may have to begin anew.
	EventStoreFailure EventKind = "storeFailure"
	// EventNoSingleRequest means that a file that is small enough for [WithSingleRequest] is
	// sent in parts all the same, for the reason of Err. Bytes is its size.
	EventNoSingleRequest EventKind = "noSingleRequest"
	// EventDownloadStart means that [Client.Download], [Client.DownloadTo] or
	// [Client.DownloadToWriterAt] begins with FilePath.
	EventDownloadStart EventKind = "downloadStart"
	// EventDownloadEnd means that the download could not be opened, was read to its
	// end, failed or was closed, whatever came first, after Duration. Bytes were
	// read. Err is nil if the caller closed it early.
	EventDownloadEnd EventKind = "downloadEnd"
	// EventNoContinuation means that a download cannot be continued where it breaks
	// off, for the reason of Err: the CDN knows no ranges or sends no strong etag, or
	// others can write to the directory of the file.
	EventNoContinuation EventKind = "noContinuation"
)

// Event is something that happened in a [Client], for metrics, traces and logs; see
// [WithObserver] and [EventLogger]. It holds no key, no token and no pre-signed URL.
// Fields without a meaning for its kind are zero; Part is -1 then.
type Event struct {
	Kind EventKind
	// Context is the context of the call, or derived from it: its values and its span
	// can be found there. It is never nil; an event that belongs to no call has the
	// background context.
	Context context.Context `json:"-"`
	// Start is when what the event reports began: the request of an attempt, the
	// wait, the upload or the download. Zero for the other kinds.
	Start time.Time
	// Duration is the time since Start. For an attempt it ends with the header of the
	// answer, and waits for the client's own limits are not included.
	Duration time.Duration
	// Transfer numbers the uploads and downloads of the process from 1, so that the events
	// of one can be distinguished from those of others, also before the service has given an upload
	// its UploadID. It is 0 outside of an upload or download.
	Transfer int64
	// Operation is the operationId of openapi.yaml, or [PutPart].
	Operation string
	// UploadID is the service's name for the upload; empty outside of one.
	UploadID string
	// FilePath is the path of the stored file, if it is known.
	FilePath string
	// Part is the index of the part, counted from zero; -1 if it is not about one. The
	// parts of a download are the ranges that it asks for, in the order of their places.
	Part int64
	// Attempt counts the attempts of one step from 1; 0 if they are not counted.
	Attempt int
	// Status is the HTTP status of the answer; 0 if there was none.
	Status int
	// Bytes is the length of the request body, or what the kind says.
	Bytes int64
	// Wait is how long the client waits before it goes on.
	Wait time.Duration
	// Rate is the new limit of API calls per second.
	Rate float64
	// Limit is what is waited for, by the name of the option that sets it:
	// "putsInFlight", "apiCallsInFlight", "apiRate", "limiter" or "bufferBudget".
	Limit string
	// Err is the failure.
	Err error
}

// RequestInfo describes what an HTTP request of a [Client] is for.
type RequestInfo struct {
	// Operation is the operationId of openapi.yaml, or [PutPart].
	Operation string
	// UploadID is the service's name for the upload; empty outside of one.
	UploadID string
	// Part is the index of the part, counted from zero; -1 if it is not about one.
	Part int64
	// Attempt counts the attempts of one step from 1; 0 if they are not counted.
	Attempt int
}

// RequestInfoFromContext returns what a request is for. It is meant for transports and
// middleware; see [WithMiddleware] and [WithTransport]. ctx is the context of the
// request, or that of an [Event]. It returns false if the context belongs to no
// operation.
func RequestInfoFromContext(ctx context.Context) (RequestInfo, bool) {
	attempt := operation.AttemptOf(ctx)
	return RequestInfo{
		Operation: attempt.Operation, UploadID: attempt.UploadID, Part: attempt.Part, Attempt: attempt.Number,
	}, attempt.Operation != ""
}

// emit hands the event to the observer, if there is one.
func (c *Client) emit(e Event) {
	if c.observe != nil {
		e.Transfer = operation.TransferOf(e.Context)
		c.observe(e)
	}
}

// eventOf returns an event about an attempt.
func eventOf(ctx context.Context, kind EventKind, a operation.Attempt) Event {
	return Event{
		Kind: kind, Context: ctx, Operation: a.Operation, UploadID: a.UploadID, Part: a.Part, Attempt: a.Number,
	}
}

func (c *Client) onExchange(x rest.Exchange) {
	e := eventOf(x.Context, EventAttempt, x.Attempt)
	e.Start, e.Duration, e.Status, e.Bytes, e.Err = x.Start, x.Duration, x.Status, x.Bytes, x.Err
	c.emit(e)
}

func (c *Client) onRetry(r retry.Retried) {
	if errors.Is(r.Err, ErrStalled) {
		// The idle connections may be as dead as the one that stalled.
		c.CloseIdleConnections()
	}
	e := eventOf(r.Context, EventRetry, r.Attempt)
	e.Status, e.Wait, e.Err = r.Status, r.Wait, r.Err
	c.emit(e)
}

func (c *Client) onURLRefresh(r transfer.URLRefreshed) {
	e := eventOf(r.Context, EventURLRefresh, operation.Attempt{Operation: PutPart, UploadID: r.UploadID, Part: r.Part})
	e.Status, e.Err = r.Status, r.Err
	c.emit(e)
}

func (c *Client) onNoContinuation(n download.NoContinuation) {
	e := eventOf(n.Context, EventNoContinuation, operation.Attempt{Operation: operation.DownloadFile, Part: -1})
	e.Err = n.Err
	c.emit(e)
}

func (c *Client) onSlowDown(perSecond float64) {
	c.emit(Event{Kind: EventSlowDown, Context: context.Background(), Part: -1, Rate: perSecond})
}

// limitBufferBudget is [Event.Limit] for the buffers.
const limitBufferBudget = "bufferBudget"

// onWait reports that something waits for a limit. The caller calls done when it has
// waited.
func (c *Client) onWait(ctx context.Context, limit string) (done func(error)) {
	if c.observe == nil {
		return func(error) {}
	}
	e := eventOf(ctx, EventWaitStart, operation.AttemptOf(ctx))
	e.Start, e.Limit = time.Now(), limit
	c.emit(e)
	return func(err error) {
		e.Kind, e.Duration, e.Err = EventWaitEnd, time.Since(e.Start), err
		c.emit(e)
	}
}
