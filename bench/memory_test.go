//go:build memory && unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

const (
	smallBound    = 32e6
	streamBound   = 64<<20 + 32e6 // the default buffer budget and 32 MB
	fileTLSBound  = 26e6
	smallTLSBound = 38e6
)

// TestMemory measures what the command's own test of that name, which uploads to
// an emulator, cannot: a program that uploads a plain stream of known size, and
// all of it over TLS, where the bytes must pass through the process; and more files
// than an emulator would take in a reasonable time.
func TestMemory(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{dir: t.TempDir(), root: root}
	if err := b.buildPrograms(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "sparse.bin")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 2<<30); err != nil {
		t.Fatal(err)
	}
	one, small := work{paths: []string{path}}, work{files: 1000, size: 10e3}
	if err := small.prepare(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	crowded := t.TempDir()
	for i := range 50_000 {
		if err := os.WriteFile(filepath.Join(crowded, strconv.Itoa(i)), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	directory := work{paths: []string{"--files", "64", "--recursive", crowded}}
	for _, test := range []struct {
		name       string
		conditions conditions
		command    func(work, *server) (*exec.Cmd, error)
		work       work
		bound      int64
	}{
		{"a stream", conditions{}, b.commandStream, one, streamBound},
		{"a stream over TLS", conditions{tls: true}, b.commandStream, one, streamBound},
		{"a stream beside a thousand silent ones", conditions{}, b.commandCrowd, one, streamBound},
		{"a directory of 50,000 files, 64 at a time", conditions{}, b.commandFile, directory, smallBound},
		{"a file over TLS", conditions{tls: true}, b.commandFile, one, fileTLSBound},
		{"many files over TLS, 64 at a time", conditions{tls: true}, b.commandFile, small, smallTLSBound},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.work.conditions = test.conditions
			s, err := b.serve(test.work)
			if err != nil {
				t.Fatal(err)
			}
			defer s.stop()
			cmd, err := test.command(test.work, s)
			if err != nil {
				t.Fatal(err)
			}
			got, err := measure(cmd)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("peak %.1f MB, bound %.1f MB", float64(got.RSS)/1e6, float64(test.bound)/1e6)
			if got.RSS == 0 || got.RSS > test.bound {
				t.Errorf("peak memory is %d bytes, the bound is %d", got.RSS, test.bound)
			}
		})
	}
}
