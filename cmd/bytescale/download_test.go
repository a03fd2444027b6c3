package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bytescale "github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
)

// A download does not replace a file that was created meanwhile, unless --force is given.
func TestDownloadReplacesNothingUnasked(t *testing.T) {
	srv := bytescaletest.NewServer(t)
	file, err := srv.Client().Upload(t.Context(), bytescale.Bytes([]byte("stored")))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	shows := newProgress(io.Discard, true, os.Getenv)
	for _, force := range []bool{false, true} {
		err := (&downloadCmd{force: force}).toFile(t.Context(), srv.Client(), file.FilePath, target{name: name}, shows)
		if force != (err == nil) || !force && !strings.Contains(err.Error(), "exists already") {
			t.Errorf("force %v: %v", force, err)
		}
		want := map[bool]string{false: "precious", true: "stored"}[force]
		if got, err := os.ReadFile(name); string(got) != want || err != nil {
			t.Errorf("force %v: %q, %v; want %q", force, got, err, want)
		}
	}
	left, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
	if err := (&downloadCmd{}).toFile(t.Context(), srv.Client(), "/none", target{name: name + "2"}, shows); !errors.Is(err, bytescale.ErrNotFound) {
		t.Error(err)
	}
}
