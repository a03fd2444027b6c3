package bytescale_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// downloadScenario is one row of testdata/conformance-downloads.json: what goes wrong, and the
// expected result.
type downloadScenario struct {
	Name   string        `json:"name"`
	Why    string        `json:"why"`
	Faults []fault.Fault `json:"faults"`
	// Want is "whole" or "error".
	Want string `json:"want"`
	// Status or Error is the expected error: an HTTP status, or the name of a sentinel.
	Status int    `json:"status"`
	Error  string `json:"error"`
	// Targets and Sizes to run with; all targets, and "many" (two parts and a half), if empty.
	Targets []string `json:"targets"`
	Sizes   []string `json:"sizes"`
	// Extra is how many more requests than a download without faults takes are allowed.
	// Requests is the number of all of them, if it is not 0.
	Extra    int `json:"extra"`
	Requests int `json:"requests"`
	// Exact means that Extra is the exact number.
	Exact bool `json:"exact"`
	// NoRetry means that no request follows the one at fault, except of another part.
	NoRetry bool `json:"noRetry"`
	// NoContinuation means that an event tells that the download cannot be continued;
	// NoContinuationOf, that it does so for these targets only.
	NoContinuation   bool     `json:"noContinuation"`
	NoContinuationOf []string `json:"noContinuationOf"`
	// Waits is the least time that must pass, and Within the most.
	Waits  string `json:"waits"`
	Within string `json:"within"`
	// Loopback means that the scenario also runs on real sockets.
	Loopback bool `json:"loopback"`
}

func downloadScenarios(t *testing.T) (all []downloadScenario) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "conformance-downloads.json"))
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

// downloadTargets are the ways to get at the bytes of a file.
var downloadTargets = map[string]func(t *testing.T, c *bytescale.Client) ([]byte, error){
	"File": func(t *testing.T, c *bytescale.Client) ([]byte, error) {
		dir := t.TempDir()
		name := filepath.Join(dir, "file")
		last := bytescale.Progress{Confirmed: -1}
		_, err := c.DownloadTo(t.Context(), conformancePath, name, bytescale.WithProgress(func(now bytescale.Progress) {
			if now.Confirmed < last.Confirmed || now.Sent < last.Sent || now.Total >= 0 && now.Confirmed+now.InFlight > now.Total {
				t.Errorf("progress %+v after %+v", now, last)
			}
			last = now
		}))
		if err != nil {
			if _, err := os.Lstat(name); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("after an error, the name: %v", err)
			}
			return nil, err
		}
		data, err := os.ReadFile(name)
		if int64(len(data)) != last.Confirmed || last.Total != last.Confirmed {
			t.Errorf("%d bytes, and the progress ended with %+v", len(data), last)
		}
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Errorf("left: %v", left)
		}
		return data, err
	},
	"WriterAt": func(t *testing.T, c *bytescale.Client) ([]byte, error) {
		var w memory
		file, err := c.DownloadToWriterAt(t.Context(), conformancePath, &w)
		if err == nil && file.Size != int64(len(w.data)) {
			t.Errorf("size %d, and %d bytes were written", file.Size, len(w.data))
		}
		return w.data, err
	},
	"Stream": func(t *testing.T, c *bytescale.Client) ([]byte, error) {
		body, err := c.Download(t.Context(), conformancePath)
		if err != nil {
			return nil, err
		}
		defer body.Close()
		return io.ReadAll(body)
	},
}

const conformancePath = "/conformance.bin"

// memory is an io.WriterAt that keeps what is written.
type memory struct {
	mu   sync.Mutex
	data []byte
}

func (m *memory) WriteAt(p []byte, at int64) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if end := int(at) + len(p); end > len(m.data) {
		m.data = append(m.data, make([]byte, end-len(m.data))...)
	}
	return copy(m.data[at:], p), nil
}

func TestDownloadConformanceTable(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, s := range downloadScenarios(t) {
		if names[s.Name] || s.Why == "" {
			t.Errorf("%q has no reason or stands twice", s.Name)
		}
		names[s.Name] = true
	}
	if len(names) < 40 {
		t.Errorf("%d scenarios", len(names))
	}
}

// TestDownloadConformance runs the scenarios in virtual time. An unused fault, a request that
// breaks the API's rules and one that is left open fail the test; a goroutine that is left
// fails the bubble.
func TestDownloadConformance(t *testing.T) {
	t.Parallel()
	for _, s := range downloadScenarios(t) {
		s.each(t, func(t *testing.T, size int, target string) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { s.run(t, size, target, bytescaletest.WithMemoryNetwork()) })
		})
	}
}

// TestDownloadConformanceOnLoopback runs a sample on real sockets.
func TestDownloadConformanceOnLoopback(t *testing.T) {
	t.Parallel()
	for _, s := range downloadScenarios(t) {
		if s.Loopback {
			s.each(t, func(t *testing.T, size int, target string) {
				t.Parallel()
				s.run(t, size, target)
			})
		}
	}
}

func (s downloadScenario) each(t *testing.T, run func(t *testing.T, size int, target string)) {
	t.Helper()
	sizes, targets := s.Sizes, s.Targets
	if len(sizes) == 0 {
		sizes = []string{"many"}
	}
	if len(targets) == 0 {
		targets = []string{"File", "WriterAt", "Stream"}
	}
	for _, name := range sizes {
		size, ok := conformanceSizes[name]
		if !ok {
			t.Fatalf("%s: no size %q", s.Name, name)
		}
		for _, target := range targets {
			t.Run(fmt.Sprintf("%s/%s/%s", s.Name, name, target), func(t *testing.T) { run(t, size, target) })
		}
	}
}

func (s downloadScenario) run(t *testing.T, size int, target string, options ...bytescaletest.Option) {
	srv := bytescaletest.NewServer(t, options...)
	data := noise(1, size)
	srv.AddFile(bytescale.FileDetails{FilePath: conformancePath}, data)
	srv.Fail(s.Faults...)
	var mu sync.Mutex
	told := 0
	client := srv.Client(bytescale.WithObserver(func(e bytescale.Event) {
		mu.Lock()
		defer mu.Unlock()
		if e.Kind == bytescale.EventNoContinuation && e.Err != nil {
			told++
		}
	}))
	bytescale.SetDownloadPart(client, conformancePart)

	began := time.Now()
	got, err := downloadTargets[target](t, client)
	took := time.Since(began)
	switch s.Want {
	case "whole":
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes of %d, %v", len(got), size, err)
		}
	case "error":
		s.checkError(t, err)
	default:
		t.Fatalf("want %q?", s.Want)
	}
	s.checkRequests(t, srv, size, target)
	if want := s.NoContinuation || slices.Contains(s.NoContinuationOf, target); told > 1 || want != (told == 1) {
		t.Errorf("%d events tell that it cannot be continued", told)
	}
	if least := duration(t, s.Waits); took < least {
		t.Errorf("took %v, want at least %v", took, least)
	}
	if most := duration(t, s.Within); s.Within != "" && took > most {
		t.Errorf("took %v, want at most %v", took, most)
	}
}

func (s downloadScenario) checkError(t *testing.T, err error) {
	t.Helper()
	var answer *bytescale.APIError
	switch {
	case err == nil:
		t.Error("no error")
	case s.Error != "" && (sentinels[s.Error] == nil || !errors.Is(err, sentinels[s.Error])):
		t.Errorf("%v is not %s", err, s.Error)
	case s.Error == "" && (!errors.As(err, &answer) || answer.Status != s.Status):
		t.Errorf("%v is not an APIError with status %d", err, s.Status)
	}
}

// checkRequests counts the requests that reached the server.
func (s downloadScenario) checkRequests(t *testing.T, srv *bytescaletest.Server, size int, target string) {
	t.Helper()
	base := 1
	if target != "Stream" {
		base = max(1, (size+conformancePart-1)/conformancePart)
		if size == 0 {
			base = 2 // the range of an empty file is refused
		}
	}
	most := base + s.Extra
	if s.Requests != 0 {
		most = s.Requests
	}
	exchanges := srv.Exchanges()
	if n := len(exchanges); n > most || n != most && (s.Exact || s.Requests != 0) {
		t.Errorf("%d requests, want %d", n, most)
	}
	faults := 0
	for _, exchange := range exchanges {
		if exchange.Fault != "" {
			faults++
		}
	}
	if s.NoRetry && len(exchanges) > base {
		t.Errorf("%d requests, %d of them with faults, of %d parts", len(exchanges), faults, base)
	}
}
