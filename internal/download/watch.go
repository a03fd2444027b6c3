package download

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

const (
	// MaxIdle is how long the CDN may send nothing.
	MaxIdle = time.Minute
	// minSpeed is the speed, in bytes per second, below which a connection is cut that can
	// be continued on another one. That costs a request.
	minSpeed = 1 << 10
	// slowWindow is how long it may be slower.
	slowWindow = 30 * time.Second
)

var (
	errIdle = fmt.Errorf("%w: nothing came for %v", errs.ErrStalled, MaxIdle)
	errSlow = fmt.Errorf("%w: less than %d bytes per second came over %v", errs.ErrStalled, minSpeed, slowWindow)
)

// watch cuts an attempt on which nothing moves, or too little. Only the time in which the
// network is waited for counts, not that between two reads.
type watch struct {
	outer   context.Context
	ctx     context.Context
	cut     context.CancelCauseFunc
	timer   *time.Timer
	cutSlow bool

	waited time.Duration // in the present window
	came   int64         // bytes in it
}

// newWatch returns a watch that waits for the header of the answer, and the context of the
// attempt.
func newWatch(outer context.Context) (context.Context, *watch) {
	ctx, cut := context.WithCancelCause(outer)
	return ctx, &watch{
		outer: outer, ctx: ctx, cut: cut,
		timer: time.AfterFunc(MaxIdle, func() { cut(errIdle) }),
	}
}

func (w *watch) pause() { w.timer.Stop() }

func (w *watch) read(from io.Reader, p []byte) (int, error) {
	began := time.Now()
	w.timer.Reset(MaxIdle)
	n, err := from.Read(p)
	w.pause()
	if err != nil {
		return n, w.cause(err)
	}
	w.waited += time.Since(began)
	w.came += int64(n)
	if w.waited < slowWindow {
		return n, nil
	}
	slow := w.cutSlow && w.came < minSpeed*int64(slowWindow/time.Second)
	w.waited, w.came = 0, 0
	if slow {
		return n, errSlow
	}
	return n, nil
}

// cause returns the stall, or the end of the context, for an error that it caused.
func (w *watch) cause(err error) error {
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return err
	case errors.Is(context.Cause(w.ctx), errIdle):
		return errIdle
	}
	return err
}
