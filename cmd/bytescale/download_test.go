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

// The path of a stored file comes from elsewhere. It never leads out of the directory of a
// download.
func TestNamesOfDownloads(t *testing.T) {
	for stored, want := range map[string]string{
		"/f/a b!.txt": "a b!.txt", "/f/.profile": ".profile", "/f/...": "...", "/f/-rf": "-rf", "/f/~": "~", "/f/%2e%2e": "%2e%2e",
		"/f//a": "a", "/": "", "/f/..": "", "/f/.": "", "/..": "",
	} {
		got, err := inDirectory("dir", stored)
		switch {
		case want == "" && !errors.As(err, new(usageError)):
			t.Errorf("%q: %q, %v; want an error", stored, got, err)
		case want != "" && (err != nil || got != filepath.Join("dir", want)):
			t.Errorf("%q: %q, %v; want %q", stored, got, err, want)
		}
	}
}

// FuzzNameOfDownload: whatever the path is, its file is one directly in the directory.
func FuzzNameOfDownload(f *testing.F) {
	for _, seed := range []string{"a", "..", "a/../..", "\x00", "c:\\d", "..\\..", "a/.", "/", "NUL", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, stored string) {
		name, err := inDirectory("dir", "/"+stored)
		if err == nil && (filepath.Dir(name) != "dir" || name == "dir") {
			t.Errorf("%q is written to %q", stored, name)
		}
	})
}
