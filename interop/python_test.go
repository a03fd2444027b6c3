//go:build interop

package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The example in Python scripts faults over HTTP and sees them.
func TestPythonExample(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Fatal("python3 is not installed; this test runs the example in Python")
	}
	const faultKey = "a-key-for-the-tests"
	t.Setenv("BYTESCALE_EMULATOR_FAULT_KEY", faultKey)
	t.Setenv("BYTESCALE_EMULATOR_PART_SIZE", "1MiB")
	command := filepath.Join(t.TempDir(), "bytescale")
	run(t, "go", "build", "-o", command, "../cmd/bytescale")
	emulator, url := startEmulator(t, command)

	python := exec.Command("python3", "-m", "unittest", "-v")
	python.Dir = filepath.Join("..", "examples", "emulator")
	python.Env = append(os.Environ(), "BYTESCALE_API_URL="+url, "BYTESCALE_API_KEY="+secretKey, "PYTHONDONTWRITEBYTECODE=1")
	out, err := python.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
	stopEmulator(t, emulator)
}
