package bytescale

import (
	"sync"
	"time"
)

// Progress says how far an upload has come. All fields are bytes.
type Progress struct {
	// Sent counts the bytes that were handed to the network. A part that has to
	// be sent again counts again, so Sent may end above Total.
	Sent int64
	// Confirmed counts the bytes of the parts that the service has confirmed
	// (CompleteUploadPart). It never goes back and ends exactly at Total.
	Confirmed int64
	// Total is the size of the file.
	Total int64
}

// progressInterval is the shortest time between two calls that report only
// bytes sent. Confirmed parts are always reported.
const progressInterval = 100 * time.Millisecond

// progress keeps the two counts of one upload and calls the user's function,
// one call at a time.
type progress struct {
	mu       sync.Mutex
	report   func(Progress)
	now      Progress
	reported time.Time
}

func newProgress(total int64, report func(Progress)) *progress {
	p := &progress{report: report, now: Progress{Total: total}}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.call()
	return p
}

func (p *progress) sent(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now.Sent += n
	if p.report != nil && time.Since(p.reported) >= progressInterval {
		p.call()
	}
}

func (p *progress) confirmed(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
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
		p.report(p.now)
	}
}
