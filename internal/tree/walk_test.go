package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// list reads a listing: paths of files, and reasons of what is skipped.
func list(t *testing.T, listing Listing) map[string]string {
	t.Helper()
	all := map[string]string{}
	for e, err := range listing {
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := all[e.Path]; twice {
			t.Errorf("%q comes twice", e.Path)
		}
		all[e.Path] = ""
		if e.Skip != nil {
			all[e.Path] = string(e.Skip.Reason)
			if e.Skip.Path != e.Path {
				t.Errorf("the error of %q is about %q", e.Path, e.Skip.Path)
			}
		}
	}
	return all
}

func wantList(t *testing.T, listing Listing, want map[string]string) {
	t.Helper()
	if got := list(t, listing); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// makeTree makes files below a directory and opens it.
func makeTree(t testing.TB, paths ...string) (*os.Root, string) {
	t.Helper()
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	for _, path := range paths {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(path)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, path), []byte(path), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root, dir
}

func TestWalk(t *testing.T) {
	root, dir := makeTree(t, "a", "d/e/f", "d/b", ".hidden/x")
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	if err := os.Chtimes(filepath.Join(dir, "d/e/f"), at, at); err != nil {
		t.Fatal(err)
	}
	wantList(t, Walk(root.FS(), Filter{}), map[string]string{"a": "", "d/e/f": "", "d/b": "", ".hidden/x": ""})
	for e := range Walk(root.FS(), Filter{}) {
		if e.Path == "d/e/f" && (e.Size != 5 || !e.ModTime.Equal(at)) {
			t.Errorf("got %+v", e)
		}
	}
}

// The directory of a walk may be any file system.
func TestWalkOfAnotherFileSystem(t *testing.T) {
	at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	fsys := fstest.MapFS{"d/a": {Data: []byte("12"), ModTime: at}, "s": {Mode: fs.ModeSocket}}
	wantList(t, Walk(fsys, Filter{}), map[string]string{"d/a": "", "s": "special-file"})
}

func TestWalkOfADirectoryOfManyFiles(t *testing.T) {
	want := map[string]string{}
	var paths []string
	for i := range 2*readAtATime + 10 {
		path := fmt.Sprintf("d/%d", i)
		paths = append(paths, path)
		want[path] = ""
	}
	root, _ := makeTree(t, paths...)
	wantList(t, Walk(root.FS(), Filter{}), want)
}

func TestWalkPrunes(t *testing.T) {
	filter, err := NewFilter([]string{"*.go", "all"}, []string{"vendor", "*_test.go"})
	if err != nil {
		t.Fatal(err)
	}
	root, _ := makeTree(t, "a.go", "a_test.go", "a.md", "vendor/v.go", "d/vendor/v.go", "d/b.go", "all/x")
	opened := &countingFS{FS: root.FS(), opened: map[string]int{}}
	wantList(t, Walk(opened, filter), map[string]string{"a.go": "", "d/b.go": "", "all/x": ""})
	if want := map[string]int{".": 1, "d": 1, "all": 1}; !maps.Equal(opened.opened, want) {
		t.Errorf("opened %v", opened.opened)
	}
}

// countingFS counts how often what is opened, and fails where a test says so.
type countingFS struct {
	fs.FS
	opened map[string]int
	open   int // at present
	most   int
	fail   map[string]error // when it is opened
	broken map[string]error // after its entries
	before func(name string)
}

func (c *countingFS) Open(name string) (fs.File, error) {
	if c.before != nil {
		c.before(name)
	}
	if err := c.fail[name]; err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	f, err := c.FS.Open(name)
	if err != nil {
		return nil, err
	}
	c.opened[name]++
	c.open++
	c.most = max(c.most, c.open)
	return &countedDir{f.(fs.ReadDirFile), c, c.broken[name]}, nil
}

type countedDir struct {
	fs.ReadDirFile
	of     *countingFS
	broken error
}

func (d *countedDir) ReadDir(n int) ([]fs.DirEntry, error) {
	entries, err := d.ReadDirFile.ReadDir(n)
	if d.broken != nil {
		err = d.broken
	}
	return entries, err
}

func (d *countedDir) Close() error {
	d.of.open--
	return d.ReadDirFile.Close()
}

// What cannot be read is reported once, and all else is listed.
func TestWalkReportsWhatItCannotRead(t *testing.T) {
	root, _ := makeTree(t, "a", "closed/x", "broken/y", "z")
	fsys := &countingFS{
		FS: root.FS(), opened: map[string]int{},
		fail:   map[string]error{"closed": fs.ErrPermission},
		broken: map[string]error{"broken": errors.New("input/output error")},
	}
	wantList(t, Walk(fsys, Filter{}), map[string]string{
		"a": "", "z": "", "closed": "unreadable", "broken": "unreadable", "broken/y": "",
	})
	for e := range Walk(fsys, Filter{}) {
		if e.Path == "closed" && e.Skip.Error() != `"closed" cannot be read: permission denied` {
			t.Errorf("got %v", e.Skip)
		}
	}
	if fsys.open != 0 {
		t.Errorf("%d directories are still open", fsys.open)
	}

	// Files of the directory may have matched.
	filter, err := NewFilter([]string{"*.go"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantList(t, Walk(fsys, filter), map[string]string{"closed": "unreadable", "broken": "unreadable"})
}

func TestWalkOfNothing(t *testing.T) {
	for name, fsys := range map[string]fs.FS{
		"not there":       os.DirFS(filepath.Join(t.TempDir(), "none")),
		"top that breaks": &countingFS{FS: fstest.MapFS{}, opened: map[string]int{}, broken: map[string]error{".": fs.ErrInvalid}},
		"no directory":    noDirectory{},
	} {
		ended := false
		for _, err := range Walk(fsys, Filter{}) {
			if err == nil || ended {
				t.Errorf("%s: yields %v", name, err)
			}
			ended = true
		}
		if !ended {
			t.Errorf("%s: no error", name)
		}
	}
}

type noDirectory struct{}

func (noDirectory) Open(string) (fs.File, error) { return struct{ fs.File }{closer{}}, nil }

type closer struct{ fs.File }

func (closer) Close() error { return nil }

func TestWalkGoesOnlySoDeep(t *testing.T) {
	deepest := strings.Repeat("d/", maxDepth)
	root, _ := makeTree(t)
	if err := root.MkdirAll(deepest+"d/d", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := root.WriteFile(deepest+"f", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	fsys := &countingFS{FS: root.FS(), opened: map[string]int{}}
	wantList(t, Walk(fsys, Filter{}), map[string]string{deepest + "f": "", deepest + "d": "too-deep"})
	if fsys.most != maxDepth+1 || fsys.open != 0 {
		t.Errorf("%d directories were open at a time, %d are", fsys.most, fsys.open)
	}
}

// A caller that stops early leaves no directory open.
func TestWalkStops(t *testing.T) {
	root, _ := makeTree(t, "a", "d/b", "d/e/c", "d/e/f/g", "h")
	for stop := range 6 {
		fsys := &countingFS{FS: root.FS(), opened: map[string]int{}}
		seen := 0
		for range Walk(fsys, Filter{}) {
			if seen++; seen > stop {
				break
			}
		}
		if fsys.open != 0 || seen != min(stop+1, 5) {
			t.Errorf("stopped after %d: %d seen, %d open", stop, seen, fsys.open)
		}
	}
}
