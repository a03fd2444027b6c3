package limits

import (
	"sync"

	"golang.org/x/sync/semaphore"
)

// places is a semaphore whose size changes while it is in use. Whoever waits gets a place in
// the order in which they came.
type places struct {
	free *semaphore.Weighted
	most int

	mu      sync.Mutex
	size    int // places in use or free
	surplus int // of them, those to take out of use when they are released
}

// newPlaces returns n places, which may become as many as most.
func newPlaces(n, most int) *places {
	p := &places{free: semaphore.NewWeighted(int64(most)), most: most, size: n}
	p.free.TryAcquire(int64(most - n))
	return p
}

// release frees a place, unless there are too many.
func (p *places) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.surplus > 0 {
		p.surplus--
		p.size--
		return
	}
	p.free.Release(1)
}

// limit returns how many places there are to be.
func (p *places) limit() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.size - p.surplus
}

// resize makes the places n, but at least one and at most as many as there may be. Places in
// use stay so.
func (p *places) resize(n int) {
	n = max(1, min(n, p.most))
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.size-p.surplus > n {
		if p.free.TryAcquire(1) {
			p.size--
		} else {
			p.surplus++
		}
	}
	for p.size-p.surplus < n {
		if p.surplus > 0 {
			p.surplus--
		} else {
			p.size++
			p.free.Release(1)
		}
	}
}
