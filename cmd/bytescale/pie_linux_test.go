//go:build !race

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Distributions build their programs so that these can be loaded at any address. (The race
// detector cannot be built so.)
func TestPositionIndependentExecutable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	command, err := build(dir, "-buildmode=pie")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "file")
	sparse(t, file, 20*mib)
	upload := exec.Command(command, "upload", "--local", "--quiet", file)
	upload.Env = append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME="+filepath.Join(dir, "state"), "TMPDIR="+dir)
	out, err := upload.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "/raw/") {
		t.Errorf("%v: %s", err, out)
	}
}
