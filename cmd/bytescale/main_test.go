package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

const mib = 1 << 20

var update = flag.Bool("update", false, "rewrite golden files")

// command is the path of the built command. The tests run it as users do.
var command string

func TestMain(m *testing.M) {
	flag.Parse()
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		// In a background job the signal is ignored, and the command would inherit that.
		if signal.Ignored(sig) {
			signal.Notify(make(chan os.Signal, 1), sig)
		}
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "bytescale-command-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		command, err = build(dir, raceFlags...)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// build builds the command into dir and returns its path.
func build(dir string, flags ...string) (string, error) {
	target := filepath.Join(dir, "bytescale")
	if runtime.GOOS == "windows" {
		target += ".exe"
	}
	args := append([]string{"build", "-o", target}, flags...)
	out, err := exec.Command("go", append(args, ".")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return target, nil
}
