//go:build unix

package tree

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"testing"
)

// apply carries out actions on real directories, within them.
func apply(t *testing.T, source, destination *os.Root, all []Action) {
	t.Helper()
	for _, a := range all {
		switch {
		case a.Kind.Copies():
			content, err := source.ReadFile(a.Path)
			if err != nil {
				t.Fatal(err)
			}
			if err := destination.MkdirAll(path.Dir(a.Path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := destination.WriteFile(a.Path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := destination.Chtimes(a.Path, a.Source.ModTime, a.Source.ModTime); err != nil {
				t.Fatal(err)
			}
		case a.Kind == Extra:
			if err := destination.Remove(a.Path); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Real directories become equal, and links lead nowhere.
func TestPlanOfDirectories(t *testing.T) {
	_, outside := makeTree(t, "untouched")
	source, from := makeTree(t, "a", "d/e/f", "d-/g", "linked/x", "was/directory", "same", ".hidden")
	destination, to := makeTree(t, "d/e/old", "was-not", "linked-too/x", "same", "d/e/f")
	for link, dir := range map[string]string{"linked": to, "link": from} {
		if err := os.Symlink(outside, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(to, "d/e/f"), []byte("shorter"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := Plan{
		Source: Walk(source.FS(), Filter{}), Destination: Walk(destination.FS(), Filter{}),
		Target: Local(), TempDir: t.TempDir(),
	}
	first := actions(t, p)
	const want = "missing:.hidden missing:a size-differs:d/e/f missing:d-/g symbolic-link:link" +
		" in-the-way:linked/x(linked) equal:same missing:was/directory extra:d/e/old extra:linked-too/x extra:was-not"
	if got := words(first); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	apply(t, source, destination, first)
	const then = "equal:.hidden equal:a equal:d/e/f equal:d-/g symbolic-link:link" +
		" in-the-way:linked/x(linked) equal:same equal:was/directory"
	if got := words(actions(t, p)); got != then {
		t.Errorf("got  %s\nwant %s", got, then)
	}
	if left, err := fs.Glob(os.DirFS(outside), "*"); err != nil || len(left) != 1 || left[0] != "untouched" {
		t.Errorf("outside there is %v, %v", left, err)
	}
}
