//go:build unix

package download

import (
	"errors"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"testing"
)

// Of any number of downloads to the same name at the same time, one has the state file, and
// with it the part file. Windows may refuse to open a file that is being removed.
func TestOneHasTheState(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	d := &destination{Place: Place{Dir: root}}
	const name = "state"
	var have, took atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 2000 {
				file, err := d.createState(name)
				if errors.Is(err, fs.ErrExist) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				took.Add(1)
				if n := have.Add(1); n > 1 {
					t.Errorf("%d have the state", n)
				}
				have.Add(-1)
				(&state{root: root, name: name, file: file}).remove()
			}
		})
	}
	group.Wait()
	if took.Load() == 0 {
		t.Error("none ever had the state")
	}
}
