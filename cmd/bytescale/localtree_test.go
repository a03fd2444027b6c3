package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/c88edac7/bytescale-go/internal/osfile"
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

// found returns a line for each file that the arguments name, and each one that fails.
func found(t *testing.T, recursive bool, own string, args ...string) (lines []string) {
	t.Helper()
	dirs := &directories{ctx: t.Context(), own: own, skip: func(name, reason string) {
		lines = append(lines, "skip "+filepath.ToSlash(name)+": "+reason)
	}}
	line := func(it item) { lines = append(lines, "file "+filepath.ToSlash(it.path)+" "+it.tree) }
	for _, arg := range args {
		switch it, dir, err := argument(arg, recursive); {
		case err != nil:
			lines = append(lines, "fail "+arg+": "+explain(err))
		case dir != nil:
			dirs.list = append(dirs.list, dir)
		default:
			line(it)
		}
	}
	if len(dirs.list) == 0 {
		return lines
	}
	err := fs.WalkDir(dirs, ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			line(dirs.item(path))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return lines
}

func TestArguments(t *testing.T) {
	deep := strings.Repeat(strings.Repeat("d", 255)+"/", 2)
	tree(t, "a.txt", "dir/b.txt", "dir/.hidden", "dir/sub/{c}.txt", "dir/line\nbreak", deep+"file")
	link(t, "../a.txt", "dir/linked.txt")
	link(t, "..", "dir/up")
	link(t, "dir", "top")
	link(t, "a.txt", "one.txt")
	const refused = ": the name cannot be stored: it is not valid UTF-8, holds a line break or is longer than 512 characters; rename the file"
	for _, test := range []struct {
		name      string
		recursive bool
		args      []string
		want      []string
	}{
		{"files", false, []string{"a.txt", "dir/b.txt", "-", deep + "file"},
			[]string{"file a.txt ", "file dir/b.txt ", "file - ", "file " + deep + "file "}},
		{"a missing one", false, []string{"none", "a.txt"},
			[]string{"fail none: no such file or directory; check the name", "file a.txt "}},
		{"names that cannot be stored", false, []string{"dir/line\nbreak", "with \xff"},
			[]string{"fail dir/line\nbreak" + refused, "fail with \xff" + refused}},
		{"a directory without the flag", false, []string{"dir", "a.txt"},
			[]string{"fail dir: is a directory; add --recursive to upload what is in it", "file a.txt "}},
		{"a directory", true, []string{"dir"},
			[]string{"file dir/.hidden dir/.hidden", "file dir/b.txt dir/b.txt", "file dir/line\nbreak dir/line\nbreak", "file dir/sub/{c}.txt dir/sub/{c}.txt"}},
		{"a directory by a path", true, []string{"./dir/sub"},
			[]string{"file dir/sub/{c}.txt sub/{c}.txt"}},
		{"the directory above", true, []string{"dir/sub/.."}, []string{
			"file dir/.hidden .hidden", "file dir/b.txt b.txt", "file dir/line\nbreak line\nbreak", "file dir/sub/{c}.txt sub/{c}.txt"}},
		{"a link that is named, and two directories", true, []string{"one.txt", "top/sub", "dir/sub"},
			[]string{"file one.txt ", "file top/sub/{c}.txt sub/{c}.txt", "file dir/sub/{c}.txt sub/{c}.txt"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, found(t, test.recursive, "", test.args...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The directories come in the order of the arguments, however many there are.
func TestManyDirectories(t *testing.T) {
	var args, want []string
	for n := range 12 {
		dir := fmt.Sprintf("dir%d", 11-n)
		args = append(args, dir)
		want = append(want, fmt.Sprintf("file %s/file %[1]s/file", dir))
	}
	var names []string
	for _, arg := range args {
		names = append(names, arg+"/file")
	}
	tree(t, names...)
	if diff := cmp.Diff(want, found(t, true, "", args...)); diff != "" {
		t.Error(diff)
	}
}

// A tree is a file system as package io/fs wants it, and has no directory with the command's
// state. A large directory is read in pieces.
func TestLocalTree(t *testing.T) {
	var names []string
	for i := range 600 {
		names = append(names, fmt.Sprintf("dir/%05d", i))
	}
	tree(t, append(names, "dir/state/bytescale/checkpoint", "dir/sub/bytescale/file", "dir/sub/page.html")...)
	root, err := osfile.OpenRoot("dir")
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	local := &localTree{ctx: t.Context(), root: root}
	if err := fstest.TestFS(local, "00000", "00599", "sub/page.html", "state/bytescale/checkpoint"); err != nil {
		t.Error(err)
	}
	var skipped []string
	local.own = "dir/state/bytescale"
	local.skip = func(path, reason string) { skipped = append(skipped, path+": "+reason) }
	dir, err := local.Open(".")
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	read := 0
	for {
		entries, err := dir.(fs.ReadDirFile).ReadDir(100)
		read += len(entries)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(entries) == 0 {
			t.Fatalf("%d entries, %v", len(entries), err)
		}
	}
	inState, err := fs.ReadDir(local, "state")
	if want := []string{"state/bytescale: the state of this command"}; read != 602 || len(inState) > 0 || err != nil || !slices.Equal(skipped, want) {
		t.Errorf("%d entries, %v in the state's parent, %v; skipped %q", read, inState, err, skipped)
	}
	for name, want := range map[string]string{"sub/page.html": "text/html; charset=utf-8", "00000": "text/plain; charset=utf-8"} {
		if got, err := local.mime(name); got != want || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// A link is not opened, and neither is a directory argument that was replaced since it was
// found.
func TestLocalTreeFollowsNothing(t *testing.T) {
	tree(t, "dir/a.txt", "dir/sub/b.txt", "other/a.txt")
	link(t, "a.txt", "dir/link")
	link(t, "sub", "dir/dirlink")
	link(t, "../other", "dir/out")
	_, dir, err := argument("dir", true)
	if err != nil {
		t.Fatal(err)
	}
	dirs := &directories{ctx: t.Context(), list: []*directory{dir}}
	for _, name := range []string{"link", "dirlink", "out", "out/a.txt", "/a.txt", "../other/a.txt"} {
		if f, err := dirs.Open(name); err == nil {
			f.Close()
			t.Errorf("%s was opened", name)
		}
	}
	if _, err := dirs.Open("a.txt"); err != nil {
		t.Error(err)
	}
	if err := os.Rename("dir", "moved"); err != nil {
		t.Fatal(err)
	}
	link(t, "other", "dir")
	if _, err := dirs.Open("a.txt"); !errors.Is(err, osfile.ErrReplaced) {
		t.Errorf("a directory that was replaced: %v", err)
	}
}
