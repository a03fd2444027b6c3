//go:build memory && unix

package main

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// The bounds on peak memory, in bytes, of the built command as a process of
// its own. They hold on Linux, where the peak can be read.
const (
	fileBound   = 20e6
	streamBound = 64<<20 + 32e6 // the default budget and 32 MB
	smallBound  = 32e6
)

func memoryBench(t *testing.T) (*bench, *server) {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{dir: t.TempDir(), root: root}
	if err := b.buildPrograms(); err != nil {
		t.Fatal(err)
	}
	s, err := b.serve(conditions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	return b, s
}

// sparse makes a file that takes no room on the disk.
func sparse(t *testing.T, size int64) work {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sparse.bin")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Truncate(size); err != nil {
		t.Fatal(err)
	}
	return work{size: size, files: 1, paths: []string{path}}
}

func wantPeak(t *testing.T, b *bench, s *server, name string, w work, bound int64) {
	t.Helper()
	for _, c := range b.clients() {
		if c.name != name {
			continue
		}
		cmd, err := c.command(w, s)
		if err != nil {
			t.Fatal(err)
		}
		got, err := measure(cmd)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: peak %.1f MB of %.1f MB, %.1f s", name, float64(got.RSS)/1e6, float64(bound)/1e6, got.Seconds)
		if got.RSS == 0 || got.RSS > bound {
			t.Errorf("%s: peak memory is %d bytes, the bound is %d", name, got.RSS, bound)
		}
		return
	}
	t.Fatalf("no client %q", name)
}

func TestMemoryOfAFileOf20GiB(t *testing.T) {
	b, s := memoryBench(t)
	wantPeak(t, b, s, "bytescale file", sparse(t, 20<<30), fileBound)
}

func TestMemoryOfAStream(t *testing.T) {
	b, s := memoryBench(t)
	wantPeak(t, b, s, "bytescale stream", sparse(t, 2<<30), streamBound)
}

func TestMemoryOfManySmallFiles(t *testing.T) {
	b, s := memoryBench(t)
	w := work{size: 10e3, files: 2000}
	if err := w.prepare(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if len(w.paths) != 2000 {
		t.Fatal("wrong number of files: " + strconv.Itoa(len(w.paths)))
	}
	wantPeak(t, b, s, "bytescale file", w, smallBound)
}
