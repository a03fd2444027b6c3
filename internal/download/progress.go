package download

import (
	"sync"
	"time"
)

// Counts are numbers of bytes. The root package documents them in Progress.
type Counts struct {
	Received, Pending, Written, Total int64
}

// progressInterval is the least time between two reports.
const progressInterval = 100 * time.Millisecond

// progress keeps the counts of one download and reports them, one call at a time.
type progress struct {
	mu       sync.Mutex
	report   func(Counts)
	now      Counts
	reported time.Time
}

func newProgress(written, total int64, report func(Counts)) *progress {
	p := &progress{report: report, now: Counts{Written: written, Total: total}}
	p.change(func(*Counts) bool { return true })
	return p
}

// change changes the counts and reports them if it is time, or if change returns true.
func (p *progress) change(change func(*Counts) (now bool)) {
	if p.report == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if change(&p.now) || time.Since(p.reported) >= progressInterval {
		p.reported = time.Now()
		p.report(p.now)
	}
}

// written notes that n more bytes are in their place.
func (p *progress) written(n int64) {
	p.change(func(c *Counts) bool {
		c.Received += n
		c.Written += n
		return c.Written == c.Total
	})
}

// pending notes that n more bytes came that a break would start over.
func (p *progress) pending(n int64) {
	p.change(func(c *Counts) bool {
		c.Received += n
		c.Pending += n
		return false
	})
}

// lost notes that n pending bytes have to come again.
func (p *progress) lost(n int64) {
	p.change(func(c *Counts) bool {
		c.Pending -= n
		return true
	})
}

// whole notes that the file is whole.
func (p *progress) whole(size int64) {
	p.change(func(c *Counts) bool {
		c.Pending, c.Written, c.Total = 0, size, size
		return true
	})
}
