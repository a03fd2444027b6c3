// Package examples holds small programs on the SDK. They are run here, so that
// they stay true.
package examples

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// run runs an example on a file and returns what it printed.
func run(t *testing.T, srv *bytescaletest.Server, example string, args ...string) (string, error) {
	t.Helper()
	var errs bytes.Buffer
	cmd := exec.Command("go", append([]string{"run", "./" + example}, args...)...)
	cmd.Env = append(os.Environ(), "BYTESCALE_API_KEY="+srv.Key(), "BYTESCALE_API_URL="+srv.URL(), "BYTESCALE_CDN_URL="+srv.URL())
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Logf("%s: %v: %s", example, err, errs.String())
	}
	return strings.TrimSpace(string(out)), err
}

func file(t *testing.T, size int) (path string, content []byte) {
	t.Helper()
	path, content = filepath.Join(t.TempDir(), "a.bin"), bytes.Repeat([]byte("bytes "), size/6+1)[:size]
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, content
}

func wantStored(t *testing.T, srv *bytescaletest.Server, url string, content []byte) {
	t.Helper()
	for _, stored := range srv.Files() {
		if stored.FileURL == url && bytes.Equal(stored.Bytes(), content) {
			return
		}
	}
	t.Errorf("%q is not the URL of a file with the content", url)
}

func TestUpload(t *testing.T) {
	srv := bytescaletest.NewServer(t)
	path, content := file(t, 100_000)
	url, err := run(t, srv, "upload", path)
	if err != nil {
		t.Fatal(err)
	}
	wantStored(t, srv, url, content)
}

func TestResumeSendsOnlyWhatIsMissing(t *testing.T) {
	srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(5<<20))
	path, content := file(t, 12<<20)
	srv.Fail(fault.Fault{Operation: "CompleteUploadPart", Part: fault.Part(2),
		Kind: fault.Status, Status: 403})
	if _, err := run(t, srv, "resume", path); err == nil {
		t.Fatal("the first run succeeded in spite of the fault")
	}
	if left := checkpoints(t, path); len(left) != 1 {
		t.Fatalf("checkpoints: %q", left)
	}
	url, err := run(t, srv, "resume", path)
	if err != nil {
		t.Fatal(err)
	}
	wantStored(t, srv, url, content)
	begun := 0
	for _, exchange := range srv.Exchanges() {
		if exchange.Operation == "BeginMultipartUpload" {
			begun++
		}
	}
	if begun != 1 {
		t.Errorf("%d uploads were begun, want 1", begun)
	}
	if left := checkpoints(t, path); len(left) != 0 {
		t.Errorf("checkpoints left: %q", left)
	}
}

// A migration that breaks off continues, and does nothing when there is nothing to do.
func TestMigrate(t *testing.T) {
	srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(5<<20))
	dir := filepath.Join(t.TempDir(), "old")
	if err := os.MkdirAll(filepath.Join(dir, "films"), 0o700); err != nil {
		t.Fatal(err)
	}
	contents := map[string][]byte{"films/long.mp4": make([]byte, 12<<20)}
	for i := range 40 {
		contents[fmt.Sprintf("%d.txt", i)] = fmt.Appendf(nil, "file %d", i)
	}
	for name, content := range contents {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	srv.Fail(fault.Fault{Operation: "CompleteUploadPart", Part: fault.Part(2), Kind: fault.Status, Status: 403})
	if said, err := run(t, srv, "migrate", dir, "/new"); err == nil {
		t.Fatalf("the first run succeeded in spite of the fault: %s", said)
	}
	if said, err := run(t, srv, "migrate", dir, "/new"); err != nil {
		t.Fatal(said, err)
	}
	for name, content := range contents {
		if stored, ok := srv.File("/new/" + name); !ok || !bytes.Equal(stored.Bytes(), content) {
			t.Errorf("%s: stored %v", name, ok)
		}
	}
	if said, err := run(t, srv, "migrate", dir, "/new"); err != nil || said != "0 uploaded, 41 skipped" {
		t.Errorf("%s, %v", said, err)
	}
	begun := 0
	for _, exchange := range srv.Exchanges() {
		if exchange.Operation == "BeginMultipartUpload" {
			begun++
		}
	}
	if begun > 41+31 { // the first run may have begun files at the same time as the one that failed
		t.Errorf("%d uploads were begun for 41 files", begun)
	}
}

func TestManage(t *testing.T) {
	srv := bytescaletest.NewServer(t)
	for _, path := range []string{"/pictures/cat.jpg", "/pictures/notes.txt", "/pictures/2026/dog.jpg"} {
		srv.AddFile(bytescale.FileDetails{FilePath: path}, []byte(path))
	}
	said, err := run(t, srv, "manage", "/pictures", "/archive")
	if err != nil || !strings.Contains(said, "/image/pictures/cat.jpg?w=200") || !strings.HasSuffix(said, "deleted 1") {
		t.Errorf("it said %s, %v", said, err)
	}
	var left []string
	for _, file := range srv.Files() {
		left = append(left, file.FilePath)
	}
	slices.Sort(left)
	want := []string{"/archive/2026/dog.jpg", "/archive/cat.jpg", "/archive/notes.txt", "/pictures/2026/dog.jpg", "/pictures/cat.jpg"}
	if !slices.Equal(left, want) {
		t.Errorf("stored: %q, want %q", left, want)
	}
}

// checkpoints returns the checkpoints that the example keeps beside a file.
func checkpoints(t *testing.T, path string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".checkpoints", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}
