package limits

import (
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// narrowGap is the least time between two halvings, because the PUTs that were under way at
// the first one will go unanswered as well.
const narrowGap = time.Second

// widenAfter is how many PUTs have to arrive in a row until one more is in flight.
const widenAfter = 8

// putLimit is the limit on the PUTs in flight. It is halved when one goes unanswered, and
// grows again by and by when they arrive, because something on the way may take whole parts at
// once and pass them on slowly: the fewer share the way, the sooner each arrives.
type putLimit struct {
	places *semaphore.Weighted
	size   int

	mu       sync.Mutex
	surplus  int // places to take out of use when they are released
	unused   int // places that were taken out of use
	arrived  int // PUTs in a row
	narrowed time.Time
}

func newPutLimit(n int) *putLimit {
	return &putLimit{places: semaphore.NewWeighted(int64(n)), size: n}
}

// release frees a place, unless there are too many.
func (p *putLimit) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.surplus > 0 {
		p.surplus--
		p.unused++
		return
	}
	p.places.Release(1)
}

// narrow halves the limit, but not below one.
func (p *putLimit) narrow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if !p.narrowed.IsZero() && now.Sub(p.narrowed) < narrowGap {
		return
	}
	p.narrowed, p.arrived = now, 0
	for range (p.size - p.unused - p.surplus) / 2 {
		if p.places.TryAcquire(1) {
			p.unused++
		} else {
			p.surplus++
		}
	}
}

// widen notes that a PUT arrived, and adds a place after some, up to the original limit.
func (p *putLimit) widen() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.arrived++; p.arrived < widenAfter {
		return
	}
	p.arrived = 0
	switch {
	case p.surplus > 0:
		p.surplus--
	case p.unused > 0:
		p.unused--
		p.places.Release(1)
	}
}
