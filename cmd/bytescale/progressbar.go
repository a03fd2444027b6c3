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
}

func newProgress(errw io.Writer, quiet bool, env getenv) *progress {
	p := &progress{err: errw, quiet: quiet, began: time.Now()}
	p.due = p.began.Add(firstLine)
	if !quiet && isTerminal(errw) && env("TERM") != "dumb" {
		p.bar = progressbar.NewOptions64(1,
			progressbar.OptionSetWriter(errw),
			progressbar.OptionShowBytes(true),
			progressbar.OptionUseIECUnits(true),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true),
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
	p.show(0)
}

// watch returns the progress function of one file, which was expected to have
// size bytes. Bytes on the wire count, so that a slow link is seen to move; but
// a file is done only when it is confirmed, and none goes back.
func (p *progress) watch(size int64) func(bytescale.Progress) {
	var before int64
	return func(now bytescale.Progress) {
		done := max(now.Sent, now.Confirmed)
		if now.Confirmed < now.Total {
			done = min(done, now.Total-1)
		}
		done = max(before, min(done, now.Total))
		p.mu.Lock()
		defer p.mu.Unlock()
		p.whole += now.Total - size
		p.done += done - before
		p.show(done - before)
		size, before = now.Total, done
	}
}

// show brings bar or lines up to date after n more bytes. p.mu is held.
func (p *progress) show(n int64) {
	switch {
	case p.quiet:
	case p.bar != nil:
		// The bar takes itself for finished, for good, when it is full; more
		// files may still be found, so it stays a byte short.
		p.bar.ChangeMax64(p.whole + 1)
		_ = p.bar.Add64(n)
	case !time.Now().Before(p.due):
		now := time.Now()
		// The longer it takes the rarer: a log of a day has a few hundred lines.
		p.due = now.Add(max(firstLine, now.Sub(p.began)/20))
		fmt.Fprintln(p.err, "bytescale:", p.line(now.Sub(p.began)))
	}
}

// line says how far things are after so long.
func (p *progress) line(elapsed time.Duration) string {
	text := fmt.Sprintf("%d%%, %s of %s", percent(p.done, p.whole), size(p.done), size(p.whole))
	if rate := float64(p.done) / elapsed.Seconds(); rate >= 1 {
		left := time.Duration(float64(p.whole-p.done) / rate * float64(time.Second))
		text += fmt.Sprintf(", %s/s, %s left", size(int64(rate)), left.Round(time.Second))
	}
	return text
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
	if elapsed > 0 && p.done > 0 {
		text += fmt.Sprintf(" (%s/s)", size(int64(float64(p.done)/elapsed.Seconds())))
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
