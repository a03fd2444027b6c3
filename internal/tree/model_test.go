package tree

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// disk is a model of a destination. Like a real one, it refuses names that it
// cannot hold, and like no real one, it also refuses whatever would change a
// file of another name.
type disk struct {
	target Target
	files  map[string]Entry
}

// put stores a file, or says why a real disk could not, or would have bent the
// name.
func (d *disk) put(e Entry) error {
	if err := d.target.Check(e.Path); err != nil {
		return err
	}
	for other, there := range d.files {
		if err := d.conflict(e.Path, other, there.Skip != nil); err != nil {
			return err
		}
	}
	d.files[e.Path] = e
	return nil
}

func (d *disk) conflict(path, other string, link bool) error {
	mine, theirs := strings.Split(path, "/"), strings.Split(other, "/")
	for i := range min(len(mine), len(theirs)) {
		if d.target.fold(mine[i]) != d.target.fold(theirs[i]) {
			return nil
		}
		last := i+1 == len(mine) || i+1 == len(theirs)
		switch {
		case mine[i] != theirs[i]:
			return fmt.Errorf("%q is taken for %q", path, other)
		case last && len(mine) != len(theirs) && !d.target.nests():
			return fmt.Errorf("%q and %q cannot both be", path, other)
		case i+1 == len(theirs) && link:
			return fmt.Errorf("%q is a link", other)
		}
	}
	return nil
}

func (d *disk) listing(order *rand.Rand) Listing {
	return shuffled(slices.Collect(maps.Values(d.files)), order)
}

func shuffled(entries []Entry, order *rand.Rand) Listing {
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	order.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	return listing(entries...)
}

// apply carries out some actions, and fails if one cannot be carried out.
func (d *disk) apply(t *rapid.T, all []Action) {
	for _, a := range all {
		switch {
		case a.Kind.Copies():
			if err := d.put(a.Source); err != nil {
				t.Fatalf("%s: %v", a.Kind, err)
			}
		case a.Kind == Extra:
			if e, ok := d.files[a.Path]; !ok || e.Skip != nil {
				t.Fatalf("extra: %q is not there to delete", a.Path)
			}
			delete(d.files, a.Path)
		}
	}
}

// segments that collide, that sort around the slash, and that some targets
// cannot hold.
var segments = []string{"a", "A", "a-", "a.b", "b", "é", "e\u0301", "É", "ß", "SS", "nul", "x.", "\x01", "-", "0", "..", ""}

var targets = []Target{Unix, MacOS, Windows, Service("/x")}

// drawEntries draws a tree. Some of its entries are skipped.
func drawEntries(t *rapid.T, label string, skips bool) []Entry {
	entry := rapid.Custom(func(t *rapid.T) Entry {
		path := strings.Join(rapid.SliceOfN(rapid.SampledFrom(segments), 1, 3).Draw(t, "path"), "/")
		e := Entry{
			Path: path, Size: rapid.Int64Range(0, 1).Draw(t, "size"),
			ModTime: noon.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "hours")) * time.Hour),
		}
		if skips && rapid.IntRange(0, 9).Draw(t, "skip") == 0 {
			return Entry{Path: path, Skip: &SkipError{Path: path, Reason: Unreadable}}
		}
		return e
	})
	return rapid.SliceOfN(entry, 0, 25).Draw(t, label)
}

// lastOfEach returns the entries that count.
func lastOfEach(entries []Entry) map[string]Entry {
	byPath := map[string]Entry{}
	for _, e := range entries {
		byPath[e.Path] = e
	}
	return byPath
}

// Applying the actions makes both sides equal, but for what is reported. What
// can go wrong on the way: an action that the destination refuses, a file of
// the source that is forgotten, a file that is deleted although the source has
// its name, an interruption anywhere.
func TestPlanMakesBothSidesEqual(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		order := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 0))
		to := &disk{rapid.SampledFrom(targets).Draw(t, "target"), map[string]Entry{}}
		for _, e := range drawEntries(t, "destination", true) {
			_ = to.put(e) // it has what it can hold
		}
		source := lastOfEach(drawEntries(t, "source", true))
		before := maps.Clone(to.files)
		plan := func() []Action {
			p := Plan{
				Source:      shuffled(slices.Collect(maps.Values(source)), order),
				Destination: to.listing(order), Target: to.target, TempDir: dir,
				memory: rapid.SampledFrom([]int{1, 300, 0}).Draw(t, "memory"),
			}
			var all []Action
			for a, err := range p.Actions(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, a)
			}
			return all
		}

		// A run that is interrupted.
		first := plan()
		checkComplete(t, first, source, to)
		to.apply(t, first[:rapid.IntRange(0, len(first)).Draw(t, "interrupted after")])

		// Runs to the end. A deletion may make room for a copy, and that copy
		// may block no other one.
		var all []Action
		for range 3 {
			all = plan()
			checkComplete(t, all, source, to)
			to.apply(t, all)
		}
		for _, a := range all {
			if a.Kind != Equal && a.Kind != Skipped {
				t.Fatalf("there is still something to do: %s", words(all))
			}
		}
		checkEqual(t, all, source, before, to)
	})
	wantEmpty(t, dir)
}

// checkComplete fails unless there is one action for each file of the source,
// and the extras are at the end.
func checkComplete(t *rapid.T, all []Action, source map[string]Entry, to *disk) {
	seen := map[string]bool{}
	extras := false
	for _, a := range all {
		if a.Kind == Extra {
			extras = true
			if mustStay(a.Path, source, to.target) {
				t.Fatalf("%q is extra", a.Path)
			}
			continue
		}
		if extras || seen[a.Path] {
			t.Fatalf("%s", words(all))
		}
		if _, ok := source[a.Path]; !ok {
			t.Fatalf("%q is not in the source", a.Path)
		}
		seen[a.Path] = true
	}
	if len(seen) != len(source) {
		t.Fatalf("%d of %d files: %s", len(seen), len(source), words(all))
	}
}

// mustStay reports whether the source has something of the name of a file, or
// has something unreadable above it.
func mustStay(path string, source map[string]Entry, target Target) bool {
	for other, e := range source {
		a, b := target.key(path), target.key(other)
		marked := e.Skip != nil || target.Check(other) != nil
		if a == b || marked && strings.HasPrefix(a, b+separator) {
			return true
		}
	}
	return false
}

// checkEqual fails if a side has what the other lacks, unless it was reported
// or must stay.
func checkEqual(t *rapid.T, all []Action, source, before map[string]Entry, to *disk) {
	skipped := map[string]bool{}
	for _, a := range all {
		skipped[a.Path] = a.Kind == Skipped
	}
	for path, e := range source {
		if got, ok := to.files[path]; !skipped[path] && (!ok || got.Size != e.Size || e.ModTime.After(got.ModTime)) {
			t.Fatalf("%q is %+v, want %+v", path, got, e)
		}
	}
	for path, e := range source {
		room := &disk{to.target, maps.Clone(to.files)}
		if skipped[path] && e.Skip == nil && !isDirectory(path, source, to) && room.put(e) == nil {
			t.Fatalf("%q is skipped although there is room for it", path)
		}
	}
	for path, e := range to.files {
		_, both := source[path]
		if !both && e.Skip == nil && !mustStay(path, source, to.target) {
			t.Fatalf("%q is still there", path)
		}
	}
	for path := range before {
		if _, ok := to.files[path]; !ok && mustStay(path, source, to.target) {
			t.Fatalf("%q is gone", path)
		}
	}
}

// isDirectory reports whether the source has something below a path that it
// has as a file, too.
func isDirectory(path string, source map[string]Entry, to *disk) bool {
	for other := range source {
		if !to.target.nests() && strings.HasPrefix(to.target.key(other), to.target.key(path)+separator) {
			return true
		}
	}
	return false
}
