package transfer

import (
	"sync"
	"time"
)

// Counts are numbers of bytes. The root package documents them in Progress.
type Counts struct {
	Sent, InFlight, Confirmed, Total int64
}

// progressInterval is the least time between two reports of bytes sent. Confirmed parts are
// always reported.
const progressInterval = 100 * time.Millisecond

// progress keeps the counts of one upload and reports them, one call at a time.
type progress struct {
	mu       sync.Mutex
	report   func(Counts)
	now      Counts
	reported time.Time
}

func newProgress(total int64, report func(Counts)) *progress {
	p := &progress{report: report, now: Counts{Total: total}}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.call()
	return p
}

func (p *progress) sent(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.Sent += n
	p.now.InFlight += n
	if p.report != nil && time.Since(p.reported) >= progressInterval {
		p.call()
	}
}

// lost notes that n bytes that were sent have to be sent again.
func (p *progress) lost(n int64) {
	if n == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.InFlight -= n
	p.call()
}

// confirmed notes that the service has n more bytes, of which inFlight count as in flight.
func (p *progress) confirmed(n, inFlight int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.InFlight -= inFlight
	p.now.Confirmed = min(p.now.Total, p.now.Confirmed+n) // a part that the service lost is confirmed twice
	p.call()
}

// stored reports that the whole file is stored. A resumed upload may never have seen the
// ranges of some parts.
func (p *progress) stored() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now.Confirmed != p.now.Total {
		p.now.Confirmed = p.now.Total
		p.call()
	}
}

func (p *progress) bytesSent() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now.Sent
}

func (p *progress) call() {
	if p.report != nil {
		p.reported = time.Now()
		now := p.now
		// A body that net/http had to begin again was read more than once.
		now.InFlight = min(now.InFlight, now.Total-now.Confirmed)
		p.report(now)
	}
}
