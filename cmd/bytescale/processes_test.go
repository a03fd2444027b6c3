//go:build !windows

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// withEmulator returns a user whose service is an emulator in another process.
func withEmulator(t *testing.T, url string) *interruption {
	t.Helper()
	i := &interruption{t: t, dir: t.TempDir()}
	i.setenv("HOME", i.dir)
	i.setenv("XDG_STATE_HOME", filepath.Join(i.dir, "state"))
	i.setenv("BYTESCALE_API_KEY", testKey)
	i.setenv("BYTESCALE_API_URL", url)
	i.setenv("BYTESCALE_CDN_URL", url)
	return i
}

// must runs the command and fails the test unless it succeeds.
func (i *interruption) must(args ...string) *process {
	i.t.Helper()
	p := i.start(nil, args...)
	if code := p.finish(); code != exitOK {
		i.t.Fatalf("%q: exit code %d: %s", args, code, &p.err)
	}
	return p
}

// same fails the test unless both files have the same content.
func (i *interruption) same(one, other string) {
	i.t.Helper()
	first, err := os.ReadFile(filepath.Join(i.dir, one))
	if err != nil {
		i.t.Fatal(err)
	}
	second, err := os.ReadFile(filepath.Join(i.dir, other))
	if err != nil || !bytes.Equal(first, second) {
		i.t.Errorf("%s has %d bytes, %s has %d others, %v", one, len(first), other, len(second), err)
	}
}

// Files of all interesting sizes are uploaded to another process and downloaded again.
func TestSizes(t *testing.T) {
	t.Parallel()
	const part = 5 << 20 // the emulator's default
	emulator := startEmulatorProcess(t, "127.0.0.1:0", filepath.Join(t.TempDir(), "data"))
	i := withEmulator(t, emulator.url)
	for _, size := range []int{0, 1, part, part + 1, 5*part - 1} {
		name := fmt.Sprint(size)
		i.write(name, size)
		i.must("upload", "-q", "--folder", "/sizes", "--name", name, name)
		i.must("download", "-q", "/sizes/"+name, "-o", "back-"+name)
		i.same(name, "back-"+name)
	}
}

// Both processes are killed during an upload and started again. The upload is not begun
// again, and no completed part is sent again.
func TestBothKilled(t *testing.T) {
	t.Parallel()
	// The upload must be slow enough to be killed in the middle. At most --concurrency
	// parts are sent at a time.
	const parts = 12
	args := []string{"--part-size", "1MiB", "--bandwidth", "4MiB"}
	emulator := startEmulatorProcess(t, "127.0.0.1:0", filepath.Join(t.TempDir(), "data"), args...)
	i := withEmulator(t, emulator.url)
	i.write("movie.mp4", parts*mib-1)
	p := i.upload("--concurrency", "2")
	i.until("a checkpoint", func() bool { return len(i.leftovers()) == 2 })
	blobs := filepath.Join(emulator.Args[5], "blobs")
	i.until("some parts", func() bool {
		stored, err := os.ReadDir(blobs)
		return err == nil && len(stored) >= 5
	})
	p.kill()
	emulator.kill()

	emulator = emulator.restart(t)
	p = i.upload()
	if code := p.finish(); code != exitOK || !strings.Contains(p.err.String(), "continuing") {
		t.Fatalf("exit code %d: %s", code, &p.err)
	}
	i.must("download", "-q", moviePath, "-o", "back.mp4")
	i.same("movie.mp4", "back.mp4")
	emulator.kill() // so that its log can be read
	puts, begins := 0, 0
	for line := range strings.Lines(emulator.log.String()) {
		if strings.Contains(line, " PUT /storage/") {
			puts++
		}
		if strings.Contains(line, " POST ") {
			begins++
		}
	}
	// Five parts were stored; the last two of them may not have been completed.
	if puts == 0 || puts > parts-3 || begins != 0 {
		t.Errorf("after the restart %d begins and %d PUTs of %d parts:\n%s", begins, puts, parts, &emulator.log)
	}
}

// The second signal ends the command at once. Here it is an emulator that waits for a
// request to finish.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	emulator := startEmulatorProcess(t, "127.0.0.1:0", filepath.Join(t.TempDir(), "data"))
	conn, err := net.Dial("tcp", strings.TrimPrefix(emulator.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// The body of this request never comes.
	fmt.Fprintf(conn, "POST /v2/accounts/A623uY2/uploads HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n", testKey)
	if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil { // 100 Continue: from here on the request is being handled
		t.Fatal(err)
	}
	if err := emulator.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := emulator.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	emulator.Wait()
	// The system decides which of the two signals is delivered first.
	if code := emulator.ProcessState.ExitCode(); code != 130 && code != 143 {
		t.Errorf("exit code %d, want that of a hurried end, 130 or 143", code)
	}
}

// Signals that the parent process ignores remain ignored.
func TestIgnoredSignals(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]syscall.Signal{"HUP": syscall.SIGHUP, "INT": syscall.SIGINT} {
		i := newInterruption(t, stall("CompleteUploadPart", 5, false))
		p := &process{Cmd: exec.Command("sh", "-c", "trap '' "+name+"; exec "+command+" upload -q --folder /films --name movie.mp4 movie.mp4")}
		p.Dir, p.Env, p.Stdout, p.Stderr = i.dir, i.env, &p.out, &p.err
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.kill)
		i.held("CompleteUploadPart")
		if err := p.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if err := p.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if code := p.finish(); code != 143 {
			t.Errorf("%s: exit code %d, want that of SIGTERM: %s", name, code, &p.err)
		}
	}
}

// Standard input from a file that is written to during the upload is refused, as the same
// file is by its path. If the reading begins in the middle, the file is copied first, and
// what is stored is the copy.
func TestStandardInputChanges(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, script string
		copied       bool
	}{
		{"by path", `exec "$0" upload -q --folder /films --name movie.mp4 movie.mp4`, false},
		{"standard input", `exec "$0" upload -q --folder /films --name movie.mp4 - <movie.mp4`, false},
		{"the rest of a file", `{ head -c 6 >/dev/null; exec "$0" upload -q --folder /films --name movie.mp4 -; } <movie.mp4`, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			i := newInterruption(t, fault.Fault{Operation: "BeginMultipartUpload", Kind: fault.Delay, Delay: time.Second})
			p := &process{Cmd: exec.Command("sh", "-c", test.script, command)}
			p.Dir, p.Env, p.Stdout, p.Stderr = i.dir, append(i.env, "PATH="+os.Getenv("PATH")), &p.out, &p.err
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(p.kill)
			i.held("BeginMultipartUpload")
			f, err := os.OpenFile(filepath.Join(i.dir, "movie.mp4"), os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.WriteAt([]byte("changed"), movieSize/2); err != nil {
				t.Fatal(err)
			}
			code := p.finish()
			got, ok, err := i.service.content(moviePath)
			if err != nil {
				t.Fatal(err)
			}
			if test.copied {
				if code != exitOK || !ok || bytes.Contains(got, []byte("changed")) || len(got) != movieSize-6 {
					t.Errorf("exit code %d: %s; stored: %v, %d bytes", code, &p.err, ok, len(got))
				}
				return
			}
			if code != exitFailed || !strings.Contains(p.err.String(), "changed while it was uploaded, so nothing was stored") || ok {
				t.Errorf("exit code %d: %s; stored: %v", code, &p.err, ok)
			}
		})
	}
}
