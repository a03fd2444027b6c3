//go:build unix

package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// report is everything that a run of the benchmark found out.
type report struct {
	Machine string   `json:"machine"`
	Rounds  int      `json:"rounds"`
	Missing []string `json:"missing,omitempty"`
	Results []result `json:"results"`
	// DownloadsInMemory tells that downloads went to a file system in memory.
	DownloadsInMemory bool `json:"downloadsInMemory"`
}

type result struct {
	Work    string   `json:"work"`
	Client  string   `json:"client"`
	Samples []sample `json:"samples"`
	failed  error
}

func (r result) median(value func(sample) float64) float64 {
	values := make([]float64, len(r.Samples))
	for i, s := range r.Samples {
		values[i] = value(s)
	}
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 0 {
		return (values[middle-1] + values[middle]) / 2
	}
	return values[middle]
}

func (r result) seconds() float64 { return r.median(func(s sample) float64 { return s.Seconds }) }
func (r result) cpu() float64     { return r.median(func(s sample) float64 { return s.CPU }) }
func (r result) rss() float64 {
	return r.median(megabytes)
}

// transfer is the time that is compared: a peer that measures itself is
// granted its start and its reading of files, ours never is.
func (r result) transfer() float64 {
	return r.median(func(s sample) float64 {
		if s.Transfer > 0 {
			return s.Transfer
		}
		return s.Seconds
	})
}

// comparison is one ratio: how many times as long the peer takes as we do, or
// how many times as much of the processor.
type comparison struct {
	work, ours, peer string
	target           float64
	cpu              bool
}

func (c comparison) name() string {
	if c.cpu {
		return c.work + ", CPU"
	}
	return c.work
}

var comparisons = []comparison{
	{work: "100 MB, 0 ms", ours: "bytescale file", peer: "curl, same parts"},
	{work: "100 MB, 0 ms", ours: "bytescale file", peer: "JS SDK Buffer"},
	{work: "100 MB, 0 ms", ours: "bytescale stream", peer: "JS SDK stream"},
	{work: "100 MB, 50 ms", ours: "bytescale file", peer: "curl, same parts"},
	{work: "100 MB, 50 ms", ours: "bytescale file", peer: "JS SDK Buffer"},
	{work: "100 MB, 50 ms", ours: "bytescale stream", peer: "JS SDK stream"},
	{work: "1 GB, 0 ms", ours: "bytescale file", peer: "curl, same parts", target: 1 / 1.05},
	{work: "1 GB, 0 ms", ours: "bytescale file", peer: "curl, same parts", target: 1, cpu: true},
	{work: "1 GB, 0 ms", ours: "bytescale file", peer: "JS SDK Buffer", target: 1.8},
	{work: "1 GB, 0 ms", ours: "bytescale stream", peer: "curl, same parts"},
	{work: "1 GB, 0 ms", ours: "bytescale stream", peer: "JS SDK stream", target: 5},
	{work: "1 GB, 50 ms", ours: "bytescale file", peer: "curl, same parts"},
	{work: "1 GB, 50 ms", ours: "bytescale file", peer: "JS SDK Buffer", target: 6},
	{work: "1 GB, 50 ms", ours: "bytescale stream", peer: "JS SDK stream", target: 20},
	{work: "1000 × 10 KB, 0 ms", ours: "bytescale file", peer: "curl, same parts"},
	{work: "1000 × 10 KB, 0 ms", ours: "bytescale file", peer: "JS SDK Buffer", target: 9},
	{work: "1000 × 10 KB, 0 ms", ours: "bytescale one request", peer: "JS SDK Buffer", target: 12},
	{work: "1000 × 10 KB, 50 ms", ours: "bytescale file", peer: "curl, same parts"},
	{work: "1000 × 10 KB, 50 ms", ours: "bytescale file", peer: "JS SDK Buffer", target: 6},
	{work: "1000 × 10 KB, 50 ms", ours: "bytescale one request", peer: "JS SDK Buffer", target: 12},
	{work: "2000 × 10 KB, 50 ms, default rate", ours: "bytescale one request", peer: "bytescale file", target: 2},
	{work: "1 GB, 0 ms, TLS", ours: "bytescale file", peer: "curl, same parts"},
	{work: "1 GB, 0 ms, TLS", ours: "bytescale file", peer: "JS SDK Buffer"},
	{work: "1 GB, 0 ms, TLS", ours: "bytescale stream", peer: "JS SDK stream"},
	{work: "download 1 GB, 0 ms", ours: "bytescale download", peer: "curl, one connection", target: 1 / 1.05},
	{work: "download 512 MB, 40 MB/s per connection", ours: "bytescale download", peer: "curl, one connection", target: 6},
	{work: "download 512 MB, 40 MB/s per connection", ours: "bytescale download", peer: "AWS transfer manager"},
	{work: "sync of 100,000 equal files", ours: "bytescale sync"},
}

// bound is the most of something that one of our clients may need in each run of some works.
type bound struct {
	name, client string
	works        []string
	most         float64
	unit         string
	digits       int // after the point
	of           func(sample) float64
}

func megabytes(s sample) float64 { return float64(s.RSS) / 1e6 }
func calls(s sample) float64     { return float64(s.Calls) }

var (
	largeWorks    = []string{"100 MB, 0 ms", "100 MB, 50 ms", "1 GB, 0 ms", "1 GB, 50 ms"}
	smallWorks    = []string{"1000 × 10 KB, 0 ms", "1000 × 10 KB, 50 ms"}
	downloadWorks = []string{"download 1 GB, 0 ms", "download 512 MB, 40 MB/s per connection"}
	syncWorks     = []string{"sync of 100,000 equal files"}
)

var bounds = []bound{
	{"peak RSS, any file", "bytescale file", largeWorks, 24, "MB", 1, megabytes},
	{"peak RSS, 64 files at a time", "bytescale file", smallWorks, 32, "MB", 1, megabytes},
	{"peak RSS, any download", "bytescale download", downloadWorks, 24, "MB", 1, megabytes},
	{"peak RSS, sync of 100,000 files", "bytescale sync", syncWorks, 64, "MB", 1, megabytes},
	{"1000 × 10 KB", "bytescale one request", smallWorks, 1000, "API calls", 0, calls},
	{"sync of 100,000 files", "bytescale sync", syncWorks, 100, "API calls", 0, calls},
}

func (r report) find(work, client string) (result, bool) {
	i := slices.IndexFunc(r.Results, func(x result) bool { return x.Work == work && x.Client == client })
	if i < 0 {
		return result{}, false
	}
	return r.Results[i], true
}

// seconds returns what a comparison compares; false if one was not measured. Without a
// peer, its time is 0.
func (r report) seconds(c comparison) (ours, peer float64, measured bool) {
	a, ok1 := r.find(c.work, c.ours)
	b, ok2 := r.find(c.work, c.peer)
	switch {
	case ok1 && c.peer == "":
		return a.seconds(), 0, true
	case !ok1 || !ok2:
		return 0, 0, false
	case c.cpu:
		return a.cpu(), b.cpu(), true
	}
	return a.seconds(), b.transfer(), true
}

// peak returns the most that a bound's client needed, 0 if none of the works was measured.
func (r report) peak(b bound) (peak float64) {
	for _, work := range b.works {
		x, _ := r.find(work, b.client)
		for _, s := range x.Samples {
			peak = max(peak, b.of(s))
		}
	}
	return peak
}

// table writes the report as Markdown.
func (r report) table() string {
	var b strings.Builder
	place := "a disk"
	if r.DownloadsInMemory {
		place = "memory (tmpfs)"
	}
	fmt.Fprintf(&b, "%s; median of %d alternating runs, of %d for uploads of 100 MB and of small files at 0 ms; downloads go to %s.\n\n",
		r.Machine, r.Rounds, shortTimes*r.Rounds, place)
	b.WriteString("| work | ours | peer | ours | peer | **peer ÷ ours** | target |\n|---|---|---|--:|--:|--:|--:|\n")
	for _, c := range comparisons {
		ours, peer, measured := r.seconds(c)
		switch {
		case !measured:
		case c.peer == "":
			fmt.Fprintf(&b, "| %s | %s | | %.2f s | | | |\n", c.name(), c.ours, ours)
		default:
			fmt.Fprintf(&b, "| %s | %s | %s | %.2f s | %.2f s | **%.2f** | %s |\n",
				c.name(), c.ours, c.peer, ours, peer, peer/ours, verdict(peer/ours, c.target))
		}
	}
	for _, bound := range bounds {
		if peak := r.peak(bound); peak > 0 {
			fmt.Fprintf(&b, "| %s | %s | | %.*f %s | | | ≤ %.0f %s, %s |\n", bound.name, bound.client,
				bound.digits, peak, bound.unit, bound.most, bound.unit, met(peak <= bound.most))
		}
	}
	b.WriteString("\n| work | client | whole process | transfer | CPU | peak RSS | API calls |\n|---|---|--:|--:|--:|--:|--:|\n")
	for _, x := range r.Results {
		fmt.Fprintf(&b, "| %s | %s | %.2f s | %.2f s | %.2f s | %.1f MB | %.0f |\n",
			x.Work, x.Client, x.seconds(), x.transfer(), x.cpu(), x.rss(), x.median(calls))
	}
	for _, missing := range r.Missing {
		fmt.Fprintf(&b, "\nMISSING: %s\n", missing)
	}
	return b.String()
}

func verdict(ratio, target float64) string {
	if target == 0 {
		return ""
	}
	return fmt.Sprintf("≥ %.2f, %s", target, met(ratio >= target))
}

func met(yes bool) string {
	if yes {
		return "met"
	}
	return "MISSED"
}

const (
	beginMark = "<!-- begin: written by make bench-docs -->"
	endMark   = "<!-- end -->"
)

// replaceBetweenMarks puts text between the two marks of a file.
func replaceBetweenMarks(path, text string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok1 := strings.Cut(string(old), beginMark)
	_, after, ok2 := strings.Cut(rest, endMark)
	if !ok1 || !ok2 {
		return fmt.Errorf("%s has no marks to write between", path)
	}
	return os.WriteFile(path, []byte(before+beginMark+"\n\n"+text+"\n"+endMark+after), 0o600)
}
