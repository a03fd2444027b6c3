//go:build unix

package osfile

import (
	"os"
	"sync"
	"testing"
)

// Several processes of this user may replace the same file at the same time: one of them is the
// last, and none fails.
func TestNewFilesOfTheSameName(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	root, err := OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 500 {
				f, err := named(root)
				if err != nil {
					t.Error(err)
					return
				}
				if err := f.Place("file", true); err != nil {
					t.Error(err)
				}
				f.Discard()
			}
		})
	}
	group.Wait()
}
