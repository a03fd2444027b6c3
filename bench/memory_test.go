//go:build memory && unix

package main

import (
	"os"
	"path/filepath"
	"testing"
)

// streamBound is the default buffer budget and 32 MB.
const streamBound = 64<<20 + 32e6

// TestMemoryOfAStream measures a program that uploads a plain stream of known
// size. Files, directories and standard input are measured on the command, by
// its own TestMemory.
func TestMemoryOfAStream(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{dir: t.TempDir(), root: root}
	if err := b.buildPrograms(); err != nil {
		t.Fatal(err)
	}
	s, err := b.serve(conditions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)

	path := filepath.Join(t.TempDir(), "sparse.bin")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 2<<30); err != nil {
		t.Fatal(err)
	}
	cmd, err := b.commandStream(work{paths: []string{path}}, s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := measure(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("peak %.1f MB, bound %.1f MB", float64(got.RSS)/1e6, streamBound/1e6)
	if got.RSS == 0 || got.RSS > streamBound {
		t.Errorf("peak memory is %d bytes, the bound is %d", got.RSS, int64(streamBound))
	}
}
