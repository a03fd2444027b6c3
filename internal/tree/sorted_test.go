package tree

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestSorted(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		paths := rapid.SliceOf(rapid.StringOfN(rapid.SampledFrom([]rune("ab/-é\x00")), 0, 5, -1)).Draw(rt, "paths")
		var entries []Entry
		last := map[string]Entry{}
		for i, path := range paths {
			e := Entry{Path: path, Size: int64(i), ModTime: noon.Add(time.Duration(i)), ETag: path}
			if i%3 == 0 {
				e = Entry{Path: path, Skip: &SkipError{Path: path, Reason: Unreadable, Detail: path}}
			}
			entries = append(entries, e)
			last[path] = e
		}
		var got []Entry
		for e, err := range Sorted(t.Context(), listing(entries...), t.TempDir()) {
			if err != nil {
				rt.Fatal(err)
			}
			got = append(got, e)
		}
		want := slices.Sorted(maps.Keys(last))
		for i, path := range want {
			if i >= len(got) || !sameEntry(got[i], last[path]) {
				rt.Fatalf("got %+v, want the paths %q", got, want)
			}
		}
		if len(got) != len(want) {
			rt.Fatalf("got %+v, want the paths %q", got, want)
		}
	})
}

// Times with odd zones survive, and so do those that are not known.
func TestSortedKeepsTimes(t *testing.T) {
	for _, at := range []time.Time{
		{}, noon, noon.In(time.FixedZone("", 3601)), noon.Add(1), time.Unix(1<<40, 0), time.Unix(-1<<40, 5),
	} {
		want := Entry{Path: "a", Size: 1 << 60, ModTime: at, ETag: strings.Repeat("x", 1000)}
		for got, err := range Sorted(t.Context(), listing(want), "") {
			if err != nil || !sameEntry(got, want) || got.ModTime.IsZero() != at.IsZero() {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
		}
	}
}

func TestSortedEndsEarlyAndWithErrors(t *testing.T) {
	failure := errors.New("failure")
	var got []error
	for e, err := range Sorted(t.Context(), broken("b a", failure), "") {
		if e != (Entry{}) {
			t.Errorf("yields %+v", e)
		}
		got = append(got, err)
	}
	if len(got) != 1 || got[0] != failure {
		t.Errorf("got %v", got)
	}
	count := 0
	for e, err := range Sorted(t.Context(), files("c b a"), "") {
		if count++; err != nil || e.Path != string(rune('`'+count)) {
			t.Errorf("got %+v, %v", e, err)
		}
		if count == 2 {
			break
		}
	}
}
