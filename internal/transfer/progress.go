package transfer

import (
	"sync"
	"time"
)

// Counts are the bytes of one upload; see Progress.
type Counts struct {
	Sent, InFlight, Confirmed, Total int64
}

// progressInterval is the shortest time between two calls that report only
// bytes sent. Confirmed parts are always reported.
const progressInterval = 100 * time.Millisecond

// progress keeps the counts of one upload and calls the user's function,
// one call at a time.
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

// lost says that n bytes that were sent have to be sent again.
func (p *progress) lost(n int64) {
	if n == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.InFlight -= n
	p.call()
}

// confirmed says that the service has n more bytes; inFlight of them were sent.
func (p *progress) confirmed(n, inFlight int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.InFlight -= inFlight
	p.now.Confirmed = min(p.now.Total, p.now.Confirmed+n) // parts that the service lost are confirmed twice
	p.call()
}

// stored reports a file that is wholly there: Confirmed is Total whatever the
// parts' ranges told (a resumed upload may never have seen some of them).
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
		// A body that net/http had to begin anew was read more than once.
		now.InFlight = min(now.InFlight, now.Total-now.Confirmed)
		p.report(now)
	}
}
