package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	bytescale "github.com/c88edac7/bytescale-go"
)

// firstLine is when the first plain progress line is due.
const firstLine = 10 * time.Second

// progress shows the progress of all files of a command together: as a bar on a
// terminal, as a plain line from time to time elsewhere, and not at all if quiet.
type progress struct {
	err   io.Writer
	quiet bool
	began time.Time

	mu          sync.Mutex
	bar         *progressbar.ProgressBar // nil if err is no terminal
	due         time.Time                // when the next plain line is printed
	done, whole int64                    // bytes
	sent        int64                    // bytes that this run has sent, repeated ones included
}

func newProgress(errw io.Writer, quiet bool, env getenv) *progress {
	p := &progress{err: errw, quiet: quiet, began: time.Now()}
	p.due = p.began.Add(firstLine)
	if width := columns(errw); !quiet && isTerminal(errw) && env("TERM") != "dumb" && (width == 0 || width >= barColumns) {
		p.bar = progressbar.NewOptions64(1,
			progressbar.OptionSetWriter(errw),
			// We compute the rate, because the bar would count bytes of earlier runs.
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

// expect adds a file of size bytes to the work.
func (p *progress) expect(size int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.whole += size
	p.show()
}

// watch returns the progress function of one file, for which expect was called with
// size. Bytes in flight count, so that progress on a slow link is visible. They are
// subtracted again if they have to be repeated. The last byte of a file counts only
// when the whole file is confirmed.
func (p *progress) watch(size int64) func(bytescale.Progress) {
	var done, sent int64 // at the previous call
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

// show updates the bar, or prints a line if one is due. The caller holds p.mu.
func (p *progress) show() {
	now := time.Now()
	switch {
	case p.quiet:
	case p.bar != nil:
		// A full bar is finished and cannot be changed any more. The walk may still
		// find files, so the maximum is one byte too high.
		p.bar.ChangeMax64(p.whole + 1)
		_ = p.bar.Set64(p.done)
		p.bar.Describe(p.fitting(now.Sub(p.began), columns(p.err)))
	case !now.Before(p.due):
		// Lines become rarer over time, so that a day gives a few hundred of them.
		p.due = now.Add(max(firstLine, now.Sub(p.began)/20))
		fmt.Fprintln(p.err, fmt.Sprintf("bytescale: %d%%,", percent(p.done, p.whole)), p.status(now.Sub(p.began)))
	}
}

// barColumns is the number of columns of a bar without a description: "100% |", "|" and
// the spaces around.
const barColumns = 12

// fitting returns as much of status as fits behind the bar on a terminal of so many
// columns, 0 if that is not known.
func (p *progress) fitting(elapsed time.Duration, columns int) string {
	text := p.status(elapsed)
	for columns > 0 && text != "" && len(text) > columns-barColumns {
		text = text[:max(0, strings.LastIndex(text, ", "))]
	}
	return text
}

// columns returns the width of a terminal, 0 if it is not known.
func columns(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// status describes the progress after the elapsed time.
func (p *progress) status(elapsed time.Duration) string {
	text := size(p.done) + " of " + size(p.whole)
	rate := float64(p.sent) / elapsed.Seconds()
	if rate < 1 {
		return text
	}
	text += ", " + size(int64(rate)) + "/s"
	if p.done == p.whole {
		return text // more files may still be found, so nothing is said about the time left
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

// total describes the finished work.
func (p *progress) total(files int) string {
	return plural(files, "file", "files") + ", " + p.amount()
}

// amount says how many bytes were transferred in which time.
func (p *progress) amount() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	elapsed := time.Since(p.began)
	text := fmt.Sprintf("%s in %s", size(p.done), elapsed.Round(10*time.Millisecond))
	if elapsed > 0 && p.sent > 0 {
		text += fmt.Sprintf(" (%s/s)", size(int64(float64(p.sent)/elapsed.Seconds())))
	}
	return text
}

// around runs print, which prints lines, while the bar is hidden.
func (p *progress) around(print func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	print()
}

// note prints one line.
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
