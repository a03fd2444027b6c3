package bytescale

import (
	"context"
	"errors"
	"io"
	"net/http/httptrace"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// attempt is one attempt to send a payload: its request bodies and the watch over
// them.
type attempt struct {
	ctx    context.Context
	cut    context.CancelCauseFunc
	bodies *bodies
	watch  *watch
}

// newAttempt returns an attempt, to be sent with the context. onRead is told how many
// bytes were read for it; link is what it shares with the other attempts of a client.
func newAttempt(ctx context.Context, p payload, onRead func(n int64), link *traffic) (context.Context, *attempt) {
	ctx, cut := context.WithCancelCause(ctx)
	bodies := newBodies(p, onRead)
	watch := newWatch(bodies, cut, link)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { watch.awaitsConnection() },
		GotConn: func(got httptrace.GotConnInfo) {
			watch.connected(func() (int64, bool) { return unacknowledged(got.Conn) })
			if p.size > 0 {
				announceBody(got.Conn)
			}
		},
	})
	return ctx, &attempt{ctx: ctx, cut: cut, bodies: bodies, watch: watch}
}

// body returns a new request body. Closing it is up to net/http.
func (a *attempt) body() (io.ReadCloser, error) { return a.bodies.body() }

// end waits until nothing reads the payload any more. It returns how many bytes were
// sent and the error of the attempt: err, or what caused it.
func (a *attempt) end(err error) (sent int64, _ error) {
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
