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
	"syscall"
	"testing"
	"time"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
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

// After a signal a sync says that it can be continued, and ends with the signal's exit code. The
// same command then goes on in the middle of a file, in either direction.
func TestSyncInterrupted(t *testing.T) {
	for sig, code := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			i := newInterruption(t, stall("CompleteUploadPart", 5, false))
			if err := os.Mkdir(filepath.Join(i.dir, "films"), 0o700); err != nil {
				t.Fatal(err)
			}
			i.write("films/film", filmSize)
			stop := func(args ...string) {
				t.Helper()
				p := i.start(nil, args...)
				if args[1] == "films" {
					i.held("CompleteUploadPart")
				} else {
					i.until("some of the file", func() bool { return i.downloaded() > filmSize/4 })
				}
				if err := p.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
				if got := p.finish(); got != code || p.err.String() != "bytescale: interrupted; run the same command again to continue\n" || p.out.String() != "" {
					t.Errorf("%q: exit code %d: %s%s", args, got, &p.out, &p.err)
				}
			}
			stop("sync", "films", "bytescale:/films")
			i.restart()
			if p := i.must("sync", "films", "bytescale:/films"); !strings.HasPrefix(p.err.String(), "bytescale: films/film: continuing the interrupted upload\nbytescale: 1 uploaded, ") {
				t.Errorf("it said %s", &p.err)
			}
			i.script([]fault.Fault{{Operation: "DownloadFile", Kind: fault.Trickle, Rate: 6 * mib, Times: -1}})
			stop("sync", "bytescale:/films", "here")
			before := i.downloaded()
			i.restart()
			i.must("sync", "bytescale:/films", "here")
			i.same("films/film", "here/film")
			if sent, most := i.sentFilm(), int64(filmSize-before+costOfKill); sent > most {
				t.Errorf("%d bytes travelled, %d were missing", sent, most)
			}
			if left := i.leftovers(); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}
