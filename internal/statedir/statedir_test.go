package statedir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/c88edac7/bytescale-go/internal/osfile"
)

const month = 30 * 24 * time.Hour

func mustOpen(t *testing.T, name string) *Dir {
	t.Helper()
	d, err := Open(name, month)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func mustSave(t *testing.T, d *Dir, key, content string) {
	t.Helper()
	if err := d.Save(key, []byte(content)); err != nil {
		t.Fatal(err)
	}
}

func wantEntry(t *testing.T, d *Dir, key, want string) {
	t.Helper()
	got, err := d.Load(t.Context(), key)
	if string(got) != want || err != nil {
		t.Errorf("%s: %q, %v; want %q", key, got, err, want)
	}
}

func wantNone(t *testing.T, d *Dir, key string) {
	t.Helper()
	if got, err := d.Load(t.Context(), key); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %q, %v; want fs.ErrNotExist", key, got, err)
	}
}

// inside returns the names in the directory.
func inside(t *testing.T, d *Dir) []string {
	t.Helper()
	entries, err := os.ReadDir(d.name)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// Entries outlive the process. Neither they nor their locks remain when they are deleted.
func TestEntries(t *testing.T) {
	name := filepath.Join(t.TempDir(), "missing", "state")
	d := mustOpen(t, name)
	wantNone(t, d, "a")
	if err := d.Delete("a"); err != nil {
		t.Errorf("delete what is not there: %v", err)
	}
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory was created for nothing: %v", err)
	}
	unlock, err := d.Lock("a")
	if err != nil {
		t.Fatal(err)
	}
	mustSave(t, d, "a", "one")
	mustSave(t, d, "a", "two")
	mustSave(t, d, "../b\x00"+strings.Repeat("long", 1000), "other")
	unlock()
	if runtime.GOOS != "windows" {
		for path, want := range map[string]os.FileMode{name: 0o700, filepath.Join(name, entryName("a")): 0o600, filepath.Join(name, entryName("a")+".lock"): 0o600} {
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
				t.Errorf("%s: mode %v, %v; want %v", path, info.Mode(), err, want)
			}
		}
	}

	again := mustOpen(t, name)
	wantEntry(t, again, "a", "two")
	wantEntry(t, again, "../b\x00"+strings.Repeat("long", 1000), "other")
	unlock, err = again.Lock("a")
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Delete("a"); err != nil {
		t.Error(err)
	}
	unlock()
	wantNone(t, d, "a")
	if left := inside(t, d); len(left) != 1 {
		t.Errorf("left behind: %q", left)
	}
}

func TestLocks(t *testing.T) {
	name := t.TempDir() + "/state"
	first, second := mustOpen(t, name), mustOpen(t, name)
	unlock, err := first.Lock("a")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*Dir{first, second} {
		if _, err := d.Lock("a"); !errors.Is(err, ErrLocked) {
			t.Errorf("%v, want ErrLocked", err)
		}
	}
	other, err := second.Lock("b")
	if err != nil {
		t.Errorf("another key: %v", err)
	} else {
		other()
	}
	unlock()
	if unlock, err = second.Lock("a"); err != nil {
		t.Fatal(err)
	}
	unlock()
	if left := inside(t, first); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

// Only one at a time has the lock, although each removes the lock file.
func TestLockIsExclusive(t *testing.T) {
	d := mustOpen(t, t.TempDir()+"/state")
	var holders, taken atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 2000 {
				unlock, err := d.Lock("a")
				if errors.Is(err, ErrLocked) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				taken.Add(1)
				if n := holders.Add(1); n != 1 {
					t.Errorf("%d holders", n)
				}
				holders.Add(-1)
				unlock()
			}
		})
	}
	all.Wait()
	if taken.Load() == 0 {
		t.Error("nobody ever got the lock")
	}
}

// Old entries and the locks of killed processes go with the first entry that is saved. What is
// locked, what is young and what is not an entry stays.
func TestSweep(t *testing.T) {
	name := t.TempDir() + "/state"
	d := mustOpen(t, name)
	old := time.Now().Add(-month - time.Hour)
	age := func(file string) {
		t.Helper()
		if err := os.Chtimes(filepath.Join(name, file), old, old); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"young", "old", "old and locked"} {
		mustSave(t, d, key, key)
	}
	for _, file := range []string{entryName("killed") + ".lock", "notes.txt", "0123.json"} {
		if err := os.WriteFile(filepath.Join(name, file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	unlock, err := d.Lock("old and locked")
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	for _, file := range []string{entryName("old"), entryName("old and locked"), "notes.txt", "0123.json"} {
		age(file)
	}
	mustSave(t, d, "more", "") // d has swept already
	wantEntry(t, d, "old", "old")

	mustSave(t, mustOpen(t, name), "new", "")
	wantNone(t, d, "old")
	wantEntry(t, d, "young", "young")
	wantEntry(t, d, "old and locked", "old and locked")
	if left := inside(t, d); len(left) != 7 { // four entries, a lock and two files of others
		t.Errorf("left: %q", left)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link, shared := filepath.Join(dir, "link"), filepath.Join(dir, "shared")
	if err := os.Mkdir(filepath.Join(dir, "real"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", link); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(shared, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(shared, 0o707); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{file: osfile.ErrNotPrivate, link: osfile.ErrNotPrivate, shared: osfile.ErrNotPrivate, filepath.Join(file, "below"): nil} {
		if name == shared && runtime.GOOS == "windows" {
			continue // permissions are not those of Unix there
		}
		if _, err := Open(name, month); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}
