package bulk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/c88edac7/bytescale-go/internal/osfile"
	"github.com/c88edac7/bytescale-go/internal/tree"
)

func openDirectories(t *testing.T, name string, create bool) *Directories {
	t.Helper()
	d, err := OpenDirectories(name, create)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Directories are made, are open once however many use them, and few stay open.
func TestDirectories(t *testing.T) {
	top := filepath.Join(t.TempDir(), "made", "too")
	d := openDirectories(t, top, true)
	var group sync.WaitGroup
	for i := range 200 {
		group.Go(func() {
			name := fmt.Sprintf("%d/%d/%d", i%7, i%20, i%90)
			dir, release, err := d.Open(name, true)
			if err != nil {
				t.Error(err)
				return
			}
			defer release()
			if err := dir.WriteFile(fmt.Sprint(i), nil, 0o600); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for i := range 200 {
		if _, err := os.Stat(filepath.Join(top, fmt.Sprintf("%d/%d/%d/%d", i%7, i%20, i%90, i))); err != nil {
			t.Error(err)
		}
	}
	if len(d.open) != len(d.idle) || len(d.idle) > idleDirectories {
		t.Errorf("%d are open, %d of them idle", len(d.open), len(d.idle))
	}
	if _, _, err := d.Open("missing", false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing directory: %v", err)
	}
	empty := openDirectories(t, filepath.Join(top, "missing"), false)
	for e, err := range empty.Walk(tree.Filter{}) {
		t.Errorf("a missing root has %v, %v", e, err)
	}
}

// No link is followed, not even one that leads to a directory below the root.
func TestDirectoriesFollowNoLinks(t *testing.T) {
	top, outside := t.TempDir(), t.TempDir()
	write(t, filepath.Join(top, "real", "file"), "x")
	write(t, filepath.Join(outside, "file"), "x")
	for name, target := range map[string]string{"inside": "real", "outside": outside, "real/up": "..", "dangling": "nowhere"} {
		if err := os.Symlink(target, filepath.Join(top, name)); err != nil {
			t.Fatal(err)
		}
	}
	d := openDirectories(t, top, true)
	for _, name := range []string{"inside", "outside", "real/up", "dangling", "inside/deep", "real/file", "..", "real/../.."} {
		if _, _, err := d.Open(name, true); err == nil {
			t.Errorf("%s was opened", name)
		}
	}
	for _, name := range []string{"inside/file", "outside/file", "inside", "real"} {
		if err := d.Remove(entryOf(t, filepath.Join(top, name), name)); err == nil {
			t.Errorf("%s was removed", name)
		}
	}
	for _, name := range []string{filepath.Join(outside, "file"), filepath.Join(top, "real", "file")} {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
}

func entryOf(t *testing.T, name, path string) tree.Entry {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return tree.Entry{Path: path, Size: info.Size(), ModTime: info.ModTime()}
}

// A file is removed if it is the one that was listed. One that is gone is no error.
func TestRemove(t *testing.T) {
	top := t.TempDir()
	for _, name := range []string{"a", "sub/b", "sub/c", "sub/d"} {
		write(t, filepath.Join(top, name), name)
	}
	d := openDirectories(t, top, false)
	a, b, c := entryOf(t, filepath.Join(top, "a"), "a"), entryOf(t, filepath.Join(top, "sub/b"), "sub/b"), entryOf(t, filepath.Join(top, "sub/c"), "sub/c")
	write(t, filepath.Join(top, "sub/c"), "longer than before")
	if err := os.Chtimes(filepath.Join(top, "sub/c"), c.ModTime, c.ModTime); err != nil {
		t.Fatal(err)
	}
	later := entryOf(t, filepath.Join(top, "sub/d"), "sub/d")
	later.ModTime = later.ModTime.Add(-time.Second)
	for _, e := range []tree.Entry{a, b, a, {Path: "gone/x"}} {
		if err := d.Remove(e); err != nil {
			t.Error(err)
		}
	}
	for _, changed := range []tree.Entry{c, later} {
		if err := d.Remove(changed); !errors.Is(err, errChanged) {
			t.Errorf("%s, which has changed: %v", changed.Path, err)
		}
	}
	left, err := os.ReadDir(filepath.Join(top, "sub"))
	if err != nil || len(left) != 2 {
		t.Errorf("%v are left, %v", left, err)
	}
}

// A directory is removed if there are no files in it.
func TestRemoveEmpty(t *testing.T) {
	top := t.TempDir()
	write(t, filepath.Join(top, "full/deep/file"), "x")
	for _, name := range []string{"empty/a/b", "empty/c", "full/z"} {
		if err := os.MkdirAll(filepath.Join(top, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("nowhere", filepath.Join(top, "link")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(top)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := RemoveEmpty(root, "empty"); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"full", "link", "missing"} {
		if err := RemoveEmpty(root, name); err == nil {
			t.Errorf("%s was removed", name)
		}
	}
	entries, err := os.ReadDir(top)
	if err != nil || len(entries) != 2 {
		t.Errorf("%v are left, %v", entries, err)
	}
	if _, err := os.Stat(filepath.Join(top, "full/deep/file")); err != nil {
		t.Error(err)
	}
}

// Only a regular file that no link leads to is opened.
func TestOpen(t *testing.T) {
	top := t.TempDir()
	write(t, filepath.Join(top, "dir/file"), "x")
	if err := os.Symlink("file", filepath.Join(top, "dir/link")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(top)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	memory := fstest.MapFS{"dir/file": {Data: []byte("x"), Mode: 0o644}, "dir/link": {Data: []byte("file"), Mode: fs.ModeSymlink}}
	for _, test := range []struct {
		fsys fs.FS
		name string
		want error
	}{
		{root.FS(), "dir/file", nil},
		{memory, "dir/file", nil},
		{root.FS(), "dir/link", osfile.ErrReplaced},
		{memory, "dir/link", osfile.ErrReplaced},
		{root.FS(), "dir", osfile.ErrNotRegular},
		{memory, "dir", osfile.ErrNotRegular},
		{root.FS(), "missing", fs.ErrNotExist},
	} {
		f, info, err := Open(test.fsys, test.name)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
		if err == nil {
			if info.Size() != 1 {
				t.Errorf("%s has %d bytes", test.name, info.Size())
			}
			f.Close()
		}
	}
}

// Reserved names are neither copied nor extra, and extras can be left out.
func TestListings(t *testing.T) {
	list := func(paths ...string) tree.Listing {
		return func(yield func(tree.Entry, error) bool) {
			for _, path := range paths {
				if !yield(tree.Entry{Path: path}, nil) {
					return
				}
			}
		}
	}
	reserved := func(name string) bool { return strings.HasPrefix(name, "r") }
	plan := tree.Plan{Source: Reserve(list("a", "r1", "r/b"), reserved), Destination: Reserve(list("x", "r2", "sub/r3"), reserved)}
	var got []string
	for a, err := range plan.Actions(t.Context()) {
		got = append(got, fmt.Sprint(a.Kind, " ", a.Path, err))
	}
	if text, want := strings.Join(got, ", "), "missing a<nil>, missing r/b<nil>, skipped r1<nil>, extra x<nil>"; text != want {
		t.Errorf("%s, want %s", text, want)
	}
	for a := range WithoutExtras(plan.Actions(t.Context())) {
		if a.Kind == tree.Extra {
			t.Errorf("%s is extra", a.Path)
		}
	}
}

func TestProgress(t *testing.T) {
	var last Counts
	p := NewProgress(func(n Counts) { last = n })
	a, b := p.File(10), p.File(5)
	a.Set(Counts{Sent: 4, InFlight: 4, Total: -1})
	b.Set(Counts{Sent: 5, Confirmed: 5, Total: 5})
	a.End()
	p.End()
	if want := (Counts{Sent: 9, Confirmed: 5, Total: 15}); last != want {
		t.Errorf("%+v, want %+v", last, want)
	}
	none := NewProgress(nil)
	none.File(3).Set(Counts{})
	none.File(3).End()
	none.End()
}
