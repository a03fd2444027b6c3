//go:build memory

package tree

import (
	"fmt"
	"iter"
	"runtime"
	"testing"
)

// heapBound is what the heap of the process may take for a plan of a million
// files on each side.
const heapBound = 64e6

// TestMemory plans for a million files on each side, as a dry run does.
func TestMemory(t *testing.T) {
	const n = 1_000_000
	name := func(i int) string { return fmt.Sprintf("photos/%04d/holiday-%07d.jpg", i/1000, i) }
	spread := func(i int) string { return fmt.Sprintf("%07d/%07d", i*7919%n, i) }
	for _, c := range []struct {
		name                string
		target              Target
		source, destination iter.Seq[string]
		want                map[Kind]int
	}{
		{"equal, in order", Unix, numbers(n, 1, name), numbers(n, 1, name), map[Kind]int{Equal: n}},
		{"equal, in no order", Unix, numbers(n, 7919, name), numbers(n, 104729, name), map[Kind]int{Equal: n}},
		{"equal, with folding", MacOS, numbers(n, 7919, name), numbers(n, 1, name), map[Kind]int{Equal: n}},
		{"nothing in common", Service("/x"), numbers(n, 7919, spread), numbers(n, 1, name), map[Kind]int{Missing: n, Extra: n}},
		{"all collide", Windows, numbers(n, 1, caseVariant), numbers(0, 1, name), map[Kind]int{Missing: 1, Skipped: n - 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var peak heapPeak
			p := Plan{Source: peak.listing(c.source), Destination: peak.listing(c.destination), Target: c.target, TempDir: t.TempDir()}
			got := map[Kind]int{}
			for a, err := range p.Actions(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				got[a.Kind]++
				peak.sample()
			}
			for kind, count := range c.want {
				if got[kind] != count {
					t.Errorf("%d of kind %s, want %d", got[kind], kind, count)
				}
			}
			t.Logf("peak of the heap %.1f MB, bound %.1f MB", float64(peak.bytes)/1e6, heapBound/1e6)
			if peak.bytes > heapBound {
				t.Errorf("the heap took %d bytes", peak.bytes)
			}
		})
	}
}

// numbers yields the names of all numbers below n, in steps.
func numbers(n, step int, name func(int) string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range n {
			if !yield(name(i * step % n)) {
				return
			}
		}
	}
}

// caseVariant returns one of a million spellings of a name.
func caseVariant(i int) string {
	b := []byte("abcdefghijklmnopqrst")
	for bit := range b {
		if i>>bit&1 == 1 {
			b[bit] -= 'a' - 'A'
		}
	}
	return string(b)
}

// heapPeak is the most memory that the heap took from the system and did not
// give back.
type heapPeak struct {
	bytes uint64
	calls int
}

func (h *heapPeak) sample() {
	if h.calls++; h.calls%10_000 != 0 {
		return
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h.bytes = max(h.bytes, m.HeapSys-m.HeapReleased)
}

func (h *heapPeak) listing(paths iter.Seq[string]) Listing {
	return func(yield func(Entry, error) bool) {
		for path := range paths {
			h.sample()
			if !yield(Entry{Path: path, Size: int64(len(path)), ModTime: noon, ETag: ""}, nil) {
				return
			}
		}
	}
}
