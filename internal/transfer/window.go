package transfer

import (
	"context"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/internal/limits"
)

// lookAheadTime limits how far ahead of the bytes the URLs of parts are fetched: no further
// than the upload sends in this time.
const lookAheadTime = 30 * time.Second

// window bounds how many parts of one upload are under way.
type window struct {
	limits *limits.Limits
	drain  *drain

	mu       sync.Mutex
	partSize int64         // of the largest part so far
	ahead    int           // parts that wait for their turn to be sent
	open     int           // parts that are not confirmed
	changed  chan struct{} // holds a token if there may be room again
}

func newWindow(l *limits.Limits, sent func() int64) *window {
	return &window{limits: l, drain: &drain{sent: sent}, changed: make(chan struct{}, 1)}
}

// enter waits until one more part may begin. The part gets a slot.
func (w *window) enter(ctx context.Context) error {
	for {
		if w.tryEnter() {
			return nil
		}
		select {
		case <-w.changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (w *window) tryEnter() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	// Half of the API calls in flight may fetch URLs, the other half may complete parts.
	// The uploads under way share them.
	share := max(1, w.limits.Calls()/2/max(1, int(w.limits.Uploads.Load())))
	ahead := share
	if w.partSize > 0 {
		if speed, known := w.drain.speed(time.Now()); known {
			ahead = int(min(int64(share), max(1, int64(speed*lookAheadTime.Seconds())/w.partSize)))
		}
	}
	if w.ahead >= ahead || w.open >= 2*share+w.limits.MaxPuts {
		return false
	}
	w.ahead++
	w.open++
	return true
}

// slot is the place of one part in a window.
type slot struct {
	window *window
	began  bool // the part no longer waits for its turn
}

// sending notes, once, that the part no longer waits for its turn.
func (s *slot) sending(partSize int64) {
	if s.began {
		return
	}
	s.began = true
	w := s.window
	w.mu.Lock()
	w.ahead--
	w.partSize = max(w.partSize, partSize)
	w.mu.Unlock()
	w.signal()
}

// leave notes that the part is confirmed or has failed.
func (s *slot) leave(partSize int64) {
	s.sending(partSize)
	w := s.window
	w.mu.Lock()
	w.open--
	w.mu.Unlock()
	w.signal()
}

func (w *window) signal() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// drain measures how fast an upload sends bytes, over spans of drainSpan.
type drain struct {
	sent  func() int64
	since time.Time
	from  int64
	rate  float64
}

const drainSpan = 5 * time.Second

// speed returns bytes per second. It is not known before the first span is over.
func (d *drain) speed(now time.Time) (bytesPerSecond float64, known bool) {
	if d.since.IsZero() {
		d.since, d.from = now, d.sent()
		return 0, false
	}
	if span := now.Sub(d.since); span >= drainSpan {
		sent := d.sent()
		d.rate = float64(sent-d.from) / span.Seconds()
		d.since, d.from = now, sent
	}
	return d.rate, d.rate > 0
}
