package bytescale_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

const (
	leakKey = "secret_A623uY2kEySeCrEt0123456789"
	leakJWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJsZWFrIn0.c2lnbmF0dXJlT2ZKV1Q"
)

// TestNothingTellsSecrets drives uploads, resumes, downloads and the rest into
// every kind of failure of every operation, and looks for the API key, the JWT
// and everything that was in a pre-signed URL: in the errors and all they wrap,
// in events, in checkpoints, in what slog makes of them.
func TestNothingTellsSecrets(t *testing.T) {
	t.Parallel()
	operations := []string{
		fault.PutPart, "BeginMultipartUpload", "GetUploadPart", "ListUploadParts", "CompleteUploadPart",
		"GetFileDetails", "DeleteFile", "DownloadFile",
	}
	kinds := []fault.Fault{
		{Kind: fault.Status, Status: 400},
		{Kind: fault.Status, Status: 401},
		{Kind: fault.Status, Status: 403},
		{Kind: fault.Status, Status: 404},
		{Kind: fault.Status, Status: 503, After: true},
		{Kind: fault.Status, Status: 429, RetryAfter: "100000"},
		{Kind: fault.Reset},
		{Kind: fault.Reset, After: true},
		{Kind: fault.Truncate, AfterBytes: 3},
		{Kind: fault.Garbage},
		{Kind: fault.WrongShape},
		{Kind: fault.Stall},
		{Kind: fault.ExpiredURL},
		{Kind: fault.WrongETag},
		{Kind: fault.MissingETag},
		{Kind: fault.RefuseETag},
		{Kind: fault.ForgetUpload},
		{Kind: fault.Edit, Set: map[string]json.RawMessage{"/uploadUrl": json.RawMessage(`"https://user:` + leakJWT + `@127.0.0.1:1/?x=` + leakJWT + `"`)}},
	}
	failed := map[string]int{}
	for _, operation := range operations {
		for _, fault := range kinds {
			fault.Operation, fault.Times = operation, -1
			if fault.Validate() != nil {
				continue // the kind means nothing for the operation
			}
			synctest.Test(t, func(t *testing.T) {
				failed[operation] += len(driveIntoFault(t, fault))
			})
		}
	}
	for _, operation := range operations {
		if failed[operation] < 5 {
			t.Errorf("only %d errors came of faults of %s: the test does not reach it", failed[operation], operation)
		}
	}
}

// saidTwice returns a prefix that an error has because what it wraps has it too, as in
// "source: source: ".
func saidTwice(text string) string {
	seen := map[string]bool{}
	for prefix := range strings.SplitSeq(text, ": ") {
		if seen[prefix] && !strings.Contains(prefix, "://") { // which urlSpy repeats
			return prefix
		}
		seen[prefix] = true
	}
	return ""
}

// driveIntoFault uses a client in all ways, looks at everything it tells, and
// returns the errors.
func driveIntoFault(t *testing.T, fault fault.Fault) (failures []error) {
	server, err := bytescaletest.Start(bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(1000), bytescaletest.WithLenient())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	where := fmt.Sprintf("%s %s %d", fault.Operation, fault.Kind, fault.Status)

	var mu sync.Mutex
	var told bytes.Buffer // everything that could tell a secret
	logger := slog.New(slog.NewJSONHandler(&told, nil))
	tell := func(v any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(&told, "%v %+v %#v %s %q\n", v, v, v, v, v)
		logger.Info("told", "value", v)
	}
	spy := &urlSpy{next: server.HTTPClient().Transport}
	logEvent := bytescale.EventLogger(slog.New(slog.NewJSONHandler(lockedWriter{&mu, &told}, &slog.HandlerOptions{Level: slog.LevelDebug})))
	client, err := bytescale.NewClient(leakKey,
		bytescale.WithAPIURL(server.URL()), bytescale.WithCDNURL(server.URL()),
		bytescale.WithTransport(spy),
		bytescale.WithJWT(func(context.Context) (string, error) { return leakJWT, nil }),
		bytescale.WithMiddleware(func(next http.RoundTripper) http.RoundTripper { return carelessTracer{next, tell} }),
		bytescale.WithObserver(func(e bytescale.Event) { tell(e); tell(e.Err); logEvent(e) }))
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	tell(client)
	fails := func(err error) {
		for _, err := range unwrapAll(err) {
			failures = append(failures, err)
			tell(err)
			if twice := saidTwice(err.Error()); twice != "" {
				t.Errorf("%s: %q says %q twice", where, err, twice)
			}
		}
	}

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
	defer cancel()
	content := make([]byte, 2500)
	stored, err := client.Upload(ctx, bytescale.Bytes(content), bytescale.WithPath("/stored.bin"))
	fails(err)
	tell(stored)

	server.Fail(fault)
	var checkpoint bytescale.Checkpoint
	_, err = client.Upload(ctx, bytescale.Bytes(content), bytescale.WithPath("/faulty.bin"),
		bytescale.WithCheckpoint(func(c bytescale.Checkpoint) error { checkpoint = c; tell(c); return nil }))
	fails(err)
	if checkpoint.UploadID() != "" {
		_, err = client.Resume(ctx, checkpoint, bytescale.Bytes(content))
		fails(err)
	}
	_, err = client.GetFileDetails(ctx, "/stored.bin")
	fails(err)
	for range 3 {
		download, err := client.Download(ctx, "/stored.bin", bytescale.WithCDNAuth())
		fails(err)
		if err == nil {
			_, err := new(bytes.Buffer).ReadFrom(download)
			fails(err)
			download.Close()
		}
	}
	fails(client.DeleteFile(ctx, "/stored.bin"))

	if len(spy.secrets()) == 0 {
		t.Fatalf("%s: no pre-signed URL was seen: there is nothing to look for", where)
	}
	mu.Lock()
	defer mu.Unlock()
	text := told.String()
	for _, secret := range append(spy.secrets(), leakKey, leakJWT, base64.StdEncoding.EncodeToString([]byte("apikey:"+leakKey))) {
		if i := strings.Index(text, secret); i >= 0 {
			t.Errorf("%s: a secret is told: …%s…", where, text[max(0, i-200):min(len(text), i+len(secret)+50)])
		}
	}
	return failures
}

// lockedWriter writes to a buffer that others use too.
type lockedWriter struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (w lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}

// carelessTracer records what tracers record: the whole request, and that of the answer.
type carelessTracer struct {
	next   http.RoundTripper
	record func(any)
}

func (t carelessTracer) RoundTrip(req *http.Request) (*http.Response, error) {
	t.record([]any{req.Method, req.URL.String(), req.Host, req.RequestURI, req.Header, fmt.Sprint(req.Context())})
	resp, err := t.next.RoundTrip(req)
	t.record(err)
	for _, wrapped := range unwrapAll(err) {
		t.record(wrapped)
	}
	if resp != nil {
		t.record([]any{resp.Status, resp.Request.URL.String(), resp.Request.Header})
	}
	return resp, err
}

// unwrapAll returns an error and all that it wraps.
func unwrapAll(err error) []error {
	if err == nil {
		return nil
	}
	list := []error{err}
	switch wrapper := err.(type) { //nolint:errorlint // walks the tree by itself
	case interface{ Unwrap() error }:
		list = append(list, unwrapAll(wrapper.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, inner := range wrapper.Unwrap() {
			list = append(list, unwrapAll(inner)...)
		}
	}
	return list
}

// urlSpy notes what stands in the queries of pre-signed URLs. Its errors tell
// all there is to tell.
type urlSpy struct {
	next http.RoundTripper
	mu   sync.Mutex
	seen []string
}

func (s *urlSpy) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodPut && req.Header.Get("Authorization") == "" {
		s.mu.Lock()
		s.seen = append(s.seen, queryOf(req.URL)...)
		s.mu.Unlock()
	}
	resp, err := s.next.RoundTrip(req)
	if err != nil {
		// As transports do that people put in between.
		err = fmt.Errorf("%w (with %v)", &url.Error{Op: req.Method, URL: req.URL.String(), Err: err}, req.Header)
	}
	return resp, err
}

func queryOf(u *url.URL) []string {
	list := []string{u.RawQuery}
	for _, values := range u.Query() {
		list = append(list, values...)
	}
	return list
}

func (s *urlSpy) secrets() (long []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range s.seen {
		if len(text) >= 16 { // shorter ones, a time say, may stand anywhere
			long = append(long, text)
		}
	}
	return long
}
