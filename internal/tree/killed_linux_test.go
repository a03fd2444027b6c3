package tree

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A process that is killed in the middle of a plan leaves no temporary file.
func TestKilledPlanLeavesNothing(t *testing.T) {
	const variable = "TREE_TEST_TEMP_DIR"
	if dir := os.Getenv(variable); dir != "" {
		p := Plan{Source: many(20_000, false), Destination: many(20_000, true), TempDir: dir, memory: 100_000}
		for range p.Actions(t.Context()) {
			fmt.Println("\nfirst action")
			_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed
		}
	}
	dir := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), variable+"="+dir)
	if _, err := child.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "first action"; {
	}
	open, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", child.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	sorting := 0
	for _, fd := range open {
		if target, _ := os.Readlink(fd); strings.HasPrefix(target, dir) {
			sorting++
		}
	}
	if sorting != 2 {
		t.Errorf("the process has %d temporary files open; one for each listing was expected", sorting)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	wantEmpty(t, dir)
}
