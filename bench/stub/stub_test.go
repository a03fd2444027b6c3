package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/c88edac7/bytescale-go"
)

// startStub starts a stub that has files stored, each of whose content is its name, and
// returns its URL.
func startStub(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(name), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newStub("http://"+listener.Addr().String(), 0, 0)
	if s.stored, err = newStored(dir, s.origin); err != nil {
		t.Fatal(err)
	}
	var serving errgroup.Group
	serving.Go(func() error {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return nil //nolint:nilerr // it was closed
			}
			serving.Go(func() error { s.serve(conn); return nil })
		}
	})
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		listener.Close()
		_ = serving.Wait()
	})
	return s.origin
}

func TestListAndDownload(t *testing.T) {
	var names []string
	for i := range 2*pageSize + 1 {
		names = append(names, fmt.Sprintf("%03d/%03d", i/1000, i%1000))
	}
	origin := startStub(t, names...)
	client, err := bytescale.NewClient("secret_"+accountID+"bench", bytescale.WithAPIURL(origin), bytescale.WithCDNURL(origin))
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	var listed []string
	for entry, err := range client.ListFolder(t.Context(), "/bench", bytescale.WithRecursive()) {
		if err != nil {
			t.Fatal(err)
		}
		if entry.Size != 7 {
			t.Errorf("%s has %d bytes, want 7", entry.Path, entry.Size)
		}
		listed = append(listed, strings.TrimPrefix(entry.Path, "/bench/"))
	}
	if got, want := strings.Join(listed, " "), strings.Join(names, " "); got != want {
		t.Errorf("listed %.100s…, want %.100s…", got, want)
	}

	name := filepath.Join(t.TempDir(), "downloaded")
	if _, err := client.DownloadTo(t.Context(), "/bench/001/234", name); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != "001/234" {
		t.Errorf("downloaded %q, %v", got, err)
	}
	if _, err := client.DownloadTo(t.Context(), "/bench/none", name, bytescale.WithOverwrite()); !errors.Is(err, bytescale.ErrNotFound) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestRanges(t *testing.T) {
	origin := startStub(t, "0123456789")
	for _, test := range []struct{ header, status, body string }{
		{"", "200 OK", "0123456789"},
		{"bytes=0-3", "206 Partial Content", "0123"},
		{"bytes=3-", "206 Partial Content", "3456789"},
		{"bytes=8-100", "206 Partial Content", "89"},
		{"bytes=10-11", "416 Requested Range Not Satisfiable", ""},
		{"bytes=-1", "416 Requested Range Not Satisfiable", ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, origin+"/A623uY2/raw/bench/0123456789", nil)
		if err != nil {
			t.Fatal(err)
		}
		if test.header != "" {
			req.Header.Set("Range", test.header)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.Status != test.status || string(body) != test.body {
			t.Errorf("%q: %s %q, %v, want %s %q", test.header, resp.Status, body, err, test.status, test.body)
		}
	}
}
