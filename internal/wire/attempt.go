package wire

import (
	"context"
	"errors"
	"io"
	"net/http/httptrace"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// Timeouts limits the waits of one attempt. A field that is zero or negative has its default.
type Timeouts struct {
	Connect time.Duration // for a connection; without a limit by default, because transports have one
	Answer  time.Duration // for the answer, after the last byte; depends on the payload by default
}

// Attempt is one attempt to send a payload.
type Attempt struct {
	ctx    context.Context
	cut    context.CancelCauseFunc
	bodies *attemptBodies
	watch  *stallWatch
}

// NewAttempt returns an attempt and the context to send its request with. onRead is
// called with the number of bytes whenever some were read. All attempts of a client share
// one link. earlier is how many attempts at the same payload have failed: each of them
// doubles the time that the answer may take. The caller calls End.
func NewAttempt(ctx context.Context, p Payload, earlier int, limits Timeouts, onRead func(n int64), link *Link) (context.Context, *Attempt) {
	ctx, cut := context.WithCancelCause(ctx)
	bodies := newAttemptBodies(p, onRead)
	watch := newStallWatch(bodies, cut, link)
	watch.limit(limits, earlier)
	bodies.onEnd = watch.bodyEnded
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { watch.awaitsConnection() },
		GotConn: func(got httptrace.GotConnInfo) {
			watch.connected(func() (int64, bool) { return sendQueue(got.Conn) })
			if p.Size > 0 {
				announceBody(got.Conn)
			}
		},
	})
	return ctx, &Attempt{ctx: ctx, cut: cut, bodies: bodies, watch: watch}
}

// AwaitTurn notes that the request waits for limits of the client before it is sent, and cannot
// stall meanwhile.
func (a *Attempt) AwaitTurn() { a.watch.awaitsTurn() }

// Body returns a new request body, which net/http closes.
func (a *Attempt) Body() (io.ReadCloser, error) { return a.bodies.body() }

// End ends the attempt and waits until nothing reads the payload any more. It returns how
// many bytes were read, and the error of the attempt: err, or the failure of the source
// or the stall that caused it.
func (a *Attempt) End(err error) (sent int64, _ error) {
	a.watch.stop()
	a.cut(nil)
	a.bodies.wait()
	switch sourceErr := a.bodies.sourceErr(); {
	case sourceErr != nil:
		err = sourceErr
	case err != nil && errors.Is(context.Cause(a.ctx), errs.ErrStalled):
		err = context.Cause(a.ctx)
	}
	return a.bodies.moved.Load(), err
}
