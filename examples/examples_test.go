// Package examples holds small programs on the SDK. They are run here, so that
// they stay true.
package examples

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// run runs an example on a file and returns what it printed.
func run(t *testing.T, srv *bytescaletest.Server, example, path string) (string, error) {
	t.Helper()
	var errs bytes.Buffer
	cmd := exec.Command("go", "run", "./"+example, path)
	cmd.Env = append(os.Environ(), "BYTESCALE_API_KEY="+srv.Key(), "BYTESCALE_API_URL="+srv.URL())
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

// checkpoints returns the checkpoints that the example keeps beside a file.
func checkpoints(t *testing.T, path string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".checkpoints", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}
