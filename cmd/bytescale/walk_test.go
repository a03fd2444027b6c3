package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree creates the named files below a new directory and changes to it.
func tree(t *testing.T, names ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range names {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

// found walks args and returns a line for each file that was emitted or skipped or that
// failed.
func found(recursive bool, args ...string) []string {
	var lines []string
	w := newWalk(recursive, "",
		func(name, reason string) { lines = append(lines, "skip "+filepath.ToSlash(name)+": "+reason) },
		func(name string, err error) { lines = append(lines, "fail "+filepath.ToSlash(name)+": "+explain(err)) })
	for _, arg := range args {
		w.argument(arg, func(it item) bool {
			lines = append(lines, "file "+filepath.ToSlash(it.path)+" "+it.tree)
			it.done()
			return true
		})
	}
	return lines
}

func TestWalk(t *testing.T) {
	tree(t, "a.txt", "dir/b.txt", "dir/.hidden", "dir/sub/{c}.txt")
	link(t, "../a.txt", "dir/linked.txt")
	link(t, "..", "dir/up")
	link(t, "dir", "top")
	link(t, "a.txt", "one.txt")
	skipped := []string{
		"skip dir/linked.txt: symbolic link (links in directories are not followed)",
		"skip dir/up: symbolic link (links in directories are not followed)",
	}
	for _, test := range []struct {
		name      string
		recursive bool
		args      []string
		want      []string
	}{
		{"files", false, []string{"a.txt", "dir/b.txt", "-"},
			[]string{"file a.txt ", "file dir/b.txt ", "file - "}},
		{"a missing one", false, []string{"none", "a.txt"},
			[]string{"fail none: no such file or directory; check the name", "file a.txt "}},
		{"a directory without the flag", false, []string{"dir", "a.txt"},
			[]string{"fail dir: is a directory; add --recursive to upload what is in it", "file a.txt "}},
		{"a directory", true, []string{"dir"}, append([]string{
			"file dir/.hidden dir/.hidden", "file dir/b.txt dir/b.txt", "file dir/sub/{c}.txt dir/sub/{c}.txt"}, skipped...)},
		{"a directory by a path", true, []string{"./dir/sub"},
			[]string{"file dir/sub/{c}.txt sub/{c}.txt"}},
		{"a link that is named", true, []string{"one.txt", "top/sub"},
			[]string{"file one.txt ", "file top/sub/{c}.txt sub/{c}.txt"}},
		{"a link to a directory that is named", true, []string{"top"}, []string{
			"file top/.hidden top/.hidden", "file top/b.txt top/b.txt", "file top/sub/{c}.txt top/sub/{c}.txt",
			"skip top/linked.txt: symbolic link (links in directories are not followed)",
			"skip top/up: symbolic link (links in directories are not followed)"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := found(test.recursive, test.args...)
			slices.Sort(got)
			want := slices.Clone(test.want)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Files fail whose names the service cannot store.
func TestWalkNames(t *testing.T) {
	deep := strings.Repeat(strings.Repeat("d", 255)+"/", 2)
	tree(t, "dir/line\nbreak", "dir/return\r", "dir/plain", "dir/"+deep+"file")
	const refused = ": the name cannot be stored: it is not valid UTF-8, holds a line break or is longer than 512 characters; rename the file"
	want := []string{
		"fail dir/line\nbreak" + refused, "file dir/plain dir/plain", "fail dir/return\r" + refused, "fail dir/" + deep + "file" + refused,
		"fail dir/line\nbreak" + refused,
		"file dir/" + deep + "file ", // whose name is short
		"fail with \xff" + refused,
	}
	got := append(found(true, "dir"), found(false, "dir/line\nbreak", "dir/"+deep+"file", "with \xff")...)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Stored paths do not begin with the name of the directory if it is ".".
func TestWalkHere(t *testing.T) {
	tree(t, "b.txt", "sub/c.txt")
	want := []string{"file b.txt b.txt", "file sub/c.txt sub/c.txt"}
	if diff := cmp.Diff(want, found(true, ".")); diff != "" {
		t.Error(diff)
	}
}

// A directory is read in pieces, and all of its files are found.
func TestWalkLargeDirectory(t *testing.T) {
	var names []string
	for i := range 2*readAtATime + 1 {
		names = append(names, fmt.Sprintf("dir/%05d", i))
	}
	tree(t, append(names, "dir/sub/one")...)
	var want []string
	for _, name := range append(names, "dir/sub/one") {
		want = append(want, "file "+name+" "+name)
	}
	got := found(true, "dir")
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWalkStops(t *testing.T) {
	tree(t, "a", "b", "one/c", "two/d")
	for _, enough := range []int{1, 3} { // among the files, and in a subdirectory
		seen := 0
		w := newWalk(true, "", func(string, string) {}, func(_ string, err error) { t.Error(err) })
		w.argument(".", func(item) bool { seen++; return seen < enough })
		if seen != enough {
			t.Errorf("%d files, %d were enough", seen, enough)
		}
	}
}

func TestWalkVanished(t *testing.T) {
	tree(t, "dir/a")
	entries, err := os.ReadDir("dir")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove("dir/a"); err != nil {
		t.Fatal(err)
	}
	var failed error
	w := &walk{fail: func(_ string, err error) { failed = err }}
	if _, ok := w.entry("dir/a", "dir/a", entries[0]); ok || !errors.Is(failed, os.ErrNotExist) {
		t.Errorf("a file that vanished: taken %v, failure %v", ok, failed)
	}
}
