package store

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// filledStore returns a directory with a closed store that has some files, and the
// names of their blobs.
func filledStore(t *testing.T) (dir string, blobs []string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	store, err := OpenDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	store.temporary, store.db.NoSync = true, true // nothing here outlives a crash
	for i := range 20 {
		file := File{AccountID: "A623uY2", Path: "/" + strings.Repeat("x", i), Size: 3, Metadata: []byte(`{"a":"` + strings.Repeat("m", 2000) + `"}`)}
		if err := store.AddFile(file, receive(t, store, "abc"), false); err != nil {
			t.Fatal(err)
		}
	}
	store.temporary = false
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, blobFiles(t, dir)
}

func mustNotOpen(t *testing.T, dir, want string) {
	t.Helper()
	store, err := OpenDisk(dir)
	if err == nil {
		store.Close()
		t.Errorf("opened, want %q", want)
		return
	}
	if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%q, want one line with %q", err, want)
	}
}

// A state that is empty or of another store does not make the blobs go: they are
// more likely to be the right half.
func TestDiskKeepsBlobsOfAnotherState(t *testing.T) {
	t.Parallel()
	other, _ := filledStore(t)
	for name, change := range map[string]struct {
		do   func(dir string) error
		want string
	}{
		"an empty state": {func(dir string) error { return os.Truncate(filepath.Join(dir, stateName), 0) }, "is empty and blobs is not"},
		"a new state": {func(dir string) error {
			fresh, err := OpenDisk(filepath.Join(dir, "..", "fresh"))
			if err != nil {
				return err
			}
			return errors.Join(fresh.Close(), os.Rename(filepath.Join(dir, "..", "fresh", stateName), filepath.Join(dir, stateName)))
		}, "do not belong together"},
		"the state of another store": {func(dir string) error {
			data, err := os.ReadFile(filepath.Join(other, stateName))
			return errors.Join(err, os.WriteFile(filepath.Join(dir, stateName), data, 0o600))
		}, "do not belong together"},
		"no blobs": {func(dir string) error { return os.RemoveAll(filepath.Join(dir, blobsName)) }, "do not belong together"},
		"no id":    {func(dir string) error { return os.Remove(filepath.Join(dir, blobsName, idName)) }, "do not belong together"},
		"no state": {func(dir string) error { return os.Remove(filepath.Join(dir, stateName)) }, "has no state.db"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, blobs := filledStore(t)
			if err := change.do(dir); err != nil {
				t.Fatal(err)
			}
			mustNotOpen(t, dir, change.want)
			if name == "no blobs" {
				return
			}
			if left := blobFiles(t, dir); len(left) != len(blobs) {
				t.Errorf("%d of %d blobs are left", len(left), len(blobs))
			}
		})
	}
}

// A damaged state is an error of one line, wherever the damage is, and never a panic.
func TestDiskRefusesADamagedState(t *testing.T) {
	t.Parallel()
	dir, blobs := filledStore(t)
	whole, err := os.ReadFile(filepath.Join(dir, stateName))
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	page := os.Getpagesize()
	tests := map[string][]byte{
		"nonsense":         bytes.Repeat([]byte("x"), len(whole)),
		"half":             whole[:len(whole)/2],
		"a third":          whole[:len(whole)/3/page*page],
		"two pages":        whole[:2*page],
		"zeros at the end": append(bytes.Clone(whole[:len(whole)/2]), make([]byte, len(whole)-len(whole)/2)...),
	}
	for i := 2; i*page < len(whole); i++ {
		damaged := bytes.Clone(whole)
		for j := range page {
			damaged[i*page+j] = byte(random.Uint32())
		}
		tests["page "+string(rune('0'+i/10))+string(rune('0'+i%10))] = damaged
	}
	refused := 0
	for name, state := range tests {
		copied := filepath.Join(t.TempDir(), "data")
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(copied, stateName), state, 0o600); err != nil {
			t.Fatal(err)
		}
		store, err := OpenDisk(copied)
		if err == nil { // the page was not in use
			if _, err := store.Files(); err != nil {
				t.Errorf("%s: opened, then %v", name, err)
			}
			store.Close()
			continue
		}
		refused++
		if !strings.Contains(err.Error(), stateName) || strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("%s: %q", name, err)
		}
		if left := blobFiles(t, copied); len(left) != len(blobs) {
			t.Errorf("%s: %d of %d blobs are left", name, len(left), len(blobs))
		}
	}
	if refused < len(tests)/2 {
		t.Errorf("%d of %d damaged states were refused", refused, len(tests))
	}
}

// Links in the directory do not lead the store to files elsewhere.
func TestDiskFollowsNoLinks(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // links need a privilege there
	}
	for _, name := range []string{blobsName, incomingName, stateName} {
		dir, _ := filledStore(t)
		elsewhere := filepath.Join(t.TempDir(), "elsewhere")
		if err := os.Rename(filepath.Join(dir, name), elsewhere); err != nil {
			t.Fatal(err)
		}
		treasure := elsewhere
		if name != stateName {
			treasure = filepath.Join(elsewhere, strings.Repeat("a", blobNameLength))
			if err := os.WriteFile(treasure, []byte("precious"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink(elsewhere, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		mustNotOpen(t, dir, name+" is not a ")
		if _, err := os.Stat(treasure); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A directory in which others could have put something is refused and not changed.
func TestDiskRefusesDirectoriesOfOthers(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // permissions are inherited there
	}
	dir, _ := filledStore(t)
	if err := os.Chmod(dir, 0o770); err != nil {
		t.Fatal(err)
	}
	mustNotOpen(t, dir, "other users can write to it")
	full := t.TempDir()
	if err := errors.Join(os.WriteFile(filepath.Join(full, "thesis.txt"), nil, 0o600), os.Chmod(full, 0o755)); err != nil {
		t.Fatal(err)
	}
	mustNotOpen(t, full, "not empty")
	for _, kept := range []struct {
		dir  string
		mode fs.FileMode
	}{{dir, 0o770}, {full, 0o755}} {
		if info, err := os.Stat(kept.dir); err != nil || info.Mode().Perm() != kept.mode {
			t.Errorf("mode %v, %v; want %v", info.Mode(), err, kept.mode)
		}
	}
	if os.Geteuid() != 0 {
		return // only root can make a directory of another user
	}
	foreign := t.TempDir()
	if err := os.Chown(foreign, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	mustNotOpen(t, foreign, "belongs to another user")
}
