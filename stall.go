package bytescale

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// minSpeed is the speed below which a connection counts as dead, in bytes
	// per second. A slow link that lives is faster than that by far.
	minSpeed = 1 << 10
	// stallWindow is how long a body may move slower than minSpeed.
	stallWindow = 30 * time.Second
	// longestSilence is how long nothing at all may move where the link is what is slow:
	// TCP itself may wait so long before it tries a lost packet again.
	longestSilence = 2 * time.Minute
	// answerWait is the shortest wait for the answer once the body was handed
	// over. The kernel may still hold megabytes then, so that the wait grows
	// with the length of the body.
	answerWait = 60 * time.Second

	stallSamples = 6
	sampleEvery  = stallWindow / stallSamples
)

// traffic is what the PUTs of a client move together, as of their last samples.
type traffic struct{ puts, bytes atomic.Int64 }

// reading is what a watch read at one moment.
type reading struct {
	own, all int64 // bytes moved since the beginning, by this attempt and by all
	puts     int64 // that were under way
}

// watch cuts an attempt that moves too little. Bytes count as moved when the
// other side has acknowledged them, where the kernel tells, and when they were
// handed over elsewhere.
type watch struct {
	bodies *bodies
	cut    context.CancelCauseFunc
	all    *traffic

	mu      sync.Mutex
	conn    net.Conn // nil until the attempt has one
	moved   int64
	movedAt time.Time
	timer   *time.Timer
	began   reading
	samples [stallSamples]reading // oldest first, from taken on
	taken   int
	stopped bool
}

func newWatch(b *bodies, cut context.CancelCauseFunc, all *traffic) *watch {
	w := &watch{bodies: b, cut: cut, all: all, movedAt: time.Now()}
	w.mu.Lock()
	defer w.mu.Unlock()
	all.puts.Add(1)
	w.began = w.read()
	w.timer = time.AfterFunc(sampleEvery, w.sample)
	return w
}

// over says which connection the attempt has got.
func (w *watch) over(conn net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conn = conn
}

// stop ends the watch. An attempt that was not cut by then never is.
func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
	w.count(0)
	w.all.puts.Add(-1)
}

// count adds to the traffic what was moved since the last time, when so many
// bytes still wait in the kernel.
func (w *watch) count(queued int64) {
	if moved := w.bodies.moved.Load() - queued; moved > w.moved {
		w.all.bytes.Add(moved - w.moved)
		w.moved, w.movedAt = moved, time.Now()
	}
}

func (w *watch) read() reading {
	return reading{own: w.moved, all: w.all.bytes.Load(), puts: w.all.puts.Load()}
}

func (w *watch) sample() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return
	}
	queued := unacknowledged(w.conn)
	w.count(queued)
	if w.bodies.ended.Load() && queued == 0 {
		w.awaitAnswer()
		return
	}
	now := w.read()
	if cause := w.stalled(now); cause != nil {
		w.stopped = true
		w.cut(cause)
		return
	}
	w.samples[w.taken%stallSamples] = now
	w.taken++
	w.timer.Reset(sampleEvery)
}

// oldest is the reading of one window ago, or of the beginning.
func (w *watch) oldest() reading {
	if w.taken < stallSamples {
		return w.began
	}
	return w.samples[w.taken%stallSamples]
}

// stalled says why the attempt counts as dead, if it does. On a link that many
// PUTs share and that is slow for all of them, each may be slower than minSpeed,
// and now and then one gets no packet through for a while: there, only silence
// counts.
func (w *watch) stalled(now reading) error {
	const enough = minSpeed * int64(stallWindow/time.Second)
	if w.taken < stallSamples-1 || now.own-w.oldest().own >= enough {
		return nil
	}
	if others, each := w.others(now); others >= enough && each < 4*enough {
		if time.Since(w.movedAt) < longestSilence {
			return nil
		}
		return fmt.Errorf("%w: nothing moved for %v", ErrStalled, longestSilence)
	}
	return fmt.Errorf("%w: less than %d bytes per second over %v", ErrStalled, minSpeed, stallWindow)
}

// others returns what the other PUTs moved in the window that ends now, together
// and on average.
func (w *watch) others(now reading) (all, each int64) {
	then, puts := w.oldest(), now.puts
	for _, s := range w.samples[:min(w.taken, stallSamples)] {
		puts = max(puts, s.puts)
	}
	all = (now.all - then.all) - (now.own - then.own)
	return all, all / max(1, puts-1)
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
			w.taken, w.began = 0, w.read()
			w.timer = time.AfterFunc(sampleEvery, w.sample)
		default:
			w.stopped = true
			w.cut(fmt.Errorf("%w: no answer in %v after the last byte", ErrStalled, wait))
		}
	})
}
