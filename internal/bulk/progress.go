package bulk

import (
	"sync"
	"time"
)

// Counts are numbers of bytes. The root package documents them in Progress.
type Counts struct {
	Sent, InFlight, Confirmed, Total int64
}

// progressInterval is the least time between two reports.
const progressInterval = 100 * time.Millisecond

// Progress adds up the progress of all files and reports the sums, one call at a time. A nil
// Progress reports nothing.
type Progress struct {
	mu       sync.Mutex
	report   func(Counts)
	sum      Counts
	reported time.Time
}

// NewProgress returns a Progress that calls report, or nil if that is nil.
func NewProgress(report func(Counts)) *Progress {
	if report == nil {
		return nil
	}
	return &Progress{report: report}
}

// File adds a file that was found, whose progress is then passed to the returned value.
func (p *Progress) File(size int64) *FileProgress {
	if p == nil {
		return nil
	}
	f := &FileProgress{of: p}
	f.Set(Counts{Total: size})
	return f
}

// End reports the sums for the last time.
func (p *Progress) End() {
	if p != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.report(p.sum)
	}
}

// FileProgress is the progress of one file.
type FileProgress struct {
	of  *Progress
	now Counts
}

// Set replaces the counts of the file. A total of -1 leaves the size as it was.
func (f *FileProgress) Set(now Counts) {
	if f == nil {
		return
	}
	p := f.of
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Total < 0 {
		now.Total = f.now.Total
	}
	p.sum.Sent += now.Sent - f.now.Sent
	p.sum.InFlight += now.InFlight - f.now.InFlight
	p.sum.Confirmed += now.Confirmed - f.now.Confirmed
	p.sum.Total += now.Total - f.now.Total
	f.now = now
	if time.Since(p.reported) >= progressInterval {
		p.reported = time.Now()
		p.report(p.sum)
	}
}

// End notes that no more of the file is on its way.
func (f *FileProgress) End() {
	if f != nil {
		now := f.now
		now.InFlight = 0
		f.Set(now)
	}
}
