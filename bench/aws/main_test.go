package main

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// The object arrives whole, and by ranges over several requests.
func TestDownload(t *testing.T) {
	content := make([]byte, 3*partSize+1000)
	_, _ = rand.NewChaCha8([32]byte{}).Read(content)
	var ranges atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/A623uY2/raw/bench/file" {
			http.NotFound(w, r)
			return
		}
		if r.Header.Get("Range") != "" {
			ranges.Add(1)
		}
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "file", time.Time{}, bytes.NewReader(content))
	}))
	t.Cleanup(server.Close)

	name := filepath.Join(t.TempDir(), "file")
	if err := download(t.Context(), server.URL, "A623uY2", "raw/bench/file", name); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, content) || ranges.Load() != 4 {
		t.Errorf("%d bytes came in %d ranges, want %d in 4", len(got), ranges.Load(), len(content))
	}
	if err := download(t.Context(), server.URL, "A623uY2", "raw/bench/other", name); err == nil {
		t.Error("an object that does not exist was downloaded")
	}
}
