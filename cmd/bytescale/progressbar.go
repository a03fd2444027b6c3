package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	bytescale "github.com/c88edac7/bytescale-go"
)

// firstLine is when the first plain progress line is due.
const firstLine = 10 * time.Second

// progress shows how far all files of a command are: a bar on a terminal, a
// plain line now and then elsewhere, nothing when quiet.
type progress struct {
	err   io.Writer
	quiet bool
	began time.Time

	mu          sync.Mutex
	bar         *progressbar.ProgressBar // nil if err is no terminal
	due         time.Time                // of the next plain line
	done, whole int64                    // bytes
	sent        int64                    // bytes, by this run, some of them perhaps again
}

func newProgress(errw io.Writer, quiet bool, env getenv) *progress {
	p := &progress{err: errw, quiet: quiet, began: time.Now()}
	p.due = p.began.Add(firstLine)
	if !quiet && isTerminal(errw) && env("TERM") != "dumb" {
		p.bar = progressbar.NewOptions64(1,
			progressbar.OptionSetWriter(errw),
			// The rate is our own: the bar would count what an earlier run has sent.
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionShowDescriptionAtLineEnd(),
			progressbar.OptionFullWidth(),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionUseANSICodes(true),
		)
	}
	return p
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// expect adds a file of size bytes to what is to be done.
func (p *progress) expect(size int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.whole += size
	p.show()
}

// watch returns the progress function of one file, which was expected to have
// size bytes. Bytes on the wire count, so that a slow link is seen to move, and
// are taken back when they have to be sent again; but a file is done only when it
// is confirmed.
func (p *progress) watch(size int64) func(bytescale.Progress) {
	var done, sent int64 // as of the call before
	return func(now bytescale.Progress) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.whole += now.Total - size
		p.sent += now.Sent - sent
		p.done -= done
		size, sent, done = now.Total, now.Sent, now.Confirmed+now.InFlight
		if now.Confirmed < now.Total {
			done = min(done, now.Total-1)
		}
		p.done += done
		p.show()
	}
}

// show brings bar or lines up to date. p.mu is held.
func (p *progress) show() {
	now := time.Now()
	switch {
	case p.quiet:
	case p.bar != nil:
		// The bar takes itself for finished, for good, when it is full; more
		// files may still be found, so it stays a byte short.
		p.bar.ChangeMax64(p.whole + 1)
		_ = p.bar.Set64(p.done)
		p.bar.Describe(p.status(now.Sub(p.began)))
	case !now.Before(p.due):
		// The longer it takes the rarer: a log of a day has a few hundred lines.
		p.due = now.Add(max(firstLine, now.Sub(p.began)/20))
		fmt.Fprintln(p.err, fmt.Sprintf("bytescale: %d%%,", percent(p.done, p.whole)), p.status(now.Sub(p.began)))
	}
}

// status says how far things are after so long.
func (p *progress) status(elapsed time.Duration) string {
	text := size(p.done) + " of " + size(p.whole)
	rate := float64(p.sent) / elapsed.Seconds()
	if rate < 1 {
		return text
	}
	text += ", " + size(int64(rate)) + "/s"
	if p.done == p.whole {
		return text // of the files that were found so far
	}
	left := time.Duration(float64(p.whole-p.done) / rate * float64(time.Second)).Round(time.Second)
	return text + fmt.Sprintf(", %s left", max(time.Second, left))
}

func percent(done, whole int64) int64 {
	if whole == 0 {
		return 100
	}
	return int64(float64(done) / float64(whole) * 100)
}

func size(bytes int64) string { return humanize.IBytes(uint64(max(0, bytes))) }

// total says what was done, when all is done.
func (p *progress) total(files int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	elapsed := time.Since(p.began)
	text := fmt.Sprintf("%s, %s in %s", plural(files, "file", "files"), size(p.done), elapsed.Round(10*time.Millisecond))
	if elapsed > 0 && p.sent > 0 {
		text += fmt.Sprintf(" (%s/s)", size(int64(float64(p.sent)/elapsed.Seconds())))
	}
	return text
}

// around runs print, which writes lines, with the bar out of the way.
func (p *progress) around(print func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	print()
}

// note prints one line about something that happened.
func (p *progress) note(format string, args ...any) {
	line := shown(fmt.Sprintf(format, args...))
	p.around(func() { fmt.Fprintln(p.err, "bytescale:", line) })
}

// close removes the bar.
func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
		p.bar = nil
	}
}
