//go:build unix

package main

import (
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

// A file is compared with each peer in each work, and no name is misspelt: a
// comparison of what was not measured is left out of the table.
func TestComparisonsAreOfTheWorksAndClients(t *testing.T) {
	b := &bench{}
	var clients, works []string
	for _, c := range b.clients() {
		clients = append(clients, c.name)
	}
	for _, w := range b.works(false) {
		works = append(works, w.name)
		for _, peer := range []string{"curl, same parts", "JS SDK Buffer"} {
			if !slices.ContainsFunc(comparisons, func(c comparison) bool {
				return c.work == w.name && c.ours == "bytescale file" && c.peer == peer
			}) {
				t.Errorf("%s: a file is not compared with %s", w.name, peer)
			}
		}
	}
	works = append(works, "1 GB, 0 ms, TLS") // not measured on macOS
	for _, c := range comparisons {
		if !slices.Contains(works, c.work) || !slices.Contains(clients, c.ours) || !slices.Contains(clients, c.peer) {
			t.Errorf("%+v compares what is not measured", c)
		}
	}
	for _, bound := range bounds {
		for _, work := range bound.works {
			if !slices.Contains(works, work) {
				t.Errorf("%s: %q is not measured", bound.name, work)
			}
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
