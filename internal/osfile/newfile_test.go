package osfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Both kinds of new files get their name only when they are whole, replace a file only if
// they may, and leave nothing behind.
func TestNewFile(t *testing.T) {
	for name, create := range map[string]func(*os.Root) (*NewFile, error){"any": Create, "named": named} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			root, err := OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			write := func(content string) *NewFile {
				t.Helper()
				f, err := create(root)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := f.WriteString(content); err != nil {
					t.Fatal(err)
				}
				return f
			}
			holds := func(want string) {
				t.Helper()
				got, err := os.ReadFile(filepath.Join(dir, "file"))
				if string(got) != want {
					t.Errorf("it holds %q, %v; want %q", got, err, want)
				}
				if entries, err := os.ReadDir(dir); len(entries) != 1 || err != nil {
					t.Errorf("in the directory: %v, %v", entries, err)
				}
			}

			f := write("one")
			if _, err := os.Lstat(filepath.Join(dir, "file")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the name before the end: %v", err)
			}
			if err := f.Place("file", false); err != nil {
				t.Fatal(err)
			}
			f.Discard()
			holds("one")

			f = write("two")
			if err := f.Place("file", false); !errors.Is(err, fs.ErrExist) {
				t.Errorf("a name that is taken: %v", err)
			}
			f.Discard()
			holds("one")

			f = write("three")
			if err := f.Place("file", true); err != nil {
				t.Fatal(err)
			}
			f.Discard()
			holds("three")

			write("dropped").Discard()
			holds("three")
		})
	}
}

// Something else in the place of the temporary name is neither changed nor put in place of
// the new file.
func TestNewFileOvertaken(t *testing.T) {
	for _, replace := range []bool{false, true} {
		dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
		root, err := OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		f, err := named(root)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, f.temporary)); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(outside, filepath.Join(dir, f.temporary)); err != nil {
			t.Fatal(err)
		}
		if err := SetMode(f.File, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := f.Place("file", replace); !errors.Is(err, ErrOvertaken) {
			t.Errorf("replace %v: %v", replace, err)
		}
		f.Discard()
		if info, err := os.Stat(outside); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the file of somebody else: %v, %v", info, err)
		}
		if _, err := os.Lstat(filepath.Join(dir, "file")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("replace %v: the name was given: %v", replace, err)
		}
	}
}

func named(root *os.Root) (*NewFile, error) { return createNamed(root, 0o600) }

// A file without a name gets a temporary one only if it replaces another file, because that would
// remain if the process were killed.
func TestNewNameNeedsNoOther(t *testing.T) {
	root, err := OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, replaces := range []bool{false, true} {
		f, err := Create(root)
		if err != nil {
			t.Fatal(err)
		}
		unnamed := f.temporary == ""
		if err := f.Place("file", true); err != nil {
			t.Fatal(err)
		}
		if named := f.temporary != ""; unnamed && named != replaces {
			t.Errorf("replaces a file: %v; had a temporary name: %v", replaces, named)
		}
	}
}
