package wire

import (
	"context"
	"errors"
	"io"
	"net/http/httptrace"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// Attempt is one attempt to send a payload: its request bodies and the watch over
// them.
type Attempt struct {
	ctx    context.Context
	cut    context.CancelCauseFunc
	bodies *attemptBodies
	watch  *stallWatch
}

// NewAttempt returns an attempt, to be sent with the context. onRead is told how many
// bytes were read for it; link is what it shares with the other attempts of a client.
func NewAttempt(ctx context.Context, p Payload, onRead func(n int64), link *Link) (context.Context, *Attempt) {
	ctx, cut := context.WithCancelCause(ctx)
	bodies := newAttemptBodies(p, onRead)
	watch := newStallWatch(bodies, cut, link)
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

// Body returns a new request body. Closing it is up to net/http.
func (a *Attempt) Body() (io.ReadCloser, error) { return a.bodies.body() }

// End waits until nothing reads the payload any more. It returns how many bytes were
// sent and the error of the attempt: err, or what caused it.
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
