package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
	"github.com/c88edac7/bytescale-go/internal/fake"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// The tests of this file kill the command during an upload and run it again.

const (
	partSize  = 64 << 10
	partCount = 12
	movieSize = (partCount-1)*partSize + 1000
	moviePath = "/films/movie.mp4"
)

// kept is a store that remains when its server is closed, as one on a disk does.
type kept struct{ store.Store }

func (kept) Close() error { return nil }

// interruption is a user with a file, a service, and a command that dies.
type interruption struct {
	t       *testing.T
	dir     string // with the file movie.mp4 and the state directory
	env     []string
	service *service
	store   store.Store
}

func newInterruption(t *testing.T, faults ...fault.Fault) *interruption {
	t.Helper()
	i := &interruption{t: t, dir: t.TempDir(), store: kept{store.NewMemory()}}
	i.write("movie.mp4", movieSize)
	server, err := startService(i.options())
	if err != nil {
		t.Fatal(err)
	}
	i.service = server
	t.Cleanup(func() { i.service.stop() })
	i.script(faults)
	i.setenv("HOME", i.dir)
	i.setenv("XDG_STATE_HOME", filepath.Join(i.dir, "state"))
	i.setenv("BYTESCALE_API_KEY", testKey)
	i.setenv("BYTESCALE_API_URL", i.service.url())
	i.setenv("BYTESCALE_CDN_URL", i.service.url())
	return i
}

func (i *interruption) setenv(name, value string) {
	i.env = slices.DeleteFunc(i.env, func(entry string) bool { return strings.HasPrefix(entry, name+"=") })
	i.env = append(i.env, name+"="+value)
}

// write creates a file of random bytes.
func (i *interruption) write(name string, size int) {
	i.t.Helper()
	content := make([]byte, size)
	rand.NewChaCha8([32]byte{byte(size)}).Read(content)
	if err := os.WriteFile(filepath.Join(i.dir, name), content, 0o600); err != nil {
		i.t.Fatal(err)
	}
}

func (i *interruption) options() fake.Options {
	return fake.Options{PartSizes: []int64{partSize}, Store: i.store, SigningKey: []byte("a key that survives a restart")}
}

// restart stops the service and starts it again at the same address.
func (i *interruption) restart(faults ...fault.Fault) {
	i.t.Helper()
	i.healthy()
	if err := i.service.restart(i.options()); err != nil {
		i.t.Fatal(err)
	}
	i.script(faults)
}

func (i *interruption) script(faults []fault.Fault) {
	i.t.Helper()
	if err := i.service.Fail(faults...); err != nil {
		i.t.Fatal(err)
	}
}

// healthy fails the test if the command broke a rule of the service.
func (i *interruption) healthy() {
	i.t.Helper()
	if broken := i.service.Violations(); len(broken) > 0 {
		i.t.Errorf("rules broken: %q", broken)
	}
}

// process is a running command.
type process struct {
	*exec.Cmd
	out, err output
}

// output collects what a process writes. It can be read while the process runs.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// upload starts the upload of the movie. Without extra arguments it is always the same
// command.
func (i *interruption) upload(extra ...string) *process {
	i.t.Helper()
	return i.start(nil, append([]string{"upload", "--folder", "/films", "--name", "movie.mp4", "movie.mp4"}, extra...)...)
}

func (i *interruption) start(in io.Reader, args ...string) *process {
	i.t.Helper()
	p := &process{Cmd: exec.Command(command, args...)}
	p.Dir, p.Env, p.Stdin, p.Stdout, p.Stderr = i.dir, i.env, in, &p.out, &p.err
	if err := p.Start(); err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(func() { p.Process.Kill(); p.Wait() })
	return p
}

// until waits until another process has done something.
func (i *interruption) until(what string, done func() bool) {
	i.t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			i.t.Fatalf("never came: %s", what)
		}
	}
}

// held waits until a scripted fault holds up an exchange of the operation.
func (i *interruption) held(operation string) {
	i.t.Helper()
	i.until("a held "+operation, func() bool {
		return len(i.service.parts(operation, func(e fake.Exchange) bool { return e.Fault != "" })) > 0
	})
}

func (p *process) kill() {
	p.Process.Kill()
	p.Wait()
}

// finish waits for the process and returns its exit code. After a minute it kills it.
func (p *process) finish() int {
	hangs := time.AfterFunc(time.Minute, func() { p.Process.Kill() })
	defer hangs.Stop()
	err := p.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return -1
	}
	return p.ProcessState.ExitCode()
}

// succeed waits for the upload, which must succeed, and returns what it printed to
// standard error.
func (i *interruption) succeed(p *process) string {
	i.t.Helper()
	if code := p.finish(); code != exitOK {
		i.t.Fatalf("exit code %d: %s", code, &p.err)
	}
	i.healthy()
	i.stored("movie.mp4")
	if want := i.service.url() + "/A623uY2/raw" + moviePath + "\n"; p.out.String() != want {
		i.t.Errorf("printed %q, want %q", &p.out, want)
	}
	return p.err.String()
}

// stored fails the test unless the service holds the named file's bytes.
func (i *interruption) stored(name string) {
	i.t.Helper()
	got, ok, err := i.service.content(moviePath)
	want, wantErr := os.ReadFile(filepath.Join(i.dir, name))
	if !ok || err != nil || wantErr != nil || !bytes.Equal(got, want) {
		i.t.Errorf("stored: %v, %d bytes, %v; want %d bytes, %v", ok, len(got), err, len(want), wantErr)
	}
}

// completed returns the indexes of the parts that are complete.
func (i *interruption) completed() []int64 {
	i.t.Helper()
	return i.completedOf(i.uploadID())
}

// uploadID returns the upload that the service was asked about since it started, "" if
// there is none.
func (i *interruption) uploadID() string {
	for _, exchange := range i.service.Exchanges() {
		if exchange.UploadID != "" {
			return exchange.UploadID
		}
	}
	return ""
}

func (i *interruption) completedOf(uploadID string) []int64 {
	i.t.Helper()
	if uploadID == "" {
		return nil
	}
	parts, err := i.store.Parts(uploadID)
	if err != nil {
		i.t.Fatal(err)
	}
	var done []int64
	for _, part := range parts {
		if part.Completed {
			done = append(done, part.Index)
		}
	}
	return done
}

// leftovers returns the files in the directory for checkpoints.
func (i *interruption) leftovers() []string {
	found, err := filepath.Glob(filepath.Join(i.dir, "state", "bytescale", "*"))
	if err != nil {
		i.t.Fatal(err)
	}
	return found
}

func stall(operation string, occurrence int, after bool) fault.Fault {
	return fault.Fault{Operation: operation, Occurrence: occurrence, Times: -1, Kind: fault.Stall, After: after}
}

// The command is killed at different moments, and the service is restarted. The same
// command then sends only what the service does not have.
func TestKilled(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault fault.Fault
		want  int // parts that were complete
	}{
		{"before the first PUT", stall("PutPart", 1, false), 0},
		{"after the first PUTs, none complete", stall("PutPart", 1, true), 0},
		{"in the middle of PUTs", stall("PutPart", 6, false), 5},
		{"between PUT and completion", stall("CompleteUploadPart", 5, false), 4},
		{"with completions whose answers are lost", stall("CompleteUploadPart", 5, true), -1},
		{"during the last completion", stall("CompleteUploadPart", partCount, false), partCount - 1},
		{"after the last completion, before its answer", stall("CompleteUploadPart", partCount, true), partCount},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			i := newInterruption(t, test.fault)
			first := i.upload()
			i.held(test.fault.Operation)
			if test.want >= 0 {
				i.until("the completions", func() bool { return len(i.completed()) == test.want })
			}
			first.kill()
			upload := i.uploadID()
			i.restart()
			done := i.completedOf(upload) // includes what reached the service before the kill

			said := i.succeed(i.upload())
			if !strings.Contains(said, "bytescale: movie.mp4: continuing the interrupted upload\n") {
				t.Errorf("it said %q", said)
			}
			var missing []int64
			for part := range int64(partCount) {
				if !slices.Contains(done, part) {
					missing = append(missing, part)
				}
			}
			if diff := cmp.Diff(missing, i.service.parts("PutPart", nil)); diff != "" {
				t.Errorf("parts sent after the kill (-missing +sent):\n%s", diff)
			}
			if n := i.service.count("BeginMultipartUpload"); n != 0 {
				t.Errorf("it began %d uploads", n)
			}
			if left := i.leftovers(); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// If the command is killed before the begin is answered, there is nothing to continue.
func TestKilledAtBegin(t *testing.T) {
	t.Parallel()
	i := newInterruption(t, stall("BeginMultipartUpload", 1, true))
	first := i.upload()
	i.held("BeginMultipartUpload")
	first.kill()
	i.restart()
	if said := i.succeed(i.upload()); strings.Contains(said, "continuing") {
		t.Errorf("it said %q", said)
	}
}

// A command that is killed several times makes progress each time.
func TestKilledOften(t *testing.T) {
	t.Parallel()
	i := newInterruption(t, stall("CompleteUploadPart", 3, false))
	for round := range 4 {
		p := i.upload()
		i.held("CompleteUploadPart")
		// The two completions before the held one may still be under way.
		i.until("two more completions", func() bool { return len(i.completed()) >= 2*(round+1) })
		p.kill()
		i.restart(stall("CompleteUploadPart", 3, false))
	}
	i.restart()
	i.succeed(i.upload())
}

// cut uploads until some parts are complete, kills the command, and restarts
// the service.
func cut(t *testing.T) *interruption {
	t.Helper()
	i := newInterruption(t, stall("CompleteUploadPart", 5, false))
	p := i.upload()
	i.held("CompleteUploadPart")
	p.kill()
	if left := i.leftovers(); len(left) == 0 {
		t.Fatal("the killed command left no checkpoint")
	}
	i.restart()
	return i
}

// checkpointFile returns the name of the checkpoint that was left.
func (i *interruption) checkpointFile() string {
	i.t.Helper()
	for _, name := range i.leftovers() {
		if strings.HasSuffix(name, ".json") {
			return name
		}
	}
	i.t.Fatal("there is no checkpoint")
	return ""
}

// If a checkpoint cannot be used, the command starts afresh and says why.
func TestStartsAfresh(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(i *interruption)
		want   string
	}{
		{"the source is longer", func(i *interruption) { i.write("movie.mp4", movieSize+1) }, "the file changed"},
		{"the source has the same size and another time", func(i *interruption) {
			i.write("movie.mp4", movieSize)
			i.touch(time.Now().Add(time.Hour))
		}, "the file changed"},
		{"the source has the same size and time", func(i *interruption) {
			before, err := os.Stat(filepath.Join(i.dir, "movie.mp4"))
			if err != nil {
				i.t.Fatal(err)
			}
			content := bytes.Repeat([]byte("x"), movieSize)
			if err := os.WriteFile(filepath.Join(i.dir, "movie.mp4"), content, 0o600); err != nil {
				i.t.Fatal(err)
			}
			i.touch(before.ModTime())
		}, "the file changed"},
		{"the server forgot the upload", func(i *interruption) {
			i.store = kept{store.NewMemory()}
			i.restart()
		},
			"the server no longer knows the interrupted upload"},
		{"the checkpoint is cut short", func(i *interruption) {
			if err := os.Truncate(i.checkpointFile(), 100); err != nil {
				i.t.Fatal(err)
			}
		}, "the checkpoint cannot be used: it is damaged"},
		{"the checkpoint is empty", func(i *interruption) {
			if err := os.Truncate(i.checkpointFile(), 0); err != nil {
				i.t.Fatal(err)
			}
		}, "the checkpoint cannot be used: it is damaged"},
		{"the checkpoint is of another version", func(i *interruption) { i.edit(`"version":1`, `"version":7`) },
			"the checkpoint cannot be used: 7 is not known"},
		{"the checkpoint is another server's", func(i *interruption) { i.edit(i.service.url(), "http://other.example") },
			"the checkpoint cannot be used: it is for \"http://other.example\""},
		{"somebody else changed the URL that it will print", func(i *interruption) { i.edit("/raw/films/movie.mp4", "/raw/films/evil.mp4") },
			"the checkpoint cannot be used: it was changed"},
		{"somebody else changed the number of parts", func(i *interruption) { i.edit(`"partCount":12`, `"partCount":11`) },
			"the checkpoint cannot be used: it was changed"},
		{"the API key is another one of the account", func(i *interruption) { i.setenv("BYTESCALE_API_KEY", "secret_A623uY2another") },
			"the checkpoint cannot be used: it was changed, or a client with another API key made it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			i := cut(t)
			test.change(i)
			said := i.succeed(i.upload())
			if !strings.Contains(said, "bytescale: movie.mp4: starting afresh: "+test.want) {
				t.Errorf("it said %q, want %q", said, test.want)
			}
			if n := i.service.count("BeginMultipartUpload"); n != 1 {
				t.Errorf("it began %d uploads", n)
			}
			if left := i.leftovers(); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

func (i *interruption) touch(when time.Time) {
	i.t.Helper()
	if err := os.Chtimes(filepath.Join(i.dir, "movie.mp4"), when, when); err != nil {
		i.t.Fatal(err)
	}
}

// edit changes the checkpoint.
func (i *interruption) edit(before, after string) {
	i.t.Helper()
	name := i.checkpointFile()
	text, err := os.ReadFile(name)
	if err != nil {
		i.t.Fatal(err)
	}
	changed := []byte(strings.ReplaceAll(string(text), before, after))
	if bytes.Equal(changed, text) {
		i.t.Fatalf("the checkpoint has no %q: %s", before, text)
	}
	if err := os.WriteFile(name, changed, 0o600); err != nil {
		i.t.Fatal(err)
	}
}

// An upload to another destination, account or server neither uses nor removes the
// checkpoint.
func TestOtherUploads(t *testing.T) {
	t.Parallel()
	i := cut(t)
	there, err := startService(fake.Options{PartSizes: []int64{partSize}})
	if err != nil {
		t.Fatal(err)
	}
	defer there.stop()
	run := func(env, value string, args ...string) {
		t.Helper()
		mine := slices.Clone(i.env)
		if env != "" {
			i.setenv(env, value)
		}
		p := i.start(nil, append([]string{"upload", "movie.mp4"}, args...)...)
		i.env = mine
		if code := p.finish(); code != exitOK || strings.Contains(p.err.String(), "continuing") || strings.Contains(p.err.String(), "afresh") {
			t.Errorf("%s %q: exit code %d: %s", env, args, code, &p.err)
		}
	}
	run("", "", "--folder", "/films", "--name", "other.mp4")
	run("BYTESCALE_API_KEY", "secret_W142hJkother", "--folder", "/films", "--name", "movie.mp4")
	run("BYTESCALE_API_URL", there.url(), "--folder", "/films", "--name", "movie.mp4")
	if n := i.service.count("BeginMultipartUpload"); n != 2 {
		t.Errorf("%d uploads begun, want 2", n)
	}
	if said := i.succeed(i.upload()); !strings.Contains(said, "continuing") {
		t.Errorf("it said %q", said)
	}
}

// With --no-resume the command neither uses nor leaves a checkpoint.
func TestNoResume(t *testing.T) {
	t.Parallel()
	i := newInterruption(t, stall("CompleteUploadPart", 5, false))
	p := i.upload("--no-resume")
	i.held("CompleteUploadPart")
	p.kill()
	if left := i.leftovers(); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	i.restart()
	if said := i.succeed(i.upload()); strings.Contains(said, "continuing") {
		t.Errorf("it said %q", said)
	}

	i = cut(t)
	if said := i.succeed(i.upload("--no-resume")); strings.Contains(said, "continuing") {
		t.Errorf("it said %q", said)
	}
}

// A second command for the same upload fails and sends nothing. The first one is not
// disturbed.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	i := newInterruption(t, stall("CompleteUploadPart", 5, false))
	first := i.upload()
	i.held("CompleteUploadPart")

	second := i.upload()
	if code := second.finish(); code != exitFailed || !strings.HasPrefix(second.err.String(), "bytescale: movie.mp4: is already being uploaded") {
		t.Errorf("the second: exit code %d: %s", code, &second.err)
	}
	if n := i.service.count("BeginMultipartUpload"); n != 1 {
		t.Errorf("%d uploads begun", n)
	}
	first.kill()
	i.restart()
	if said := i.succeed(i.upload()); !strings.Contains(said, "continuing") {
		t.Errorf("it said %q", said)
	}
}

// Without a usable state directory uploads go on, and one line says so.
func TestStateUnusable(t *testing.T) {
	for _, test := range []struct {
		name    string
		prepare func(i *interruption)
		want    string
	}{
		{"it cannot be made", func(i *interruption) {
			i.write("file", 1)
			i.setenv("XDG_STATE_HOME", filepath.Join(i.dir, "file"))
		}, "not a directory"},
		{"it may not be written", func(i *interruption) {
			if err := os.MkdirAll(filepath.Join(i.dir, "state"), 0o500); err != nil {
				i.t.Fatal(err)
			}
			if os.Geteuid() == 0 { // permissions do not stop root
				i.setenv("XDG_STATE_HOME", "/proc")
			}
		}, ""},
		{"something else has its name", func(i *interruption) {
			for _, name := range []string{"movie.mp4", "second.mp4"} {
				if err := os.MkdirAll(filepath.Join(i.slotOf(name), "directory"), 0o700); err != nil {
					i.t.Fatal(err)
				}
			}
		}, "bytescale: is not a regular file"},
		{"it is somebody else's", func(i *interruption) {
			if err := os.MkdirAll(filepath.Join(i.dir, "state", "bytescale"), 0o700); err != nil {
				i.t.Fatal(err)
			}
			if os.Geteuid() != 0 { // only root can give it away
				i.mode("bytescale", 0o722)
			} else if err := os.Chown(filepath.Join(i.dir, "state", "bytescale"), 1, 1); err != nil {
				i.t.Fatal(err)
			}
		}, "belongs to somebody else"},
		{"others can write it", func(i *interruption) {
			if err := os.MkdirAll(filepath.Join(i.dir, "state", "bytescale"), 0o700); err != nil {
				i.t.Fatal(err)
			}
			i.mode("bytescale", 0o707)
		}, "can be written by others"},
		{"it is a link", func(i *interruption) {
			if err := os.MkdirAll(filepath.Join(i.dir, "state", "real"), 0o700); err != nil {
				i.t.Fatal(err)
			}
			if err := os.Symlink("real", filepath.Join(i.dir, "state", "bytescale")); err != nil {
				i.t.Fatal(err)
			}
		}, "is not a directory"},
		{"nobody knows where it is", func(i *interruption) {
			i.setenv("XDG_STATE_HOME", "")
			i.setenv("HOME", "")
		}, "HOME is not set"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			i := newInterruption(t)
			i.write("second.mp4", movieSize)
			test.prepare(i)
			p := i.start(nil, "upload", "--folder", "/films", "movie.mp4", "second.mp4")
			code := p.finish()
			said := p.err.String()
			if code != exitOK || strings.Count(said, "cannot keep checkpoints") != 1 || !strings.Contains(said, test.want) {
				t.Errorf("exit code %d: %s", code, said)
			}
			if lines := strings.Count(p.out.String(), "\n"); lines != 2 {
				t.Errorf("%d results", lines)
			}
			i.healthy()
		})
	}
}

// mode sets the permissions of a file below the state directory.
func (i *interruption) mode(name string, mode os.FileMode) {
	i.t.Helper()
	if err := os.Chmod(filepath.Join(i.dir, "state", name), mode); err != nil {
		i.t.Fatal(err)
	}
}

// slotOf returns the name of the checkpoint of a file that is uploaded to /films under its
// own name.
func (i *interruption) slotOf(name string) string {
	i.t.Helper()
	key, err := identity{
		APIURL: i.service.url(), AccountID: testAccount, Source: filepath.Join(i.dir, name), Folder: "/films",
	}.key(filepath.Abs)
	if err != nil {
		i.t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(i.dir, "state", "bytescale", hex.EncodeToString(sum[:16])+".json")
}

// After each signal the command leaves a checkpoint and ends with the signal's exit code.
func TestCtrlC(t *testing.T) {
	for name, code := range map[os.Signal]int{os.Interrupt: 130, syscall.SIGTERM: 143, syscall.SIGHUP: 129} {
		t.Run(fmt.Sprint(name), func(t *testing.T) {
			t.Parallel()
			i := newInterruption(t, stall("CompleteUploadPart", 5, false))
			p := i.upload()
			i.held("CompleteUploadPart")
			if err := p.Process.Signal(name); err != nil {
				t.Fatal(err)
			}
			if got := p.finish(); got != code {
				t.Errorf("exit code %d, want %d", got, code)
			}
			if want := "bytescale: interrupted; run the same command again to continue\n"; p.err.String() != want {
				t.Errorf("it said %q, want %q", &p.err, want)
			}
			if p.out.String() != "" {
				t.Errorf("it printed %q", &p.out)
			}
			i.restart()
			if said := i.succeed(i.upload()); !strings.Contains(said, "continuing") {
				t.Errorf("it said %q", said)
			}
		})
	}
}

// A checkpoint contains neither a key nor a signed URL.
func TestCheckpointHoldsNoSecret(t *testing.T) {
	t.Parallel()
	i := cut(t)
	text, err := os.ReadFile(i.checkpointFile())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{testKey, "signature", "?", "secret_"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%q is in %s", secret, text)
		}
	}
}

// A download that is interrupted leaves nothing behind.
func TestCtrlCDownload(t *testing.T) {
	t.Parallel()
	i := newInterruption(t)
	i.succeed(i.upload())
	i.script([]fault.Fault{{Operation: "DownloadFile", Kind: fault.Trickle, Rate: 100_000}})
	p := i.start(nil, "download", "-q", "-o", "back.mp4", moviePath)
	i.held("DownloadFile")
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := p.finish(); code != 130 || p.err.String() != "bytescale: interrupted\n" {
		t.Errorf("exit code %d: %s", code, &p.err)
	}
	entries, err := os.ReadDir(i.dir)
	if err != nil || len(entries) != 2 { // the movie and the state directory
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
