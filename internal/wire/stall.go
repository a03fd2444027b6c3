package wire

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

const (
	// minSpeed is the speed, in bytes per second, below which a connection counts as
	// dead. Even a slow link is much faster.
	minSpeed = 1 << 10
	// stallWindow is how long a body may move slower than minSpeed.
	stallWindow = 30 * time.Second
	// longestSilence is how long nothing may move when the link itself is slow. TCP may
	// wait that long before it repeats a lost packet.
	longestSilence = 2 * time.Minute
	// answerWait is the minimum time to wait for the answer after the last byte was
	// written. The limit grows with the body. If the send queue of the kernel is not
	// visible, the body may still be in it, so the limit assumes minSpeed. If the queue
	// is known to be empty, only a proxy can be buffering, so the limit assumes
	// proxySpeed.
	answerWait = 60 * time.Second
	// maxDoublings is how often the wait for the answer doubles, once for each attempt
	// that has failed. A proxy may take a whole part at once and pass it on slowly: an
	// attempt that is cut then has to begin again, for ever if none is waited for longer.
	maxDoublings = 4
	proxySpeed   = 256 << 10

	stallSamples = 6
	sampleEvery  = stallWindow / stallSamples
)

// Link is what the PUTs of one client share: it keeps the speed of each, in bytes per
// second, as of its last sample. The zero Link is ready for use.
type Link struct {
	mu     sync.Mutex
	speeds map[*stallWatch]int64
}

func (l *Link) report(w *stallWatch, speed int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.speeds == nil {
		l.speeds = map[*stallWatch]int64{}
	}
	l.speeds[w] = speed
}

func (l *Link) leave(w *stallWatch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.speeds, w)
}

// slow reports whether the link is alive and slow for all PUTs together.
func (l *Link) slow() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := int64(0)
	for _, speed := range l.speeds {
		sum += speed
	}
	return sum >= minSpeed && sum/int64(len(l.speeds)) < 4*minSpeed
}

// sample is what a stallWatch saw at one moment.
type sample struct {
	moved int64 // bytes since the beginning
	slow  bool  // the link was slow for all
}

// stallWatch cuts an attempt that moves too little. If the send queue of the kernel is
// visible, bytes have moved when the other side has acknowledged them, otherwise when
// they were handed to the kernel.
type stallWatch struct {
	bodies *attemptBodies
	cut    context.CancelCauseFunc
	link   *Link

	mu         sync.Mutex
	limits     Timeouts
	connecting *time.Timer          // cuts an attempt that gets no connection; nil for none
	unanswered *time.Timer          // cuts an attempt that gets no answer within limits.Answer; nil for none
	waiting    bool                 // for a connection
	queueing   bool                 // for the limits of the client, before the request is sent
	queued     func() (int64, bool) // bytes in the send queue, and whether it is visible
	moved      int64                // bytes
	movedAt    time.Time
	timer      *time.Timer
	began      int64                // bytes that had moved when the measurement began
	samples    [stallSamples]sample // a ring
	taken      int                  // samples; the next one goes to taken%stallSamples
	doubled    int                  // how often the wait for the answer is doubled
	stopped    bool
}

func newStallWatch(b *attemptBodies, cut context.CancelCauseFunc, link *Link) *stallWatch {
	w := &stallWatch{bodies: b, cut: cut, link: link, queued: func() (int64, bool) { return 0, false }, movedAt: time.Now()}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(sampleEvery, w.sample)
	return w
}

// limit sets the limits, and doubles the wait for the answer for each earlier attempt.
func (w *stallWatch) limit(limits Timeouts, earlier int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.limits, w.doubled = limits, max(0, min(earlier, maxDoublings))
}

// awaitsTurn notes that the request is not sent yet.
func (w *stallWatch) awaitsTurn() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queueing = true
}

// awaitsConnection notes that the attempt waits for a connection. The transport has its
// own limit for that, and may wait long if it allows only a few connections.
func (w *stallWatch) awaitsConnection() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting, w.queueing = true, false
	stopTimer(w.connecting)
	if limit := w.limits.Connect; limit > 0 {
		w.connecting = time.AfterFunc(limit, func() { w.cut(errs.NoConnection(limit)) })
	}
}

// connected notes that the attempt has a connection, and how to see its send queue.
func (w *stallWatch) connected(queued func() (int64, bool)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting, w.queueing, w.queued = false, false, queued
	stopTimer(w.connecting)
	if w.bodies.payload.Size == 0 {
		w.limitAnswer()
	}
}

func stopTimer(timer *time.Timer) {
	if timer != nil {
		timer.Stop()
	}
}

// bodyEnded notes that the last byte was handed over.
func (w *stallWatch) bodyEnded() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.limitAnswer()
}

// limitAnswer begins the wait for the answer, if it has a limit of its own. Without one, it
// begins with the next sample. The caller holds mu.
func (w *stallWatch) limitAnswer() {
	stopTimer(w.unanswered)
	if w.limits.Answer <= 0 || w.stopped {
		return
	}
	wait := w.answerLimit(0)
	w.unanswered = time.AfterFunc(wait, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.stopped || !w.bodies.ended.Load() {
			return
		}
		if queued, _ := w.queued(); queued > 0 {
			w.unanswered.Reset(wait) // the other side does not have all of it
			return
		}
		w.cutUnanswered(wait)
	})
}

// answerLimit returns how long to wait for the answer, standard if that has no limit of its
// own. The caller holds mu.
func (w *stallWatch) answerLimit(standard time.Duration) time.Duration {
	wait := standard
	if w.limits.Answer > 0 {
		wait = w.limits.Answer
	}
	if wait <= math.MaxInt64>>w.doubled {
		wait <<= w.doubled
	}
	return wait
}

func (w *stallWatch) cutUnanswered(wait time.Duration) {
	w.stopped = true
	w.cut(fmt.Errorf("%w in %v after the last byte", errs.ErrUnanswered, wait))
}

// stop ends the watch. After it returns, the attempt is not cut.
func (w *stallWatch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
	stopTimer(w.connecting)
	stopTimer(w.unanswered)
	w.link.leave(w)
}

// sample measures how far the attempt has come, and cuts it if it has stalled.
func (w *stallWatch) sample() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return
	}
	if w.waiting || w.queueing && w.bodies.moved.Load() == 0 || w.bodies.reads.Load() > 0 {
		// We are waiting for a connection, for our own limits or for the source, not for
		// the network.
		// Restart the measurement.
		w.restart()
		return
	}
	queued, visible := w.queued()
	if moved := w.bodies.moved.Load() - queued; moved > w.moved {
		w.moved, w.movedAt = moved, time.Now()
	}
	if w.bodies.ended.Load() && queued == 0 {
		w.link.leave(w)
		w.awaitAnswer(visible)
		return
	}
	w.link.report(w, (w.moved-w.oldest())/int64(sampleEvery/time.Second)/int64(min(w.taken+1, stallSamples)))
	now := sample{moved: w.moved, slow: w.link.slow()}
	if cause := w.stalled(now); cause != nil {
		w.stopped = true
		w.cut(cause)
		return
	}
	w.samples[w.taken%stallSamples] = now
	w.taken++
	w.timer.Reset(sampleEvery)
}

// oldest returns how many bytes had moved one window ago, or when the measurement began.
func (w *stallWatch) oldest() int64 {
	if w.taken < stallSamples {
		return w.began
	}
	return w.samples[w.taken%stallSamples].moved
}

// stalled returns the reason if the attempt counts as dead, and nil otherwise. When many
// PUTs share a slow link, each may be slower than minSpeed, and one may get no packet
// through for a while, so that only silence counts.
func (w *stallWatch) stalled(now sample) error {
	need := int64(minSpeed * stallWindow / time.Second)
	if w.bodies.ended.Load() {
		need = 1 // only the rest in the send queue can still move
	}
	if w.taken < stallSamples-1 || now.moved-w.oldest() >= need {
		return nil
	}
	slow := now.slow
	for _, s := range w.samples[:min(w.taken, stallSamples)] {
		slow = slow || s.slow
	}
	switch {
	case !slow:
		return fmt.Errorf("%w: less than %d bytes per second over %v", errs.ErrStalled, minSpeed, stallWindow)
	case time.Since(w.movedAt) >= longestSilence:
		return fmt.Errorf("%w: nothing moved for %v", errs.ErrStalled, longestSilence)
	}
	return nil
}

// restart begins a new measurement. The caller holds mu.
func (w *stallWatch) restart() {
	w.link.leave(w)
	w.taken, w.began, w.movedAt = 0, w.moved, time.Now()
	w.timer = time.AfterFunc(sampleEvery, w.sample)
}

// awaitAnswer cuts the attempt if no answer comes in time. visible reports whether the
// send queue is known to be empty. The caller holds mu.
func (w *stallWatch) awaitAnswer(visible bool) {
	speed := int64(minSpeed)
	if visible {
		speed = proxySpeed
	}
	wait := w.answerLimit(max(answerWait, time.Duration(w.bodies.payload.Size/speed)*time.Second))
	w.timer = time.AfterFunc(wait, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		switch {
		case w.stopped:
		case !w.bodies.ended.Load():
			w.restart() // net/http began again on a fresh connection
		default:
			w.cutUnanswered(wait)
		}
	})
}
