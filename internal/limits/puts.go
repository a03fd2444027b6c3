package limits

import (
	"sync"
	"time"
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
	*places

	mu       sync.Mutex
	top      int // places without narrowing
	arrived  int // PUTs in a row
	narrowed time.Time
}

func newPutLimit(n, most int) *putLimit {
	return &putLimit{places: newPlaces(n, most), top: n}
}

// setTop makes the limit n where nothing goes unanswered.
func (p *putLimit) setTop(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.limit(); now == p.top || now > n {
		p.resize(n)
	}
	p.top = n
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
	p.resize((p.limit() + 1) / 2)
}

// widen notes that a PUT arrived, and adds a place after some, up to the original limit.
func (p *putLimit) widen() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.arrived++; p.arrived < widenAfter {
		return
	}
	p.arrived = 0
	p.resize(min(p.top, p.limit()+1))
}
