//go:build unix

package main

import (
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func measured(work, client string, seconds ...float64) result {
	r := result{Work: work, Client: client}
	for _, s := range seconds {
		r.Samples = append(r.Samples, sample{Seconds: s, CPU: s / 2, RSS: 12e6})
	}
	return r
}

func sampleReport() report {
	js := measured("1 GB, 0 ms", "JS SDK Buffer", 9, 9, 9)
	for i := range js.Samples {
		js.Samples[i].Transfer = 1 // what it says itself
	}
	return report{
		Machine: "a <machine>", Rounds: 3, Missing: []string{"JS SDK stream: not installed"},
		Results: []result{measured("1 GB, 0 ms", "bytescale file", 0.4, 7, 0.5), measured("1 GB, 0 ms", "curl, same parts", 0.4), js},
	}
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   float64
	}{{[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 9}, 3}} {
		if got := measured("", "", test.values...).seconds(); got != test.want {
			t.Errorf("median of %v: %v, want %v", test.values, got, test.want)
		}
	}
}

func TestTableComparesWithTheTransferOfThePeerAndNamesWhatIsMissing(t *testing.T) {
	table := sampleReport().table()
	for _, want := range []string{
		"| 0.50 s | 0.40 s | **0.80** | ≥ 0.95, MISSED |",
		"| 1 GB, 0 ms, CPU | bytescale file | curl, same parts | 0.25 s | 0.20 s | **0.80** | ≥ 1.00, MISSED |",
		"| 0.50 s | 1.00 s | **2.00** | ≥ 1.80, met |",
		"MISSING: JS SDK stream: not installed",
		"| 9.00 s | 1.00 s | 4.50 s | 12.0 MB |",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("table lacks %q:\n%s", want, table)
		}
	}
	if strings.Contains(table, "| 100 MB") {
		t.Errorf("table has rows that were not measured:\n%s", table)
	}
}

// A bound holds in every run, so the worst one counts.
func TestTableHoldsTheLargestPeakToItsBound(t *testing.T) {
	for _, test := range []struct {
		work string
		peak int64
		want string
	}{
		{"1 GB, 50 ms", 24e6, "| peak RSS, any file | bytescale file | | 24.0 MB | | | ≤ 24 MB, met |"},
		{"1 GB, 50 ms", 24.1e6, "| peak RSS, any file | bytescale file | | 24.1 MB | | | ≤ 24 MB, MISSED |"},
		{"1000 × 10 KB, 0 ms", 23e6, "| peak RSS, 64 files at a time | bytescale file | | 23.0 MB | | | ≤ 32 MB, met |"},
	} {
		r := sampleReport() // with 12 MB
		worst := measured(test.work, "bytescale file", 1, 1, 1)
		worst.Samples[1].RSS = test.peak
		tls := measured("1 GB, 0 ms, TLS", "bytescale file", 1)
		tls.Samples[0].RSS = 90e6 // has a bound of its own
		r.Results = append(r.Results, worst, tls)
		if table := r.table(); !strings.Contains(table, test.want) {
			t.Errorf("table lacks %q:\n%s", test.want, table)
		}
	}
}

// Each client of a work is compared in it, and no name is misspelt: a comparison of what was
// not measured is left out of the table.
func TestComparisonsAreOfTheWorksAndClients(t *testing.T) {
	b := &bench{}
	var clients []string
	for _, c := range b.clients() {
		clients = append(clients, c.name)
	}
	works := map[string][]string{"1 GB, 0 ms, TLS": uploaders} // not measured on macOS
	for _, w := range b.works() {
		works[w.name] = w.clients
		for _, client := range w.clients {
			if !slices.Contains(clients, client) {
				t.Errorf("%s: there is no client %q", w.name, client)
			}
			if !slices.ContainsFunc(comparisons, func(c comparison) bool {
				return c.work == w.name && (c.ours == client || c.peer == client)
			}) {
				t.Errorf("%s: %s is not compared", w.name, client)
			}
		}
	}
	for _, c := range comparisons {
		if !slices.Contains(works[c.work], c.ours) || c.peer != "" && !slices.Contains(works[c.work], c.peer) {
			t.Errorf("%+v compares what is not measured", c)
		}
	}
	for _, bound := range bounds {
		for _, work := range bound.works {
			if !slices.Contains(works[work], bound.client) {
				t.Errorf("%s: %q is not measured", bound.name, work)
			}
		}
	}
}

func TestTableHasRowsWithoutAPeer(t *testing.T) {
	r := sampleReport()
	sync := measured("sync of 100,000 equal files", "bytescale sync", 2, 3)
	sync.Samples[1].Calls = 101
	r.Results = append(r.Results, sync)
	for _, want := range []string{
		"| sync of 100,000 equal files | bytescale sync | | 2.50 s | | | |",
		"| sync of 100,000 files | bytescale sync | | 101 API calls | | | ≤ 100 API calls, MISSED |",
	} {
		if table := r.table(); !strings.Contains(table, want) {
			t.Errorf("table lacks %q:\n%s", want, table)
		}
	}
	if chart := string(r.chart()); strings.Contains(chart, "sync") {
		t.Errorf("the chart has a bar without a peer:\n%s", chart)
	}
}

func TestSameContent(t *testing.T) {
	dir := t.TempDir()
	names := map[string]string{}
	long := strings.Repeat("0123456789abcdef", 3<<16) // several pieces
	for name, text := range map[string]string{"one": long, "same": long, "other": long[:len(long)-1] + "x", "short": long[1:], "empty": ""} {
		names[name] = filepath.Join(dir, name)
		if err := os.WriteFile(names[name], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"same", "other", "short", "empty", "missing"} {
		if err := sameContent(names["one"], cmp.Or(names[name], "missing")); (err == nil) != (name == "same") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSweepHasAColumnForEachValue(t *testing.T) {
	s := sweep{title: "Legs", values: []int{2, 4}}
	want := `| Legs | 2 | 4 |
|---|--:|--:|
| time | 3.00 s | 1.00 s |
| CPU | 1.50 s | 0.50 s |
| peak RSS | 12.0 MB | 12.0 MB |

`
	if got := s.table([]result{measured("", "", 2, 3, 9), measured("", "", 1)}); got != want {
		t.Errorf("table is\n%s\nwant\n%s", got, want)
	}
}

func TestChartIsWellFormed(t *testing.T) {
	decoder := xml.NewDecoder(strings.NewReader(string(sampleReport().chart())))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestReplaceBetweenMarks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(path, []byte("before\n"+beginMark+"\nold\n"+endMark+"\nafter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := replaceBetweenMarks(path, "new\n"); err != nil {
		t.Fatal(err)
	}
	got, _ := os.ReadFile(path)
	if want := "before\n" + beginMark + "\n\nnew\n\n" + endMark + "\nafter\n"; string(got) != want {
		t.Errorf("file is %q, want %q", got, want)
	}
}
