package bytescale_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// conformancePart is the part size of the scenarios: large enough that a PUT can
// be cut in its middle.
const conformancePart = 64 << 10

// scenario is one row of testdata/conformance.json: what goes wrong, and what
// must come of it.
type scenario struct {
	Name   string        `json:"name"`
	Why    string        `json:"why"`
	Faults []fault.Fault `json:"faults"`
	// Want is "stored" or "error".
	Want string `json:"want"`
	// Status or Error name the error: an HTTP status or a sentinel.
	Status int    `json:"status"`
	Error  string `json:"error"`
	// MayExist says that the file may be stored in spite of the error.
	MayExist bool `json:"mayExist"`
	// Sizes to run with; "many" (three parts) if empty.
	Sizes []string `json:"sizes"`
	// Extra is how many requests there may be at the most beyond those of an
	// upload without faults, by operation.
	Extra map[string]int `json:"extra"`
	// Exact says that there must be as many.
	Exact bool `json:"exact"`
	// NoRetry says that the request at fault must not be repeated, by whatever its
	// Extra would allow.
	NoRetry bool `json:"noRetry"`
	// Waits is the least time that must pass.
	Waits string `json:"waits"`
	// Within is the most time that may pass.
	Within string `json:"within"`
	// NoETag says that the file is stored and its etag not known.
	NoETag bool `json:"noETag"`
	// Loopback says that the scenario also runs on real sockets.
	Loopback bool `json:"loopback"`
}

func scenarios(t *testing.T) []scenario {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "conformance.json"))
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var all []scenario
	if err := decoder.Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

var conformanceSizes = map[string]int{
	"empty": 0,
	"one":   conformancePart - 1,
	"exact": 2 * conformancePart,
	"many":  2*conformancePart + conformancePart/2,
}

func conformanceSources(t *testing.T, data []byte) map[string]bytescale.Source {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.bin")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]bytescale.Source{
		"File":     bytescale.File(path),
		"Bytes":    bytescale.Bytes(data),
		"ReaderAt": bytescale.ReaderAt(bytes.NewReader(data), int64(len(data))),
		"Reader":   bytescale.Reader(bytes.NewReader(data), int64(len(data))),
		"Stream":   bytescale.Stream(bytes.NewReader(data)),
	}
}

func TestConformanceTableIsLargeEnough(t *testing.T) {
	t.Parallel()
	all, forbidden, names := scenarios(t), 0, map[string]bool{}
	for _, s := range all {
		if s.NoRetry {
			forbidden++
		}
		if names[s.Name] || s.Why == "" {
			t.Errorf("%q has no reason or stands twice", s.Name)
		}
		names[s.Name] = true
	}
	if len(all) < 40 || forbidden < 8 {
		t.Errorf("%d scenarios, %d of them with no retry", len(all), forbidden)
	}
}

// TestConformance runs the scenarios in virtual time. An unused fault, a request
// that breaks the API's rules and one that is left open fail the test (see
// bytescaletest.NewServer); a goroutine that is left fails the bubble.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios(t) {
		s.each(t, func(t *testing.T, size int, source string) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s.run(t, size, source, bytescaletest.WithMemoryNetwork())
			})
		})
	}
}

// TestConformanceOnLoopback runs a sample on real sockets.
func TestConformanceOnLoopback(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios(t) {
		if s.Loopback {
			s.each(t, func(t *testing.T, size int, source string) {
				t.Parallel()
				s.run(t, size, source)
			})
		}
	}
}

func (s scenario) each(t *testing.T, run func(t *testing.T, size int, source string)) {
	t.Helper()
	sizes := s.Sizes
	if len(sizes) == 0 {
		sizes = []string{"many"}
	}
	for _, name := range sizes {
		size, ok := conformanceSizes[name]
		if !ok {
			t.Fatalf("%s: no size %q", s.Name, name)
		}
		for _, source := range []string{"File", "Bytes", "ReaderAt", "Reader", "Stream"} {
			t.Run(fmt.Sprintf("%s/%s/%s", s.Name, name, source), func(t *testing.T) { run(t, size, source) })
		}
	}
}

func (s scenario) run(t *testing.T, size int, source string, options ...bytescaletest.Option) {
	data := bytes.Repeat([]byte("0123456789abcdef-"), size/17+1)[:size]
	srv := bytescaletest.NewServer(t, append(options, bytescaletest.WithPartSize(conformancePart))...)
	srv.Fail(s.Faults...)
	var events []string
	client := srv.Client(bytescale.WithObserver(observe(&events)))

	began := time.Now()
	file, err := client.Upload(t.Context(), conformanceSources(t, data)[source], bytescale.WithPath("/conformance.bin"))
	took := time.Since(began)
	if n := srv.InFlight(); n != 0 && s.Want == "stored" {
		t.Errorf("%d requests are in flight after the return", n)
	}

	switch s.Want {
	case "stored":
		s.checkStored(t, srv, file, err, data)
	case "error":
		s.checkError(t, srv, err)
	default:
		t.Fatalf("want %q?", s.Want)
	}
	s.checkRequests(t, srv, size)
	if least := duration(t, s.Waits); took < least {
		t.Errorf("took %v, want at least %v", took, least)
	}
	if most := duration(t, s.Within); s.Within != "" && took > most {
		t.Errorf("took %v, want at most %v", took, most)
	}
	for _, text := range append(events, fmt.Sprintf("%v %+v %#v", err, err, file)) {
		if strings.Contains(text, srv.Key()) || strings.Contains(text, "ignature=") {
			t.Errorf("a secret in %q", text)
		}
	}
}

// duration reads a duration of the table; none is 0.
func duration(t *testing.T, text string) time.Duration {
	t.Helper()
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (s scenario) checkStored(t *testing.T, srv *bytescaletest.Server, file *bytescale.FileDetails, err error, data []byte) {
	t.Helper()
	if err != nil {
		t.Fatalf("Upload: %v", err)
	}
	stored := srv.Files()
	if len(stored) != 1 || !bytes.Equal(stored[0].Bytes(), data) {
		t.Fatalf("%d files, want one with the bytes of the source", len(stored))
	}
	wantETag := stored[0].ETag
	if s.NoETag {
		wantETag = ""
	}
	if file.ETag != wantETag || file.Size != int64(len(data)) || file.FilePath != stored[0].FilePath {
		t.Errorf("details %+v, want etag %q", file, wantETag)
	}
}

var sentinels = map[string]error{
	"ErrProtocol":      bytescale.ErrProtocol,
	"ErrUploadUnknown": bytescale.ErrUploadUnknown,
	"ErrStalled":       bytescale.ErrStalled,
}

func (s scenario) checkError(t *testing.T, srv *bytescaletest.Server, err error) {
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
	var failed *bytescale.UploadError
	if mayExist := errors.As(err, &failed) && failed.MayExist; mayExist != s.MayExist {
		t.Errorf("MayExist is %v, want %v: %v", mayExist, s.MayExist, err)
	}
	if n := len(srv.Files()); n != 0 && !s.MayExist {
		t.Errorf("%d files exist after an error", n)
	}
}

// checkRequests counts the requests that reached the server.
func (s scenario) checkRequests(t *testing.T, srv *bytescaletest.Server, size int) {
	t.Helper()
	parts := max(1, (size+conformancePart-1)/conformancePart)
	most := map[string]int{"BeginMultipartUpload": 1, "GetUploadPart": parts - 1, "PutPart": parts, "CompleteUploadPart": parts}
	for operation, n := range s.Extra {
		most[operation] += n
	}
	type step struct {
		operation string
		part      int64
	}
	got, failed := map[string]int{}, map[step]bool{}
	for _, exchange := range srv.Exchanges() {
		got[exchange.Operation]++
		this := step{exchange.Operation, exchange.Part}
		if failed[this] && s.NoRetry {
			t.Errorf("%s of part %d was repeated", exchange.Operation, exchange.Part)
		}
		failed[this] = failed[this] || exchange.Fault != ""
	}
	for operation, n := range got {
		if n > most[operation] {
			t.Errorf("%d requests %s, want at most %d", n, operation, most[operation])
		}
	}
	for operation := range s.Extra {
		if s.Exact && got[operation] != most[operation] {
			t.Errorf("%d requests %s, want %d", got[operation], operation, most[operation])
		}
	}
	if s.Want == "stored" {
		for _, operation := range []string{"BeginMultipartUpload", "PutPart"} {
			if got[operation] < most[operation]-s.Extra[operation] {
				t.Errorf("%d requests %s for %d parts", got[operation], operation, parts)
			}
		}
	}
}

// observe notes the events as text.
func observe(events *[]string) func(bytescale.Event) {
	var mu sync.Mutex
	return func(e bytescale.Event) {
		mu.Lock()
		defer mu.Unlock()
		*events = append(*events, fmt.Sprintf("%+v %v", e, e.Err))
	}
}
