package bytescale_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
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

// scenario is one row of testdata/conformance.json: what goes wrong, and the expected result.
type scenario struct {
	Name   string        `json:"name"`
	Why    string        `json:"why"`
	Faults []fault.Fault `json:"faults"`
	// Want is "stored" or "error".
	Want string `json:"want"`
	// Status or Error is the expected error: an HTTP status, or the name of a sentinel.
	Status int    `json:"status"`
	Error  string `json:"error"`
	// MayExist is the expected UploadError.MayExist.
	MayExist bool `json:"mayExist"`
	// Sizes to run with; "many" (three parts) if empty.
	Sizes []string `json:"sizes"`
	// Extra is how many more requests than an upload without faults takes are allowed, by
	// operation.
	Extra map[string]int `json:"extra"`
	// Exact means that Extra is the exact number.
	Exact bool `json:"exact"`
	// NoRetry means that the request at fault must not be repeated, whatever Extra allows.
	NoRetry bool `json:"noRetry"`
	// Waits is the least time that must pass.
	Waits string `json:"waits"`
	// Within is the most time that may pass.
	Within string `json:"within"`
	// NoETag means that the file is stored and that its etag is not known.
	NoETag bool `json:"noETag"`
	// Loopback means that the scenario also runs on real sockets.
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

// plain returns a reader of content that cannot be read in place.
func plain(content []byte) io.Reader { return struct{ io.Reader }{bytes.NewReader(content)} }

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
		"Reader":   bytescale.Reader(plain(data), int64(len(data))),
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
	"ErrFileChanged":   bytescale.ErrFileChanged,
	"ErrUnexpectedEOF": io.ErrUnexpectedEOF,
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

// Confirmed + InFlight decreases by what has to be sent again, and reaches Total only at the
// end.
func TestProgressOfWhatIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const partSize, total = 1 << 20, 6 << 20
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(partSize), bytescaletest.WithBandwidth(partSize))
		srv.Fail(
			fault.Fault{Operation: fault.PutPart, Part: fault.Part(0), Kind: fault.Status, Status: 503, After: true},
			fault.Fault{Operation: "CompleteUploadPart", Part: fault.Part(5), Kind: fault.RefuseETag},
		)
		client := srv.Client(bytescale.WithPutsInFlight(1))
		var back []int64
		var last bytescale.Progress
		if _, err := client.Upload(t.Context(), bytescale.Bytes(make([]byte, total)), bytescale.WithProgress(func(now bytescale.Progress) {
			if before, shown := last.Confirmed+last.InFlight, now.Confirmed+now.InFlight; shown < before {
				back = append(back, before-shown)
			}
			if now.InFlight > 2*partSize { // one is sent, one waits to be confirmed
				t.Errorf("more is in flight than can be: %+v", now)
			}
			if now.Confirmed+now.InFlight > total {
				t.Errorf("more than there is: %+v", now)
			}
			last = now
		})); err != nil {
			t.Fatal(err)
		}
		// The bytes sent last may not have been reported before they were lost.
		if len(back) != 2 || back[0] < partSize/4 || back[0] > partSize || back[1] < partSize/2 || back[1] > partSize {
			t.Errorf("went back by %d bytes, want twice, by what was sent of a part", back)
		}
		if last.Confirmed != total || last.InFlight != 0 || last.Sent != total+2*partSize {
			t.Errorf("ended with %+v", last)
		}
	})
}

var (
	soakTransfers = flag.Int("soak", 100, "how many random uploads TestSoak makes, and downloads TestSoakDownloads")
	soakSeed      = flag.Uint64("soak.seed", 0, "the seed of both; 0 for one by chance")
)

// TestSoak makes random uploads with random faults. Each ends with the same
// bytes in one file, or with an error whose type a program can decide by.
func TestSoak(t *testing.T) {
	t.Parallel()
	seed := *soakSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("%d uploads, seed %d", *soakTransfers, seed)
	var stored, failed, requests int
	for nth := range *soakTransfers {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, uint64(nth)))
			ok, sent := soak(t, random, fmt.Sprintf("-soak.seed=%d, upload %d", seed, nth))
			requests += sent
			if ok {
				stored++
			} else {
				failed++
			}
		})
	}
	t.Logf("%d stored, %d ended with an error, %d requests", stored, failed, requests)
	if *soakTransfers >= 100 && (stored == 0 || failed == 0) {
		t.Error("the faults are too mild or too harsh to say anything")
	}
}

func soak(t *testing.T, random *rand.Rand, which string) (stored bool, requests int) {
	partSize := 1 + random.IntN(2000)
	size := random.IntN(5 * partSize)
	if random.IntN(10) == 0 {
		size = 0
	}
	data := noise(random.Uint64(), size)
	faults := soakFaults(random, int64(partSize))

	srv, err := bytescaletest.Start(bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(int64(partSize)),
		bytescaletest.WithAPILatency(time.Duration(1+random.IntN(200))*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	srv.Fail(faults...)
	client := srv.Client(bytescale.WithPutsInFlight(1+random.IntN(8)), bytescale.WithAPICallsInFlight(2+random.IntN(31)))
	kinds := []string{"File", "Bytes", "ReaderAt", "Reader", "Stream"}
	source := conformanceSources(t, data)[kinds[random.IntN(len(kinds))]]

	ctx, cancel := context.WithCancel(t.Context())
	if random.IntN(5) == 0 { // the caller gives up, at any moment
		ctx, cancel = context.WithTimeout(ctx, time.Duration(random.Int64N(int64(2*time.Second))))
	}
	defer cancel()
	file, err := client.Upload(ctx, source, bytescale.WithPath("/soak.bin"))
	complain := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s: %d bytes in parts of %d, faults %+v: %s", which, size, partSize, faults, fmt.Sprintf(format, args...))
	}
	files := srv.Files()
	if len(files) > 1 || len(files) == 1 && !bytes.Equal(files[0].Bytes(), data) {
		complain("%d files, or a wrong one", len(files))
	}
	var failed *bytescale.UploadError
	mayExist := errors.As(err, &failed) && failed.MayExist
	switch {
	case err == nil && (len(files) != 1 || file.Size != int64(size)):
		complain("no error, and %d files", len(files))
	case err != nil && !typed(err) && (ctx.Err() == nil || !errors.Is(err, ctx.Err())):
		complain("the error has no type: %v", err)
	case err != nil && len(files) == 1 && !mayExist:
		complain("the file is there and was reported as an error: %v", err)
	}
	if v := srv.Violations(); len(v) > 0 {
		complain("violations %v", v)
	}
	return err == nil, len(srv.Exchanges())
}

func typed(err error) bool {
	var upload *bytescale.UploadError
	var answer *bytescale.APIError
	return errors.As(err, &upload) || errors.As(err, &answer) ||
		errors.Is(err, bytescale.ErrProtocol) || errors.Is(err, bytescale.ErrStalled)
}

// soakFaults draws up to five faults that a bad network, a bad proxy or an
// overloaded service can cause.
func soakFaults(random *rand.Rand, partSize int64) []fault.Fault {
	var faults []fault.Fault
	for range random.IntN(6) {
		f := fault.Fault{
			Operation:  pickOf(random, "BeginMultipartUpload", "GetUploadPart", "PutPart", "PutPart", "CompleteUploadPart", "CompleteUploadPart", "ListUploadParts"),
			Occurrence: 1 + random.IntN(4),
			Times:      1 + random.IntN(3),
			EachPart:   random.IntN(3) == 0,
		}
		switch random.IntN(8) {
		case 0:
			f.Kind, f.Status = fault.Status, []int{408, 429, 500, 502, 503, 504}[random.IntN(6)]
			f.After = f.Status >= 500 && random.IntN(2) == 0
		case 1:
			f.Kind, f.Status, f.RetryAfter = fault.Status, 503, pickOf(random, "0", "1", "30", "3600")
		case 2:
			f.Kind, f.After = fault.Reset, random.IntN(2) == 0
			if f.Operation == fault.PutPart && !f.After {
				f.AfterBytes = random.Int64N(partSize)
			}
		case 3:
			f.Kind, f.AfterBytes = fault.Truncate, random.Int64N(20)
		case 4:
			f.Kind = pickOf(random, fault.Stall, fault.Switch)
		case 5:
			f.Kind, f.Body = fault.Garbage, "<html>"
			if f.Operation == fault.PutPart {
				f.Kind, f.Body = fault.MissingETag, ""
			}
		case 6:
			f.Operation = "PutPart"
			f.Kind = pickOf(random, fault.ExpiredURL, fault.WrongETag)
		case 7:
			f.Kind, f.Delay = fault.Delay, time.Duration(random.Int64N(int64(time.Minute)))
		}
		// Some faults are permanent.
		if random.IntN(15) == 0 {
			f = fault.Fault{Operation: f.Operation, Kind: fault.Status, Status: []int{400, 403, 413}[random.IntN(3)], Times: -1}
		}
		if f.Validate() == nil {
			faults = append(faults, f)
		}
	}
	return faults
}

func pickOf[T any](random *rand.Rand, of ...T) T { return of[random.IntN(len(of))] }
