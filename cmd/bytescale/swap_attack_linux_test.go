package main

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	bytescale "github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// The tests of this file swap names while the command works on them, as another user who
// can write to the directory could. If root runs the tests, another user does it.

const (
	secret = "the secret of somebody else"
	nobody = 65534
)

// attacked is a directory in which somebody swaps names.
type attacked struct {
	*interruption
	outside string // a directory of the victim, which the attacker has no access to
	swapper string // the program that swaps
}

func newAttacked(t *testing.T) *attacked {
	t.Helper()
	a := &attacked{interruption: newInterruption(t)}
	dir, err := os.MkdirTemp("", "attacked-") // other users have access to it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	a.dir = dir
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	a.swapper = filepath.Join(dir, "swap")
	if out, err := exec.Command("go", "build", "-o", a.swapper, "./testdata/swap").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	a.outside = filepath.Join(dir, "outside")
	if err := os.Mkdir(a.outside, 0o700); err != nil {
		t.Fatal(err)
	}
	a.file(filepath.Join(a.outside, "file"), secret)
	return a
}

func (a *attacked) file(name, content string) {
	a.t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		a.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// swap lets the other user exchange names below the directory until the test calls stop.
// The test fails if a pair was exchanged less often than the command ran. A pattern may
// never have matched.
func (a *attacked) swap(names ...string) (stop func()) {
	a.t.Helper()
	for i := range names {
		names[i] = filepath.Join(a.dir, names[i])
	}
	cmd := exec.Command(a.swapper, names...)
	var counts bytes.Buffer
	cmd.Stdout, cmd.Stderr = &counts, os.Stderr
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	if err := cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	end := sync.OnceFunc(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	a.t.Cleanup(end)
	return func() {
		a.t.Helper()
		end()
		sum := 0
		for line := range strings.Lines(counts.String()) {
			var name string
			var count int
			if _, err := fmt.Sscan(line, &name, &count); err != nil {
				a.t.Fatalf("%q: %v", line, err)
			}
			if count < *rounds && !strings.Contains(name, "*") {
				a.t.Errorf("%s was exchanged %d times", name, count)
			}
			sum += count
		}
		a.t.Logf("%d exchanges by user %d during %d runs of the command", sum, cmp.Or(os.Geteuid(), nobody), *rounds)
	}
}

// give makes names below the directory the other user's.
func (a *attacked) give(names ...string) {
	a.t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	for _, name := range names {
		if err := os.Lchown(filepath.Join(a.dir, name), nobody, nobody); err != nil {
			a.t.Fatal(err)
		}
	}
}

var rounds = flag.Int("rounds", 30, "how often a test runs the command while somebody swaps names")

// Whatever is put in the place of a file or a directory during upload -r, what is stored is
// what the tree holds.
func TestSwapsDuringUpload(t *testing.T) {
	t.Parallel()
	a := newAttacked(t)
	for i := range 20 {
		a.file(filepath.Join(a.dir, "tree", fmt.Sprintf("dir%02d", i), "file"), "of the tree")
	}
	a.file(filepath.Join(a.dir, "tree", "dir10", "victim"), "of the tree")
	others := filepath.Join(a.dir, "others")
	if err := os.Mkdir(others, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"link": filepath.Join(a.outside, "file"), "dirlink": a.outside, "dirup": ".."} {
		if err := os.Symlink(target, filepath.Join(others, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"pipe", "dirpipe"} {
		if err := unix.Mkfifo(filepath.Join(others, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a.give("tree", "tree/dir10", "tree/dir11", "tree/dir12", "tree/dir13", "tree/dir10/victim", "tree/dir14/file", "tree/dir14", "others")
	stop := a.swap("tree/dir10/victim", "others/link", "tree/dir11", "others/dirlink", "tree/dir12", "others/dirup",
		"tree/dir13", "others/dirpipe", "tree/dir14/file", "others/pipe")
	for range *rounds {
		p := a.start(nil, "upload", "-q", "-r", "--no-resume", "--folder", "/{UNIQUE_DIGITS_20}", "tree")
		if code := p.finish(); code != exitOK && code != exitFailed {
			t.Fatalf("exit code %d: %s", code, &p.err)
		}
	}
	stop()
	a.noSecretStored()
}

// noSecretStored fails the test if a stored file has the secret.
func (a *attacked) noSecretStored() {
	a.t.Helper()
	files, err := a.store.Files()
	if err != nil {
		a.t.Fatal(err)
	}
	if len(files) < *rounds {
		a.t.Errorf("only %d files were stored", len(files))
	}
	for _, file := range files {
		content, _, err := a.service.content(file.Path)
		if err != nil || bytes.Contains(content, []byte(secret)) {
			a.t.Fatalf("%s is stored as %q, %v", file.Path, content, err)
		}
		if strings.Contains(file.Path, "outside") {
			a.t.Fatalf("%s is stored", file.Path)
		}
	}
}

// Whatever is put in the place of a download, in a directory of somebody else, nothing of
// the downloading user changes.
func TestSwapsDuringDownload(t *testing.T) {
	t.Parallel()
	a := newAttacked(t)
	a.must("upload", "-q", "--folder", "/films", "--name", "movie.mp4", filepath.Join(a.outside, "file"))
	dir := filepath.Join(a.dir, "theirs")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	a.file(filepath.Join(dir, "other"), "of the attacker")
	a.give("theirs", "theirs/other")
	stop := a.swap("theirs/.bytescale-*", "theirs/link", "theirs/movie.mp4", "theirs/link", "theirs/movie.mp4", "theirs/other")
	for range *rounds {
		os.Remove(filepath.Join(dir, "movie.mp4"))
		os.Remove(filepath.Join(dir, "link"))
		if err := os.Symlink(filepath.Join(a.outside, "file"), filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
		a.start(nil, "download", "-q", "-o", "theirs", moviePath).finish()
	}
	stop()
	a.untouched()
}

// A download of a small file that is killed leaves nothing.
func TestKilledDownload(t *testing.T) {
	t.Parallel()
	i := newInterruption(t)
	i.must("upload", "-q", "--folder", "/films", "--name", "movie.mp4", "movie.mp4")
	i.script([]fault.Fault{{Operation: "DownloadFile", Kind: fault.Trickle, Rate: 100_000, Times: -1}})
	if err := os.Mkdir(filepath.Join(i.dir, "here"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := i.start(nil, "download", "-o", "here", moviePath)
	i.until("the first bytes", func() bool {
		written, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", p.Process.Pid))
		var read int64
		if _, after, found := strings.Cut(string(written), "wchar: "); found {
			fmt.Sscan(after, &read)
		}
		return err == nil && read > 50_000
	})
	p.kill()
	entries, err := os.ReadDir(filepath.Join(i.dir, "here"))
	if len(entries) > 0 || err != nil {
		t.Errorf("it left %v, %v", entries, err)
	}
}

// A link or a pipe that somebody else has put in the directory of a download is not used,
// not even if it comes after the command has looked. --force replaces it.
func TestDownloadUsesNoLinksOfOthers(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t)
	file, err := srv.Client().Upload(t.Context(), bytescale.Bytes([]byte("stored")), bytescale.WithFileName("movie.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	shows := newProgress(io.Discard, true, os.Getenv)
	for name, plant := range map[string]func(outside, name string) error{
		"a link to a file":  func(outside, name string) error { return os.Symlink(filepath.Join(outside, "file"), name) },
		"a link to nothing": func(outside, name string) error { return os.Symlink(filepath.Join(outside, "none"), name) },
		"a pipe":            func(_, name string) error { return unix.Mkfifo(name, 0o600) },
		"a link to a pipe":  func(outside, name string) error { return os.Symlink(filepath.Join(outside, "pipe"), name) },
	} {
		for _, force := range []bool{false, true} {
			dir, outside := t.TempDir(), t.TempDir()
			if err := os.WriteFile(filepath.Join(outside, "file"), []byte(secret), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := unix.Mkfifo(filepath.Join(outside, "pipe"), 0o600); err != nil {
				t.Fatal(err)
			}
			c := &downloadCmd{output: dir, force: force}
			to, err := c.target(file.FilePath)
			if err != nil {
				t.Fatal(err)
			}
			if err := plant(outside, to.name); err != nil {
				t.Fatal(err)
			}
			if _, err := c.target(file.FilePath); (err == nil) != force {
				t.Errorf("%s, found at once, force %v: %v", name, force, err)
			}
			if err := c.toFile(t.Context(), srv.Client(), file.FilePath, to, shows); (err == nil) != force {
				t.Errorf("%s, force %v: %v", name, force, err)
			}
			info, err := os.Lstat(to.name)
			if err != nil || info.Mode().IsRegular() != force {
				t.Errorf("%s, force %v: the name is that of %v, %v", name, force, info, err)
			}
			content, err := os.ReadFile(filepath.Join(outside, "file"))
			if entries, _ := os.ReadDir(outside); len(entries) != 2 || string(content) != secret || err != nil {
				t.Errorf("%s, force %v: among the victim's files: %v, %q, %v", name, force, entries, content, err)
			}
		}
	}
}

// Whatever is put in the place of the state directory, where somebody else can write,
// nothing of the uploading user changes, and the upload succeeds.
func TestSwapsDuringCheckpoints(t *testing.T) {
	t.Parallel()
	a := newAttacked(t)
	a.write("movie.mp4", movieSize)
	slot := filepath.Base(a.slotOf("movie.mp4")) // as the attacker knows it
	theirs := filepath.Join(a.dir, "theirs")
	for _, dir := range []string{theirs, filepath.Join(theirs, "fake")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{slot, slot + ".lock", slot + ".new"} {
		if err := os.Symlink(filepath.Join(a.outside, "file"), filepath.Join(theirs, "fake", name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"link": a.outside, "uplink": ".."} {
		if err := os.Symlink(target, filepath.Join(theirs, name)); err != nil {
			t.Fatal(err)
		}
	}
	a.setenv("XDG_STATE_HOME", theirs)
	if err := unix.Mkfifo(filepath.Join(theirs, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	a.give("theirs", "theirs/pipe", "theirs/fake", "theirs/link", "theirs/uplink")
	// A directory of the victim can be renamed by whoever owns the directory above, but not
	// be moved to another one.
	stop := a.swap("theirs/bytescale", "theirs/fake", "theirs/bytescale", "theirs/link", "theirs/bytescale", "theirs/uplink", "theirs/bytescale", "theirs/pipe")
	for range *rounds {
		if p := a.start(nil, "upload", "-q", "--folder", "/films", "movie.mp4"); p.finish() != exitOK {
			t.Fatalf("it failed: %s", &p.err)
		}
	}
	stop()
	a.untouched()
}

// Whatever is put in the place of an emulator's data directory, where somebody else can
// write, the emulator starts or refuses in one line, and changes nothing but its data.
func TestSwapsDuringEmulator(t *testing.T) {
	t.Parallel()
	a := newAttacked(t)
	theirs := filepath.Join(a.dir, "theirs")
	for _, dir := range []string{theirs, filepath.Join(theirs, "fake"), filepath.Join(theirs, "data")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(a.outside, filepath.Join(theirs, "link")); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(filepath.Join(theirs, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	a.give("theirs", "theirs/fake", "theirs/link", "theirs/pipe")
	stop := a.swap("theirs/data", "theirs/fake", "theirs/data", "theirs/link", "theirs/data", "theirs/pipe")
	started := 0
	for range *rounds {
		p := a.start(nil, "emulator", "--addr", "127.0.0.1:0", "--data", "theirs/data")
		ended := make(chan int, 1)
		go func() { ended <- p.finish() }()
		a.until("the start of an emulator, or its end", func() bool {
			if strings.Contains(p.out.String(), " is at ") {
				started++
				_ = p.Process.Signal(os.Interrupt)
				return true
			}
			return len(ended) > 0
		})
		code, said := <-ended, p.err.String()
		if code != exitOK && code != exitFailed || strings.Count(said, "\n") > 1 {
			t.Fatalf("exit code %d: %s", code, said)
		}
	}
	stop()
	t.Logf("%d emulators started", started)
	a.untouched()
}

// untouched fails the test if the victim's file has changed, or another one was made.
func (a *attacked) untouched() {
	a.t.Helper()
	entries, err := os.ReadDir(a.outside)
	if len(entries) != 1 || err != nil {
		a.t.Errorf("among the victim's files: %v, %v", entries, err)
	}
	if content, err := os.ReadFile(filepath.Join(a.outside, "file")); string(content) != secret || err != nil {
		a.t.Errorf("the victim's file holds %q, %v", content, err)
	}
	for name, want := range map[string]os.FileMode{".": 0o700, "file": 0o600} {
		if info, err := os.Stat(filepath.Join(a.outside, name)); err != nil || info.Mode().Perm() != want {
			a.t.Errorf("the permissions of %s are %v, %v", name, info, err)
		}
	}
}
