package tree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"
)

// actions runs a plan to its end.
func actions(t *testing.T, p Plan) []Action {
	t.Helper()
	var all []Action
	for a, err := range p.Actions(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	return all
}

// words makes words from actions: the kind, or for a skip its reason, and the
// path that is in the way.
func words(all []Action) string {
	var words []string
	for _, a := range all {
		word := string(a.Kind)
		if a.Kind == Skipped {
			word = string(a.Skip.Reason)
		}
		word += ":" + a.Path
		if a.Skip != nil && a.Skip.Other != "" {
			word += "(" + a.Skip.Other + ")"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func TestPlanNames(t *testing.T) {
	long := strings.Repeat("x", 256)
	for _, c := range []struct {
		name                      string
		target                    Target
		source, destination, want string
	}{
		{"nothing", Unix, "", "", ""},
		{"missing, equal, extra", Unix, "b a", "c b", "missing:a equal:b extra:c"},
		{"extras come last", Unix, "m", "a z", "missing:m extra:a extra:z"},
		{"everything in directories", Unix, "d/a d/e/b", "d/e/b d/f", "missing:d/a equal:d/e/b extra:d/f"},
		{"names around a slash", Unix, "a/b a-b a a.b", "a-b a.b", "is-directory:a missing:a/b equal:a-b equal:a.b"},
		{"twice in a listing", Unix, "a a b", "b b", "missing:a equal:b"},
		{"case counts", Unix, "a A", "A", "equal:A missing:a"},

		{"names that cannot be held", Windows, "a:b CON/x d/y.", "z",
			"bad-character:a:b reserved-name:CON/x bad-ending:d/y. extra:z"},
		{"a bad name is not extra", Unix, long, long, "name-too-long:" + long},
		{"out of the directory", Unix, "../a /b c/../../d", "",
			"bad-segment:/b bad-segment:../a bad-segment:c/../../d"},

		{"case collision", MacOS, "a A b", "", "name-collision:a(A) missing:A missing:b"},
		{"the destination's spelling stays", MacOS, "a A", "a", "name-collision:A(a) equal:a"},
		{"another spelling only", Windows, "A", "a", "name-collision:A(a)"},
		{"a normal form", MacOS, "e\u0301", "é", "name-collision:e\u0301(é)"},
		{"a normal form on Windows", Windows, "e\u0301", "é", "missing:e\u0301 extra:é"},
		{"directories that collide", MacOS, "D/a d/b", "", "missing:D/a name-collision:d/b(D)"},
		{"the destination's directory stays", MacOS, "D/a d/b", "d/c", "name-collision:D/a(d) missing:d/b extra:d/c"},
		{"directories that collide further up", MacOS, "D/e/a d/e/b d/E/c", "",
			"missing:D/e/a name-collision:d/e/b(D/e) name-collision:d/E/c(D/e)"},
		{"collision of a file and a directory", Windows, "D/a d", "", "is-directory:d missing:D/a"},
		{"the same on the service", Service("/"), "D/a d d/b A a", "A", "equal:A missing:D/a missing:a missing:d missing:d/b"},

		{"a name that cannot be held decides no spelling", Windows, "D/a: D/nul d/e/x. d/E/b d/e/c", "",
			"bad-character:D/a: missing:d/E/b name-collision:d/e/c(d/E) bad-ending:d/e/x. reserved-name:D/nul"},
		{"a collision decides no spelling", MacOS, "a/b A/c/d a/C/e", "", "missing:a/b name-collision:A/c/d(a) missing:a/C/e"},
		{"a disk that tells names apart", MacOS, "a d/a", "a A D/a d/a d/b", "name-collision:a(A) name-collision:d/a(D) extra:d/b"},

		{"file and directory at the source", Unix, "d d/a", "", "is-directory:d missing:d/a"},
		{"directory at the destination", Unix, "d", "d/a", "is-directory:d extra:d/a"},
		{"file at the destination", Unix, "d/a d/e/b", "d", "below-file:d/a(d) below-file:d/e/b(d) extra:d"},
		{"all of it", Unix, "d d/a", "d d/b", "is-directory:d below-file:d/a(d) extra:d/b"},

		{"a link at the source", Unix, "l@symbolic-link a", "l", "missing:a symbolic-link:l"},
		{"a link where a directory was", Unix, "l@symbolic-link", "l/a l/b/c", "symbolic-link:l"},
		{"an unreadable directory", Unix, "d@unreadable d/a", "d/a d/b e", "unreadable:d equal:d/a extra:e"},
		{"an unreadable directory in another spelling", MacOS, "d@unreadable", "D/a", "unreadable:d"},
		{"a link at the destination", Unix, "l", "l@symbolic-link", "in-the-way:l(l)"},
		{"a link for a directory at the destination", Unix, "l/a l/e/b", "l@symbolic-link m@special-file",
			"in-the-way:l/a(l) in-the-way:l/e/b(l)"},
		{"an unreadable directory at the destination", Unix, "d/a", "d@unreadable d/b", "in-the-way:d/a(d) extra:d/b"},
		{"names beside a link", Unix, "l-a l/b l0", "l@symbolic-link", "in-the-way:l/b(l) missing:l-a missing:l0"},

		{"files below a file on the service", Service("/"), "d d/a e/b", "d e", "equal:d missing:d/a missing:e/b extra:e"},
		{"an empty name at the destination", Service("/"), "a/b", "a//b /c", "missing:a/b extra:/c extra:a//b"},
		{"a NUL is no slash", Service("/"), "a\x00b a/b", "a\x01b", "missing:a/b bad-character:a\x00b extra:a\x01b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, memory := range []int{0, 1} {
				p := Plan{Source: files(c.source), Destination: files(c.destination), Target: c.target, TempDir: t.TempDir(), memory: memory}
				if got := words(actions(t, p)); got != c.want {
					t.Errorf("got  %s\nwant %s", got, c.want)
				}
			}
		})
	}
}

func TestPlanDifference(t *testing.T) {
	at := func(size int64, after time.Duration, etag string) Entry {
		return Entry{Path: "a", Size: size, ModTime: noon.Add(after), ETag: etag}
	}
	timeless := Entry{Path: "a", Size: 1}
	for _, c := range []struct {
		name                string
		target              Target
		source, destination Entry
		want                Kind
	}{
		{"same", Unix, at(1, 0, ""), at(1, 0, ""), Equal},
		{"size", Unix, at(1, 0, ""), at(2, 0, ""), SizeDiffers},
		{"size of an older file", Unix, at(1, -time.Hour, ""), at(2, 0, ""), SizeDiffers},
		{"older", Unix, at(1, -time.Hour, ""), at(1, 0, ""), Equal},
		{"as exact as FAT", Windows, at(1, 2*time.Second, ""), at(1, 0, ""), Equal},
		{"newer", Unix, at(1, 2*time.Second+1, ""), at(1, 0, ""), Newer},
		{"newer than on the service", Service("/"), at(1, 1, ""), at(1, 0, ""), Newer},
		{"no time at the source", Unix, timeless, at(1, 0, ""), Equal},
		{"no time at the destination", Unix, at(1, 0, ""), timeless, Equal},
		{"same ETag", Unix, at(1, time.Hour, "x"), at(1, 0, "x"), Equal},
		{"ETag", Unix, at(1, 0, "x"), at(1, 0, "y"), ETagDiffers},
		{"one ETag only", Unix, at(1, time.Hour, "x"), at(1, 0, ""), Newer},
		{"size before ETag", Unix, at(1, 0, "x"), at(2, 0, "x"), SizeDiffers},
	} {
		p := Plan{Source: listing(c.source), Destination: listing(c.destination), Target: c.target}
		got := actions(t, p)
		if len(got) != 1 || got[0].Kind != c.want {
			t.Errorf("%s: got %+v, want %s", c.name, got, c.want)
			continue
		}
		if got[0].Source != c.source || got[0].Destination != c.destination {
			t.Errorf("%s: entries are not what was listed: %+v", c.name, got[0])
		}
		if copies := c.want != Equal; got[0].Kind.Copies() != copies {
			t.Errorf("%s copies: %v", c.want, !copies)
		}
	}
}

// What a filter leaves out is neither copied nor extra.
func TestPlanFilters(t *testing.T) {
	filter, err := NewFilter(nil, []string{"*.tmp"})
	if err != nil {
		t.Fatal(err)
	}
	p := Plan{Source: files("a b.tmp d@unreadable"), Destination: files("c.tmp d/e e"), Filter: filter}
	if got, want := words(actions(t, p)), "missing:a unreadable:d extra:e"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// No action is given on half a listing.
func TestPlanDoesNothingOnHalfAListing(t *testing.T) {
	failure := errors.New("failure")
	for name, c := range map[string]struct {
		plan Plan
		text string
	}{
		"source":      {Plan{Source: broken("a b", failure), Destination: files("c")}, "list source: failure"},
		"destination": {Plan{Source: files("a b"), Destination: broken("b c", failure)}, "list destination: failure"},
	} {
		count := 0
		for a, err := range c.plan.Actions(t.Context()) {
			if count++; a != (Action{}) || !errors.Is(err, failure) || err.Error() != c.text {
				t.Errorf("%s: got %+v, %v", name, a, err)
			}
		}
		if count != 1 {
			t.Errorf("%s: %d actions", name, count)
		}
	}
}

// many is a listing of n files, in ascending order or in none.
func many(n int, ascending bool) Listing {
	return func(yield func(Entry, error) bool) {
		for i := range n {
			if !ascending {
				i = (i * 7919) % n
			}
			e := Entry{Path: fmt.Sprintf("photos/%03d/%06d.jpg", i/1000, i), Size: int64(i), ModTime: noon}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// However a plan ends, it leaves no temporary file.
func TestPlanCleansUp(t *testing.T) {
	failure := errors.New("failure")
	const n = 5000
	dir := t.TempDir()
	plan := func(source, destination Listing) Plan {
		return Plan{Source: source, Destination: destination, TempDir: dir, memory: 10_000}
	}
	failing := func(yield func(Entry, error) bool) {
		for e := range many(n, false) {
			if !yield(e, nil) {
				return
			}
		}
		yield(Entry{}, failure)
	}
	files := openFiles(t)
	run := func(name string, ctx context.Context, p Plan, stop func(count int) bool) {
		t.Run(name, func(t *testing.T) {
			func() {
				defer func() { _ = recover() }()
				count := 0
				for range p.Actions(ctx) {
					if count++; stop != nil && stop(count) {
						break
					}
				}
			}()
			wantEmpty(t, dir)
			if now := openFiles(t); now != files {
				t.Errorf("%d files were open, %d are", files, now)
			}
		})
	}
	run("end", t.Context(), plan(many(n, false), many(n, true)), nil)
	run("error of the source", t.Context(), plan(failing, many(n, true)), nil)
	run("error of the destination", t.Context(), plan(many(n, false), failing), nil)
	run("stopped at once", t.Context(), plan(many(n, false), many(n, true)), func(int) bool { return true })
	run("stopped in extras", t.Context(), plan(many(0, false), many(n, true)), func(c int) bool { return c == n/2 })
	run("panic", t.Context(), plan(many(n, false), many(n, true)), func(c int) bool { panic("at an action") })
	run("panic in a listing", t.Context(), plan(many(n, false), func(func(Entry, error) bool) { panic("listing") }), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	run("cancelled", ctx, plan(many(n, false), many(n, true)), nil)
}

func TestPlanIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	listed := 0
	source := func(yield func(Entry, error) bool) {
		for e := range many(1000, true) {
			if listed++; listed == 10 {
				cancel()
			}
			if !yield(e, nil) {
				return
			}
		}
	}
	for _, err := range (Plan{Source: source, Destination: files("")}).Actions(ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
	if listed != 10 {
		t.Errorf("%d entries were listed", listed)
	}
}

func TestPlanReportsAFullDisk(t *testing.T) {
	p := Plan{Source: many(1000, true), Destination: files(""), TempDir: "/none/of/that", memory: 100}
	for _, err := range p.Actions(t.Context()) {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v", err)
		}
	}
}

// Without a comparison, entries become actions as they come, unless the destination may take two
// of them for one file.
func TestCopies(t *testing.T) {
	entries := []Entry{{Path: "b"}, {Path: "a"}, {Path: "B"}, {Path: "x/link", Skip: &SkipError{Reason: SymbolicLink}}, {Path: "out"}, {Path: ".."}}
	source := func(yield func(Entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}
	filter, err := NewFilter(nil, []string{"out"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		target Target
		want   string
	}{
		{Unix, "missing b, missing a, missing B, symbolic-link x/link, bad-segment .."},
		{Service("/f"), "missing b, missing a, missing B, symbolic-link x/link, bad-segment .."},
		{Windows, "bad-segment .., missing a, name-collision b, missing B, symbolic-link x/link"},
	} {
		var got []string
		for a, err := range (Plan{Source: source, Target: test.target, Filter: filter}).Copies(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			word := string(a.Kind)
			if a.Skip != nil {
				word = string(a.Skip.Reason)
				if a.Skip.Path != a.Path {
					t.Errorf("%s is skipped as %s", a.Path, a.Skip.Path)
				}
			}
			got = append(got, word+" "+a.Path)
		}
		if text := strings.Join(got, ", "); text != test.want {
			t.Errorf("%v: %s, want %s", test.target, text, test.want)
		}
	}
}
