package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

const mib = 1 << 20

var update = flag.Bool("update", false, "rewrite golden files")

// command is the built command; the tests run it as its users do.
var command string

func TestMain(m *testing.M) {
	flag.Parse()
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

// build compiles the command into dir.
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
