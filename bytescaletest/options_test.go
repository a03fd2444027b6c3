package bytescaletest_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/cdn"
)

// An option with an invalid value is reported by its name, and never by the key
// that it was given.
func TestInvalidOptions(t *testing.T) {
	for want, option := range map[string]bytescaletest.Option{
		"WithPartSize: 0 is below 1":                  bytescaletest.WithPartSize(0),
		"WithPartSizes: no size is given":             bytescaletest.WithPartSizes(),
		"WithPartSizes: -1 is below 1":                bytescaletest.WithPartSizes(5, -1),
		"WithURLLifetime: 0s is not above 0":          bytescaletest.WithURLLifetime(0),
		"WithUploadLifetime: -1ns is not above 0":     bytescaletest.WithUploadLifetime(-1),
		"WithAPILatency: -1ns is not above 0":         bytescaletest.WithAPILatency(-1),
		"WithBandwidth: 0 is not above 0":             bytescaletest.WithBandwidth(0),
		"WithMaxFileSize: 0 is not above 0":           bytescaletest.WithMaxFileSize(0),
		"WithJWTKeys: no key is given":                bytescaletest.WithJWTKeys(),
		"WithURLKeys: no key is given":                bytescaletest.WithURLKeys(cdn.Key{}),
		"WithJobSteps: 0 is not above 0":              bytescaletest.WithJobSteps(0),
		"WithProcessor: raw is no name":               bytescaletest.WithProcessor("raw", leave),
		"WithProcessor: save is no name":              bytescaletest.WithProcessor("save", leave),
		"WithProcessor: the processor is nil":         bytescaletest.WithProcessor("image", nil),
		"WithKeys: no key is given":                   bytescaletest.WithKeys(),
		"WithKeys: key number 2 is not well-formed: ": bytescaletest.WithKeys(bytescaletest.DefaultKey, "hunter2"),
		"WithKeys: key number 1 is not well-formed: ": bytescaletest.WithKeys("secret_0OIl111x"),
	} {
		srv, err := bytescaletest.Start(option)
		if err == nil {
			srv.Close()
			t.Errorf("no error, want %q", want)
			continue
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v, want %q", err, want)
		}
		test := &fakeT{}
		srv = bytescaletest.NewServer(test, option)
		if problems := test.end(); srv != nil || !test.fatal || !strings.Contains(problems, want) {
			t.Errorf("NewServer: %q, want %q", problems, want)
		}
	}
}

func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(),
			bytescaletest.WithURLLifetime(time.Minute), bytescaletest.WithUploadLifetime(time.Hour))
		s := newSession(t, srv)
		s.mustBegin("hello")
		url := s.begun.UploadParts.First.UploadURL
		time.Sleep(time.Minute - time.Millisecond)
		wantStatus(t, s.putTo(url, []byte("hello")), 200)
		time.Sleep(time.Millisecond)
		if got := s.putTo(url, []byte("hello")); got.status != 403 || !bytes.Contains(got.body, []byte("Request has expired")) {
			t.Errorf("expired: %v", got)
		}
		wantStatus(t, s.put(0), 200) // a fresh URL
		time.Sleep(time.Hour - time.Minute - time.Millisecond)
		wantStatus(t, s.list(), 200)
		time.Sleep(time.Millisecond)
		wantStatus(t, s.list(), 404)
	})
}

func TestSpeedLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(1000),
			bytescaletest.WithBandwidth(100), bytescaletest.WithAPILatency(time.Second))
		s := newSession(t, srv)
		s.mustBegin(strings.Repeat("x", 3000))
		parts := []string{s.part(0).UploadURL, s.part(1).UploadURL, s.part(2).UploadURL}
		start := time.Now()
		var all sync.WaitGroup
		for _, url := range parts { // each PUT has the bandwidth for itself
			all.Go(func() { s.putTo(url, s.source[:1000]) })
		}
		all.Wait()
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("three PUTs of 1000 bytes side by side took %v", took)
		}
		start = time.Now()
		for range 5 {
			all.Go(func() { s.list() })
		}
		all.Wait()
		if took := time.Since(start); took != time.Second {
			t.Errorf("five calls side by side took %v", took)
		}
		want := bytescaletest.Stats{MaxAPI: 5, MaxPuts: 3, MaxAPIPerSecond: 5}
		if diff := cmp.Diff(want, srv.Stats()); diff != "" {
			t.Errorf("stats (-want +got):\n%s", diff)
		}
	})
}

func TestDiscard(t *testing.T) {
	srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(10), bytescaletest.WithDiscard())
	s := newSession(t, srv)
	s.mustBegin("0123456789abc")
	wantStatus(t, s.finish(), 200)
	file, ok := srv.File(s.begun.File.FilePath)
	if !ok || file.Size != 13 || file.ETag == "" || file.Bytes() != nil {
		t.Errorf("stored %+v", file)
	}
	if got := s.download(""); got.status != 404 || got.code() != "content_discarded" {
		t.Errorf("downloaded %v", got)
	}
	if got := s.putTo(s.part(0).UploadURL, nil); got.status != 404 {
		t.Errorf("PUT after completion: %v", got)
	}
	s.mustBegin("")
	wantStatus(t, s.finish(), 200)
	if got := s.download(""); got.status != 200 || len(got.body) != 0 {
		t.Errorf("an empty file has all its bytes, but was downloaded as %v", got)
	}
}

func TestMaxFileSize(t *testing.T) {
	srv := bytescaletest.NewServer(t, bytescaletest.WithMaxFileSize(10))
	s := newSession(t, srv)
	for _, got := range []answer{s.begin("01234567890"), s.post("binary", "text/plain", "01234567890")} {
		if got.status != 413 || got.code() != "file_too_large" {
			t.Errorf("got %v", got)
		}
	}
	wantStatus(t, s.begin("0123456789"), 200)
	wantStatus(t, s.post("binary", "text/plain", "0123456789"), 200)
	if len(srv.Files()) != 1 {
		t.Errorf("stored %v", srv.Files())
	}
}

// leave is a processor that leaves nothing.
func leave(context.Context, bytescaletest.Transformation) ([]byte, string, error) {
	return nil, "", nil
}
