package main

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	bytescale "github.com/c88edac7/bytescale-go"
)

func noEnv(string) string { return "" }

// Without a terminal a line is printed from time to time.
func TestProgressLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err bytes.Buffer
		p := newProgress(&err, false, noEnv)
		p.expect(100 * mib)
		watch := p.watch(100 * mib)
		for second := range int64(25) {
			watch(bytescale.Progress{Sent: second * 4 * mib, InFlight: second * mib, Confirmed: second * 3 * mib, Total: 100 * mib})
			time.Sleep(time.Second)
		}
		watch(bytescale.Progress{Sent: 104 * mib, Confirmed: 100 * mib, Total: 100 * mib})
		p.close()
		want := "bytescale: 40%, 40 MiB of 100 MiB, 4.0 MiB/s, 15s left\n" +
			"bytescale: 80%, 80 MiB of 100 MiB, 4.0 MiB/s, 5s left\n"
		if diff := cmp.Diff(want, err.String()); diff != "" {
			t.Error(diff)
		}
		if got, want := p.total(1), "1 file, 100 MiB in 25s (4.2 MiB/s)"; got != want {
			t.Errorf("at the end %q, want %q", got, want)
		}
	})
}

func TestProgressLinesBecomeRare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err bytes.Buffer
		p := newProgress(&err, false, noEnv)
		p.expect(1 << 40)
		watch := p.watch(1 << 40)
		for second := range int64(24 * 60 * 60) {
			watch(bytescale.Progress{Sent: second, Total: 1 << 40})
			time.Sleep(time.Second)
		}
		if lines := bytes.Count(err.Bytes(), []byte("\n")); lines < 50 || lines > 300 {
			t.Errorf("%d lines in a day", lines)
		}
	})
}

func TestProgressQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var err bytes.Buffer
		p := newProgress(&err, true, noEnv)
		p.expect(10)
		time.Sleep(time.Minute)
		p.watch(10)(bytescale.Progress{Sent: 5, Total: 10})
		p.close()
		if err.Len() > 0 {
			t.Errorf("it said %q", &err)
		}
	})
}

// Bytes that have to be sent again are not done. A file is not done before all of it is
// confirmed. A file may turn out to have another size.
func TestProgressCounts(t *testing.T) {
	p := newProgress(&bytes.Buffer{}, true, noEnv)
	p.expect(10)
	p.expect(20)
	watch := p.watch(10)
	for _, step := range []struct {
		now               bytescale.Progress
		done, sent, whole int64
	}{
		{bytescale.Progress{Total: 10}, 0, 0, 30},
		{bytescale.Progress{Sent: 6, InFlight: 6, Total: 10}, 6, 6, 30},
		{bytescale.Progress{Sent: 6, InFlight: 2, Total: 10}, 2, 6, 30},
		{bytescale.Progress{Sent: 14, InFlight: 5, Confirmed: 5, Total: 10}, 9, 14, 30},
		{bytescale.Progress{Sent: 14, Confirmed: 10, Total: 10}, 10, 14, 30},
		{bytescale.Progress{Sent: 16, Confirmed: 12, Total: 12}, 12, 16, 32},
	} {
		watch(step.now)
		if p.done != step.done || p.sent != step.sent || p.whole != step.whole {
			t.Errorf("%+v: %d of %d, %d sent; want %+v", step.now, p.done, p.whole, p.sent, step)
		}
	}
	p.watch(0)(bytescale.Progress{Confirmed: 0, Total: 0})
	if got := percent(0, 0); got != 100 {
		t.Errorf("nothing of nothing is %d%%", got)
	}
}

// The text behind the bar fits the terminal. The library does not shorten it, and each
// redraw of a line that is too long would leave a line.
func TestProgressFitsTheTerminal(t *testing.T) {
	p := newProgress(&bytes.Buffer{}, true, noEnv)
	p.watch(0)(bytescale.Progress{Sent: 20 * mib, InFlight: 20 * mib, Confirmed: 80 * mib, Total: 400 * mib})
	for _, test := range []struct {
		columns int
		want    string
	}{
		{0, "100 MiB of 400 MiB, 2.0 MiB/s, 2m30s left"}, // unknown
		{200, "100 MiB of 400 MiB, 2.0 MiB/s, 2m30s left"},
		{53, "100 MiB of 400 MiB, 2.0 MiB/s, 2m30s left"},
		{52, "100 MiB of 400 MiB, 2.0 MiB/s"},
		{41, "100 MiB of 400 MiB, 2.0 MiB/s"},
		{40, "100 MiB of 400 MiB"},
		{30, "100 MiB of 400 MiB"},
		{29, ""},
		{5, ""},
	} {
		if got := p.fitting(10*time.Second, test.columns); got != test.want {
			t.Errorf("%d columns: %q, want %q", test.columns, got, test.want)
		}
	}
}

// The rate does not count what an earlier run has sent. The time left is at least a
// second until everything is done.
func TestProgressStatus(t *testing.T) {
	for _, test := range []struct {
		now  bytescale.Progress
		want string
	}{
		{bytescale.Progress{Confirmed: 80 * mib, Total: 100 * mib}, "80 MiB of 100 MiB"},
		{bytescale.Progress{Sent: 10 * mib, InFlight: 10 * mib, Confirmed: 80 * mib, Total: 100 * mib}, "90 MiB of 100 MiB, 1.0 MiB/s, 10s left"},
		{bytescale.Progress{Sent: 20 * mib, InFlight: 20 * mib, Confirmed: 80 * mib, Total: 100 * mib}, "100 MiB of 100 MiB, 2.0 MiB/s, 1s left"},
		{bytescale.Progress{Sent: 20 * mib, Confirmed: 100 * mib, Total: 100 * mib}, "100 MiB of 100 MiB, 2.0 MiB/s"},
	} {
		p := newProgress(&bytes.Buffer{}, true, noEnv)
		p.watch(0)(test.now)
		if got := p.status(10 * time.Second); got != test.want {
			t.Errorf("%+v: %q, want %q", test.now, got, test.want)
		}
	}
}
