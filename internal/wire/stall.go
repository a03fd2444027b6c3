package wire

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

const (
	// minSpeed is the speed below which a connection counts as dead, in bytes
	// per second. A slow link that lives is faster than that by far.
	minSpeed = 1 << 10
	// stallWindow is how long a body may move slower than minSpeed.
	stallWindow = 30 * time.Second
	// longestSilence is how long nothing at all may move where the link is what is
	// slow: TCP itself may wait so long before it tries a lost packet again.
	longestSilence = 2 * time.Minute
	// answerWait is the shortest wait for the answer once the body was handed
	// over. It grows with the length of the body: as if the rest came over at
	// minSpeed where the kernel may hold megabytes and does not tell, and at
	// proxySpeed where it tells that all has arrived. Then only a proxy can hold
	// something back.
	answerWait = 60 * time.Second
	proxySpeed = 256 << 10

	stallSamples = 6
	sampleEvery  = stallWindow / stallSamples
)

// Link knows how fast each of a client's PUTs is, in bytes per second, as of
// its last sample. Those that end before their first one are not in it.
type Link struct {
	mu     sync.Mutex
	speeds map[*stallWatch]int64
}

func (t *Link) report(w *stallWatch, speed int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.speeds == nil {
		t.speeds = map[*stallWatch]int64{}
	}
	t.speeds[w] = speed
}

func (t *Link) leave(w *stallWatch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.speeds, w)
}

// slow says whether the link lives and is slow for all who share it.
func (t *Link) slow() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	sum := int64(0)
	for _, speed := range t.speeds {
		sum += speed
	}
	return sum >= minSpeed && sum/int64(len(t.speeds)) < 4*minSpeed
}

// sample is what a watch saw at one moment.
type sample struct {
	moved int64 // since the beginning
	slow  bool  // the link was, for others too
}

// watch cuts an attempt that moves too little. Bytes count as moved when the
// other side has acknowledged them, where the kernel tells, and when they were
// handed over elsewhere.
type stallWatch struct {
	bodies *attemptBodies
	cut    context.CancelCauseFunc
	all    *Link

	mu      sync.Mutex
	waiting bool                 // for a connection
	queued  func() (int64, bool) // bytes that the kernel holds for the attempt, if it tells
	moved   int64
	movedAt time.Time
	timer   *time.Timer
	began   int64                // what had moved when the watch began, or began again
	samples [stallSamples]sample // a ring; the next one goes to taken
	taken   int
	stopped bool
}

func newStallWatch(b *attemptBodies, cut context.CancelCauseFunc, all *Link) *stallWatch {
	w := &stallWatch{bodies: b, cut: cut, all: all, queued: func() (int64, bool) { return 0, false }, movedAt: time.Now()}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(sampleEvery, w.sample)
	return w
}

// awaitsConnection says that the attempt waits for a connection, which has limits of
// its own and may take long when a transport allows only a few.
func (w *stallWatch) awaitsConnection() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = true
}

// connected says that the attempt has a connection, and how many bytes that one holds.
func (w *stallWatch) connected(queued func() (int64, bool)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting, w.queued = false, queued
}

// stop ends the watch. An attempt that was not cut by then never is.
func (w *stallWatch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
	w.all.leave(w)
}

func (w *stallWatch) sample() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return
	}
	if w.waiting || w.bodies.reads.Load() > 0 {
		// Not the connection is what nothing comes from: the time does not count.
		w.beginAgain()
		return
	}
	queued, told := w.queued()
	if moved := w.bodies.moved.Load() - queued; moved > w.moved {
		w.moved, w.movedAt = moved, time.Now()
	}
	if w.bodies.ended.Load() && queued == 0 {
		w.all.leave(w)
		w.awaitAnswer(told)
		return
	}
	w.all.report(w, (w.moved-w.oldest())/int64(sampleEvery/time.Second)/int64(min(w.taken+1, stallSamples)))
	now := sample{moved: w.moved, slow: w.all.slow()}
	if cause := w.stalled(now); cause != nil {
		w.stopped = true
		w.cut(cause)
		return
	}
	w.samples[w.taken%stallSamples] = now
	w.taken++
	w.timer.Reset(sampleEvery)
}

// oldest is what had moved one window ago, or at the beginning.
func (w *stallWatch) oldest() int64 {
	if w.taken < stallSamples {
		return w.began
	}
	return w.samples[w.taken%stallSamples].moved
}

// stalled says why the attempt counts as dead, if it does. On a link that many
// PUTs share and that is slow for all of them, each may be slower than minSpeed,
// and now and then one gets no packet through for a while: there, only silence
// counts.
func (w *stallWatch) stalled(now sample) error {
	need := int64(minSpeed * stallWindow / time.Second)
	if w.bodies.ended.Load() {
		need = 1 // of the little that the kernel still has
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

// beginAgain forgets what was seen and goes on. The caller holds mu.
func (w *stallWatch) beginAgain() {
	w.all.leave(w)
	w.taken, w.began, w.movedAt = 0, w.moved, time.Now()
	w.timer = time.AfterFunc(sampleEvery, w.sample)
}

func (w *stallWatch) awaitAnswer(told bool) {
	speed := int64(minSpeed)
	if told {
		speed = proxySpeed
	}
	wait := max(answerWait, time.Duration(w.bodies.payload.Size/speed)*time.Second)
	w.timer = time.AfterFunc(wait, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		switch {
		case w.stopped:
		case !w.bodies.ended.Load():
			w.beginAgain() // as net/http did, on a fresh connection
		default:
			w.stopped = true
			w.cut(fmt.Errorf("%w: no answer in %v after the last byte", errs.ErrStalled, wait))
		}
	})
}
