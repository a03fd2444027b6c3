//go:build interop

package interop

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const (
	secretKey = "secret_A623uY2interop"
	publicKey = "public_A623uY2interop"

	// maxMemory is what the emulator may take while files of 500 MiB pass through
	// it.
	maxMemory = 64 << 20
)

// TestJavaScriptSDK runs the official SDK against the built emulator, each in its
// own process. The checks themselves are in interop.mjs.
func TestJavaScriptSDK(t *testing.T) {
	install(t)
	command := filepath.Join(t.TempDir(), "bytescale")
	run(t, "go", "build", "-o", command, "../cmd/bytescale")

	emulator, url := startEmulator(t, command)
	names := check(t, url)
	t.Logf("%d checks", names)
	stopEmulator(t, emulator)
}

var installed bool

// install installs the SDK, once for all tests.
func install(t *testing.T) {
	t.Helper()
	if installed {
		return
	}
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is not installed; this test runs the JavaScript SDK and needs Node 20 or newer", tool)
		}
	}
	run(t, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	installed = true
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// startEmulator starts the emulator on a free port and reads where it is.
func startEmulator(t *testing.T, command string, flags ...string) (emulator *exec.Cmd, url string) {
	t.Helper()
	emulator = exec.Command(command, append([]string{"emulator", "--addr", "127.0.0.1:0", "--data", filepath.Join(t.TempDir(), "data"),
		"--api-key", secretKey, "--api-key", publicKey}, flags...)...)
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	emulator.Stderr = log
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
		if t.Failed() {
			lines, _ := os.ReadFile(log.Name())
			t.Logf("the last that the emulator said:\n%s", lines[max(0, len(lines)-4096):])
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	_, url, ok := strings.Cut(strings.TrimSpace(line), " is at ")
	if !ok {
		t.Fatalf("the emulator said %q, %v", line, err)
	}
	return emulator, url
}

// check runs the checks as subtests and returns how many there were.
func check(t *testing.T, url string) int {
	t.Helper()
	node := exec.Command("node", "interop.mjs")
	node.Env = append(os.Environ(), "URL="+url, "KEY="+secretKey, "PUBLIC_KEY="+publicKey)
	node.Stderr = os.Stderr
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { node.Process.Kill() })
	count, ended := 0, false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var result struct{ Name, Error string }
		if err := json.Unmarshal(lines.Bytes(), &result); err != nil {
			t.Errorf("not a result: %q", lines.Text())
			continue
		}
		if ended = result.Name == "end"; ended {
			break
		}
		count++
		t.Run(result.Name, func(t *testing.T) {
			if result.Error != "" {
				t.Error(result.Error)
			}
		})
	}
	if err := node.Wait(); err != nil || !ended {
		t.Errorf("the checks did not come to their end: %v", err)
	}
	return count
}

// stopEmulator asks the emulator to end, and looks at the memory it took.
func stopEmulator(t *testing.T, emulator *exec.Cmd) {
	t.Helper()
	if err := emulator.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := emulator.Wait(); err != nil {
		t.Errorf("the emulator did not stop well: %v", err)
	}
	memory := peakMemory(emulator.ProcessState)
	t.Logf("peak memory of the emulator: %d MiB", memory>>20)
	if memory > maxMemory {
		t.Errorf("the emulator took %d bytes of memory, want at most %d", memory, maxMemory)
	}
}

// peakMemory is the peak resident set size in bytes.
func peakMemory(state *os.ProcessState) int64 {
	return state.SysUsage().(*syscall.Rusage).Maxrss * rssUnit
}
