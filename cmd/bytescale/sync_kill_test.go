//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A sync that is killed twice, in either direction, ends in equal sides when it is run again, and
// what was transferred does not travel again.
func TestSyncKilled(t *testing.T) {
	t.Parallel()
	const files = 300
	emulator := startEmulatorProcess(t, "127.0.0.1:0", filepath.Join(t.TempDir(), "data"), "--part-size", "64KiB")
	i := withEmulator(t, emulator.url)
	i.makeTree("here", files)
	i.killTwice(files, "sync", "--files", "8", "here", "bytescale:/sync")
	i.killTwice(files, "sync", "--files", "8", "bytescale:/sync", "there")
	i.equalTrees("here", "there")
	for _, args := range [][]string{{"here", "bytescale:/sync"}, {"bytescale:/sync", "there"}, {"there", "bytescale:/sync"}} {
		p := i.must("sync", "--delete", "--dry-run", args[0], args[1])
		if want := fmt.Sprintf("bytescale: without --dry-run: %d unchanged\n", files); p.out.String() != "" || p.err.String() != want {
			t.Errorf("%v: %s%s", args, &p.out, &p.err)
		}
	}
}

// makeTree makes a tree of files of 0 to 200 KB in some directories.
func (i *interruption) makeTree(top string, files int) {
	i.t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	for n := range files {
		dir := filepath.Join(top, fmt.Sprintf("d%d", n%7), fmt.Sprintf("{e%d}", n%3))
		if err := os.MkdirAll(filepath.Join(i.dir, dir), 0o700); err != nil {
			i.t.Fatal(err)
		}
		i.write(filepath.Join(dir, fmt.Sprintf("%03d.bin", n)), random.IntN(200_000))
	}
}

// killTwice runs a command to its end, after it was killed twice in the middle. Each file is
// printed as done at most twice: a process may be killed between the two.
func (i *interruption) killTwice(files int, args ...string) {
	i.t.Helper()
	printed := 0
	for _, third := range []int{files / 3, files * 2 / 3} {
		p := i.start(nil, args...)
		i.until("a third of the files", func() bool {
			return printed+strings.Count(p.out.String(), "\n") >= third
		})
		p.kill()
		printed += strings.Count(p.out.String(), "\n")
		if p.ProcessState.ExitCode() == exitOK {
			i.t.Fatalf("it ended before it was killed")
		}
	}
	began := time.Now()
	p := i.must(args...)
	printed += strings.Count(p.out.String(), "\n")
	i.t.Logf("%q: %d lines in three runs, the last one in %v: %s", args, printed, time.Since(began).Round(time.Millisecond), &p.err)
	if printed > files+2*8 || printed < files-2*8 {
		i.t.Errorf("%d files were transferred in three runs, there are %d", printed, files)
	}
}

// equalTrees fails the test unless both directories have the same files.
func (i *interruption) equalTrees(one, other string) {
	i.t.Helper()
	contents := func(top string) map[string][]byte {
		found := map[string][]byte{}
		err := fs.WalkDir(os.DirFS(filepath.Join(i.dir, top)), ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			found[path], err = os.ReadFile(filepath.Join(i.dir, top, path))
			return err
		})
		if err != nil {
			i.t.Fatal(err)
		}
		return found
	}
	first, second := contents(one), contents(other)
	if len(first) != len(second) {
		i.t.Errorf("%s has %d files, %s has %d", one, len(first), other, len(second))
	}
	for path, content := range first {
		if !bytes.Equal(content, second[path]) {
			i.t.Errorf("%s differs", path)
		}
	}
}
