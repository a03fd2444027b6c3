package bytescale

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// minSpeed is the speed below which a connection counts as dead, in bytes
	// per second. A slow link that lives is faster than that by far.
	minSpeed = 1 << 10
	// stallWindow is how long a body may move slower than minSpeed.
	stallWindow = 30 * time.Second
	// answerWait is the shortest wait for the answer once the body was handed
	// over. The kernel may still hold megabytes then, so that the wait grows
	// with the length of the body.
	answerWait = 60 * time.Second

	stallSamples = 6
	sampleEvery  = stallWindow / stallSamples
)

// watch cuts an attempt that moves too little.
type watch struct {
	bodies *bodies
	cut    context.CancelCauseFunc

	mu      sync.Mutex
	timer   *time.Timer
	samples [stallSamples]int64 // bytes moved at the last samples, oldest first
	taken   int
	stopped bool
}

func newWatch(b *bodies, cut context.CancelCauseFunc) *watch {
	w := &watch{bodies: b, cut: cut}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(sampleEvery, w.sample)
	return w
}

// stop ends the watch. An attempt that was not cut by then never is.
func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
}

func (w *watch) sample() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return
	}
	if w.bodies.ended.Load() {
		w.awaitAnswer()
		return
	}
	moved := w.bodies.moved.Load()
	if w.taken >= stallSamples-1 && moved-w.oldest() < minSpeed*int64(stallWindow/time.Second) {
		w.stopped = true
		w.cut(fmt.Errorf("%w: less than %d bytes per second over %v", ErrStalled, minSpeed, stallWindow))
		return
	}
	w.samples[w.taken%stallSamples] = moved
	w.taken++
	w.timer.Reset(sampleEvery)
}

// oldest is the sample of one window ago; none was moved before the first.
func (w *watch) oldest() int64 {
	if w.taken < stallSamples {
		return 0
	}
	return w.samples[w.taken%stallSamples]
}

func (w *watch) awaitAnswer() {
	wait := max(answerWait, time.Duration(w.bodies.payload.size/minSpeed)*time.Second)
	w.timer = time.AfterFunc(wait, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		switch {
		case w.stopped:
		case !w.bodies.ended.Load():
			// net/http began again on a fresh connection.
			w.taken = 0
			w.timer = time.AfterFunc(sampleEvery, w.sample)
		default:
			w.stopped = true
			w.cut(fmt.Errorf("%w: no answer in %v after the last byte", ErrStalled, wait))
		}
	})
}
