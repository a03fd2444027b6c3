//go:build unix

package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dustin/go-humanize"
)

// hugeFile is the environment variable with the size of the file for TestMemory, such as
// 20GiB. The default is 1 GiB.
const hugeFile = "BYTESCALE_HUGE_FILE"

const mb = 1_000_000

// The peak memory of the command does not depend on the size of the files. It is measured
// on the command as users have it, without the race detector. The service is in another
// process, which discards the bytes.
func TestMemory(t *testing.T) {
	size := uint64(1 << 30)
	if wanted := os.Getenv(hugeFile); wanted != "" {
		var err error
		if size, err = humanize.ParseBytes(wanted); err != nil {
			t.Fatalf("%s: %v", hugeFile, err)
		}
	}
	dir := t.TempDir()
	plain, peak := buildMeasured(t, dir)

	huge := filepath.Join(dir, "huge")
	sparse(t, huge, int64(size))
	piped := filepath.Join(dir, "piped")
	sparse(t, piped, 200*mib)
	many := filepath.Join(dir, "many")
	if err := os.Mkdir(many, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range 500 {
		if err := os.WriteFile(filepath.Join(many, fmt.Sprint(i)), make([]byte, 10_000), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	env := []string{
		"BYTESCALE_API_URL=" + startEmulator(t, plain), "BYTESCALE_API_KEY=" + testKey,
		"HOME=" + dir, "XDG_STATE_HOME=" + filepath.Join(dir, "state"), "TMPDIR=" + dir, "PATH=" + os.Getenv("PATH"),
	}
	for _, test := range []struct {
		name  string
		limit int64
		args  []string
	}{
		{"a huge file", 24 * mb, []string{plain, "upload", "-q", huge}},
		{"many files, 64 at a time", 32 * mb, []string{plain, "upload", "-q", "--recursive", "--files", "64", many}},
		{"standard input from a huge file, an io.ReaderAt", 24 * mb, []string{"sh", "-c", `"$0" upload -q - < "$1"`, plain, huge}},
		{"standard input from a pipe", 32 * mb, []string{"sh", "-c", `cat "$1" | "$0" upload -q -`, plain, piped}},
	} {
		got := peakOf(t, env, peak, test.args)
		t.Logf("%s: %.1f MB at the peak, %d allowed", test.name, float64(got)/mb, test.limit/mb)
		if got > test.limit {
			t.Errorf("%s: %.1f MB at the peak, %d allowed", test.name, float64(got)/mb, test.limit/mb)
		}
	}
}

// buildMeasured builds the command, without the race detector, and the program that measures
// it.
func buildMeasured(t *testing.T, dir string) (plain, peak string) {
	t.Helper()
	plain, err := build(dir)
	if err != nil {
		t.Fatal(err)
	}
	peak = filepath.Join(dir, "peak")
	if out, err := exec.Command("go", "build", "-o", peak, "./testdata/peak").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return plain, peak
}

// peakOf runs a command and returns its peak memory in bytes.
func peakOf(t *testing.T, env []string, peak string, args []string) int64 {
	t.Helper()
	cmd := exec.Command(peak, args...)
	cmd.Env, cmd.Stderr = env, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	var bytes int64
	if _, err := fmt.Sscan(string(out), &bytes); err != nil {
		t.Fatalf("%q: %q: %v", args, out, err)
	}
	return bytes
}

// sparse creates a file of zeros that takes no space on the disk.
func sparse(t *testing.T, name string, size int64) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
}

// startEmulator starts an emulator that discards the bytes of files, and returns its
// address.
func startEmulator(t *testing.T, command string) string {
	t.Helper()
	emulator := exec.Command(command, "emulator", "--addr", "127.0.0.1:0", "--discard")
	out, err := emulator.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := emulator.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		emulator.Process.Kill()
		emulator.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, address, found := strings.Cut(lines.Text(), " is at "); found {
			return address
		}
	}
	t.Fatal("the emulator did not say where it is")
	return ""
}

// The peak memory of downloads depends neither on the size of a file nor on the number of
// small ones.
func TestMemoryOfDownloads(t *testing.T) {
	dir := t.TempDir()
	programs := map[string]string{"peak": "", "crowd": ""}
	for name := range programs {
		programs[name] = filepath.Join(dir, name)
		if out, err := exec.Command("go", "build", "-o", programs[name], "./testdata/"+name).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	cdn := httptest.NewServer(zeros{"huge": 1 << 30, "small": 10_000})
	defer cdn.Close()
	env := []string{"BYTESCALE_CDN_URL=" + cdn.URL, "BYTESCALE_API_KEY=" + testKey, "HOME=" + dir, "PATH=" + os.Getenv("PATH")}
	for _, test := range []struct {
		file, times string
		limit       int64
	}{{"huge", "1", 24 * mb}, {"small", "2000", 32 * mb}} {
		got := peakOf(t, env, programs["peak"], []string{programs["crowd"], dir, "/" + test.file, test.times})
		t.Logf("%s: %.1f MB at the peak, %d allowed", test.file, float64(got)/mb, test.limit/mb)
		if got > test.limit {
			t.Errorf("%s: %.1f MB at the peak, %d allowed", test.file, float64(got)/mb, test.limit/mb)
		}
	}
}

// zeros serves files of zeros, by the end of their path, with their sizes.
type zeros map[string]int64

func (z zeros) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"zeros"`)
	http.ServeContent(w, r, "", time.Time{}, io.NewSectionReader(zero{}, 0, z[path.Base(r.URL.Path)]))
}

// zero is an endless source of zeros.
type zero struct{}

func (zero) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	return len(p), nil
}
