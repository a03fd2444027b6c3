package bytescale_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

const publicKey = "public_A623uY2xyz"

// single returns the options of an upload by a single request, and more.
func single(more ...bytescale.UploadOption) []bytescale.UploadOption {
	return append([]bytescale.UploadOption{
		bytescale.WithSingleRequest(1 << 20), bytescale.WithPath("/folder/a {b}.txt"), bytescale.WithMIME("text/plain; charset=utf-8"),
	}, more...)
}

// requests returns the operations that the server has seen, in their order.
func requests(srv *bytescaletest.Server) (operations []string) {
	for _, e := range srv.Exchanges() {
		operations = append(operations, e.Operation)
	}
	return operations
}

// TestSingleRequest stores each kind of source by one request. The details are those that the
// service has, as far as the answer tells.
func TestSingleRequest(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]bytescale.UploadOption{
		"path": single(),
		"folder and name": {
			bytescale.WithSingleRequest(10_000), bytescale.WithFolder("/folder"), bytescale.WithFileName("ü b+c%20.txt"), bytescale.WithMIME("image/x-y"),
		},
		"top folder": {
			bytescale.WithSingleRequest(10_000), bytescale.WithFolder("/"), bytescale.WithFileName("b"), bytescale.WithMIME("a/b"),
		},
	} {
		for _, kind := range []string{"File", "Bytes", "ReaderAt", "Stream"} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork())
					client := srv.Client()
					data := noise(7, 10_000)
					var counts []bytescale.Progress
					options := append(options, bytescale.WithSHA256(), bytescale.WithProgress(func(p bytescale.Progress) { counts = append(counts, p) }))
					file, err := client.Upload(t.Context(), conformanceSources(t, data)[kind], options...)
					if err != nil {
						t.Fatal(err)
					}
					if got := requests(srv); !slices.Equal(got, []string{"BasicUpload"}) {
						t.Errorf("requests %v", got)
					}
					stored, ok := srv.File(file.FilePath)
					if !ok || !bytes.Equal(stored.Bytes(), data) {
						t.Errorf("stored: %v, with other bytes", ok)
					}
					want, err := client.GetFileDetails(t.Context(), file.FilePath)
					if err != nil {
						t.Fatal(err)
					}
					sum := sha256.Sum256(data)
					want.SHA256, want.LastModified = hex.EncodeToString(sum[:]), time.Time{}
					if !reflect.DeepEqual(file, want) {
						t.Errorf("details\n%+v, want\n%+v", file, want)
					}
					if last := counts[len(counts)-1]; last != (bytescale.Progress{Sent: 10_000, Confirmed: 10_000, Total: 10_000}) || counts[0].Sent != 0 {
						t.Errorf("progress %+v", counts)
					}
					encoded, err := json.Marshal(file)
					if err != nil || strings.Contains(string(encoded), "lastModified") {
						t.Errorf("%s, %v; want no time that is not known", encoded, err)
					}
				})
			})
		}
	}
}

// TestSingleRequestIsTheSameFile compares with a file that was sent in parts.
func TestSingleRequestIsTheSameFile(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t)
	client := srv.Client()
	var files []*bytescale.FileDetails
	for _, options := range [][]bytescale.UploadOption{single(), single(bytescale.WithSingleRequest(0))} {
		file, err := client.Upload(t.Context(), bytescale.Bytes([]byte("content")), options...)
		if err != nil {
			t.Fatal(err)
		}
		details, err := client.GetFileDetails(t.Context(), file.FilePath)
		if err != nil {
			t.Fatal(err)
		}
		details.LastModified = time.Time{}
		files = append(files, details)
	}
	if n := len(requests(srv)); n != 1+1+3+1 {
		t.Errorf("%d requests", n)
	}
	if files[0].ETag == "" || files[1].ETag == "" {
		t.Errorf("etags %q and %q", files[0].ETag, files[1].ETag)
	}
	files[1].ETag = files[0].ETag // that of parts may be made in another way
	if !reflect.DeepEqual(files[0], files[1]) {
		t.Errorf("by one request\n%+v, in parts\n%+v", files[0], files[1])
	}
}

// TestSingleRequestNeedsParts has a row for each reason to send a small file in parts.
func TestSingleRequestNeedsParts(t *testing.T) {
	t.Parallel()
	content := bytescale.Bytes([]byte("content"))
	at := func(options ...bytescale.UploadOption) []bytescale.UploadOption {
		return append([]bytescale.UploadOption{bytescale.WithSingleRequest(1 << 20), bytescale.WithMIME("text/plain")}, options...)
	}
	for name, c := range map[string]struct {
		source  bytescale.Source
		options []bytescale.UploadOption
		why     string // part of the event's error; empty for no event
	}{
		"a plain reader":     {bytescale.Reader(plain([]byte("content")), 7), single(), "a Reader"},
		"an empty file":      {bytescale.Bytes(nil), single(), "empty"},
		"no path":            {content, at(), "path is not fixed"},
		"a relative path":    {content, at(bytescale.WithPath("a")), "path is not fixed"},
		"a relative folder":  {content, at(bytescale.WithFolder("a"), bytescale.WithFileName("b")), "path is not fixed"},
		"a folder alone":     {content, at(bytescale.WithFolder("/a")), "path is not fixed"},
		"a variable":         {content, at(bytescale.WithFolder("/a"), bytescale.WithFileName("{UTC_DATE}")), "path is not fixed"},
		"an escaped brace":   {content, at(bytescale.WithFolder(`/\{a}`), bytescale.WithFileName("b")), "path is not fixed"},
		"a fallback":         {content, at(bytescale.WithFolder("/a"), bytescale.WithFileName("b"), bytescale.WithFileNameFallback("c")), "path is not fixed"},
		"no type":            {content, []bytescale.UploadOption{bytescale.WithSingleRequest(100), bytescale.WithPath("/a")}, "MIME"},
		"tags":               {content, single(bytescale.WithTags("a")), "not documented"},
		"metadata":           {content, single(bytescale.WithMetadata(map[string]any{"a": 1})), "not documented"},
		"an original name":   {content, single(bytescale.WithOriginalFileName("a")), "not documented"},
		"a larger file":      {content, single(bytescale.WithSingleRequest(6)), ""},
		"without the option": {content, single(bytescale.WithSingleRequest(0)), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork())
				events := new(recorder)
				file, err := srv.Client(bytescale.WithObserver(events.observe)).Upload(t.Context(), c.source, c.options...)
				if err != nil {
					t.Fatal(err)
				}
				if got := requests(srv); !slices.Equal(got, []string{"BeginMultipartUpload", bytescale.PutPart, "CompleteUploadPart"}) {
					t.Errorf("requests %v", got)
				}
				if _, ok := srv.File(file.FilePath); !ok {
					t.Error("not stored")
				}
				told := events.of(bytescale.EventNoSingleRequest)
				switch {
				case c.why == "" && len(told) > 0:
					t.Errorf("events %v", told)
				case c.why != "" && (len(told) != 1 || !strings.Contains(told[0].Err.Error(), c.why) || told[0].Transfer == 0):
					t.Errorf("events %+v, want one with %q", told, c.why)
				}
			})
		})
	}
	long := strings.Repeat("x", 300)
	srv, events := bytescaletest.NewServer(t), new(recorder)
	_, _ = srv.Client(bytescale.WithObserver(events.observe)).Upload(t.Context(), content, at(bytescale.WithFolder("/"+long), bytescale.WithFileName(long))...)
	if told := events.of(bytescale.EventNoSingleRequest); len(told) != 1 || !strings.Contains(told[0].Err.Error(), "too long") {
		t.Errorf("a path that is too long: %+v", told)
	}
}

// TestSingleRequestIsRepeated loses requests and answers. One file is stored, at the path.
func TestSingleRequestIsRepeated(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]fault.Fault{
		"connection cut":          {Kind: fault.Reset, AfterBytes: 3000},
		"answer lost":             {Kind: fault.Reset, After: true},
		"answer cut":              {Kind: fault.Truncate, AfterBytes: 10},
		"answer is nonsense":      {Kind: fault.Garbage, After: true},
		"answer of another shape": {Kind: fault.WrongShape, After: true},
		"answer never comes":      {Kind: fault.Delay, After: true, Delay: time.Hour},
		"unavailable":             {Kind: fault.Status, Status: 503},
		"gateway gave up":         {Kind: fault.Status, Status: 504, After: true},
		"too many requests":       {Kind: fault.Status, Status: 429, RetryAfter: "2"},
		"etag of another shape":   {Kind: fault.Edit, Set: map[string]json.RawMessage{"/etag": json.RawMessage(`"a b"`)}},
		"no path":                 {Kind: fault.Edit, Set: map[string]json.RawMessage{"/filePath": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork())
				fault.Operation, fault.Times = "BasicUpload", 2
				srv.Fail(fault)
				data := noise(8, 10_000)
				client := srv.Client(bytescale.WithTimeouts(bytescale.Timeouts{PartAnswer: 5 * time.Second}))
				file, err := client.Upload(t.Context(), conformanceSources(t, data)["File"], single()...)
				if err != nil {
					t.Fatal(err)
				}
				if got := requests(srv); !slices.Equal(got, []string{"BasicUpload", "BasicUpload", "BasicUpload"}) {
					t.Errorf("requests %v", got)
				}
				if files := srv.Files(); len(files) != 1 || files[0].FilePath != file.FilePath || !bytes.Equal(files[0].Bytes(), data) {
					t.Errorf("%d files, or with other bytes", len(files))
				}
			})
		})
	}
}

// TestSingleRequestMayHaveStored loses answers for which no later one makes up. The error says
// that the file may exist, and nothing else does.
func TestSingleRequestMayHaveStored(t *testing.T) {
	t.Parallel()
	lost := fault.Fault{Operation: "BasicUpload", Kind: fault.Reset, After: true}
	elsewhere := fault.Fault{
		Operation: "BasicUpload", Occurrence: 2, Kind: fault.Edit, Set: map[string]json.RawMessage{"/filePath": json.RawMessage(`"/folder/a (2).txt"`)},
	}
	always, refused, unsent := lost, fault.Fault{Operation: "BasicUpload", Kind: fault.Status, Status: 403}, lost
	always.Times, unsent.After, unsent.AfterBytes, unsent.Times = -1, false, 100, -1
	for name, c := range map[string]struct {
		key      string
		faults   []fault.Fault
		mayExist bool
		is       error
		status   int
		requests int
		files    int
	}{
		"may not overwrite":     {publicKey, []fault.Fault{lost}, true, nil, 403, 2, 1},
		"stored elsewhere":      {"", []fault.Fault{lost, elsewhere}, true, bytescale.ErrProtocol, 0, 2, 1},
		"all answers lost":      {"", []fault.Fault{always}, true, nil, 0, 3, 1},
		"refused":               {"", []fault.Fault{refused}, false, nil, 403, 1, 0},
		"all requests cut":      {"", []fault.Fault{unsent}, true, nil, 0, 3, 0},
		"too large for service": {"", []fault.Fault{{Operation: "BasicUpload", Kind: fault.Status, Status: 413}}, false, nil, 413, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithKeys(testSecretKey, publicKey))
				srv.Fail(c.faults...)
				key := testSecretKey
				if c.key != "" {
					key = c.key
				}
				client, err := bytescale.NewClient(key, bytescale.WithAPIURL(srv.URL()), bytescale.WithTransport(srv.HTTPClient().Transport),
					bytescale.WithRetryPolicy(bytescale.RetryPolicy{MaxAttempts: 3}))
				if err != nil {
					t.Fatal(err)
				}
				_, err = client.Upload(t.Context(), bytescale.Bytes(noise(9, 5000)), single()...)
				var failed *bytescale.UploadError
				if mayExist := errors.As(err, &failed) && failed.MayExist; err == nil || mayExist != c.mayExist {
					t.Errorf("may exist: %v, want %v: %v", mayExist, c.mayExist, err)
				}
				if failed != nil && (failed.UploadID != "" || failed.Part != -1 || failed.Checkpoint != nil) {
					t.Errorf("%+v", failed)
				}
				if c.is != nil && !errors.Is(err, c.is) {
					t.Errorf("error %v, want %v", err, c.is)
				}
				var answer *bytescale.APIError
				if errors.As(err, &answer); c.status != 0 && (answer == nil || answer.Status != c.status) {
					t.Errorf("error %v, want status %d", err, c.status)
				}
				if n := len(requests(srv)); n != c.requests {
					t.Errorf("%d requests, want %d", n, c.requests)
				}
				if n := len(srv.Files()); n != c.files {
					t.Errorf("%d files", n)
				}
			})
		})
	}
}

const testSecretKey = "secret_A623uY2xyz"

// A source that changes during the request, or before it, is not stored.
func TestSingleRequestProvesTheSource(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(path string) error
		want   error
	}{
		"modified": {func(path string) error { return os.Chtimes(path, time.Time{}, time.Unix(1, 0)) }, bytescale.ErrSourceChanged},
		"replaced": {func(path string) error {
			if err := os.Remove(path); err != nil {
				return err
			}
			return os.WriteFile(path, make([]byte, 5000), 0o600)
		}, bytescale.ErrSourceChanged},
		"shorter": {func(path string) error { return os.Truncate(path, 10) }, bytescale.ErrSourceChanged},
		"longer":  {func(path string) error { return os.Truncate(path, 10_000) }, bytescale.ErrSourceChanged},
		"removed": {os.Remove, bytescale.ErrSourceChanged},
	} {
		for _, digest := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				srv := bytescaletest.NewServer(t)
				path := filepath.Join(t.TempDir(), "file")
				if err := os.WriteFile(path, noise(10, 5000), 0o600); err != nil {
					t.Fatal(err)
				}
				options := single()
				if digest {
					options = append(options, bytescale.WithSHA256())
				}
				client := srv.Client(bytescale.WithLimiter(limiterFunc(func(context.Context) error { return c.change(path) })))
				_, err := client.Upload(t.Context(), bytescale.File(path), options...)
				var failed *bytescale.UploadError
				var source *bytescale.SourceError
				if digest && errors.Is(err, bytescale.ErrSourceSize) {
					err = c.want // the digest has met the end, as with parts
				}
				if !errors.Is(err, c.want) || errors.As(err, &failed) || errors.As(err, &source) {
					t.Errorf("error %v, want %v", err, c.want)
				}
				client.CloseIdleConnections()
				if n := len(srv.Files()); n != 0 {
					t.Errorf("%d files were stored", n)
				}
			})
		}
	}
}

// A source that cannot be read is told as with parts.
func TestSingleRequestSourceFails(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t)
	broken := errors.New("broken")
	source := bytescale.ReaderAt(readerAtFunc(func(p []byte, at int64) (int, error) {
		if at >= 5000 {
			return 0, io.EOF
		}
		return 0, broken
	}), 5000)
	_, err := srv.Client().Upload(t.Context(), source, single()...)
	var failed *bytescale.SourceError
	if !errors.As(err, &failed) || !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if n := len(srv.Files()); n != 0 {
		t.Errorf("%d files were stored", n)
	}
}

type readerAtFunc func(p []byte, at int64) (int, error)

func (f readerAtFunc) ReadAt(p []byte, at int64) (int, error) { return f(p, at) }

// Cancelled while its answer is awaited, the request may have stored the file. Cancelled before
// it was sent, it has not.
func TestSingleRequestIsCancelled(t *testing.T) {
	t.Parallel()
	for name, mayExist := range map[string]bool{"answer": true, "rate": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork())
				client := srv.Client()
				if mayExist {
					srv.Fail(fault.Fault{Operation: "BasicUpload", Kind: fault.Delay, After: true, Delay: time.Hour})
				} else {
					client = srv.Client(bytescale.WithLimiter(limiterFunc(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })))
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				data := noise(11, 5000)
				_, err := client.Upload(ctx, bytescale.Bytes(data), single()...)
				clear(data)
				var failed *bytescale.UploadError
				if got := errors.As(err, &failed) && failed.MayExist; !errors.Is(err, context.DeadlineExceeded) || got != mayExist {
					t.Errorf("error %v, may exist: %v", err, got)
				}
			})
		})
	}
}

// A request that waits long for the rate has not stalled.
func TestSingleRequestWaitsForTheRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork())
		events := new(recorder)
		client := srv.Client(bytescale.WithAPIRate(0.002), bytescale.WithObserver(events.observe))
		for range 2 {
			if _, err := client.Upload(t.Context(), bytescale.Bytes([]byte("content")), single()...); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(requests(srv)); n != 2 || len(events.of(bytescale.EventRetry)) > 0 {
			t.Errorf("%d requests, retries %v", n, events.of(bytescale.EventRetry))
		}
	})
}

// A request that gets no further has stalled: it is cut and tried again.
func TestSingleRequestStalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork())
		srv.Fail(fault.Fault{Operation: "BasicUpload", Kind: fault.Stall})
		events := new(recorder)
		began := time.Now()
		if _, err := srv.Client(bytescale.WithObserver(events.observe)).Upload(t.Context(), bytescale.Bytes(noise(12, 1<<20)), single()...); err != nil {
			t.Fatal(err)
		}
		retries := events.of(bytescale.EventRetry)
		if len(retries) != 1 || !errors.Is(retries[0].Err, bytescale.ErrStalled) || time.Since(began) > 30*time.Minute {
			t.Errorf("after %v, retries %+v", time.Since(began), retries)
		}
	})
}

// Single requests count as PUTs and as API calls, and a refused token is replaced once.
func TestSingleRequestsKeepTheLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithAPILatency(100*time.Millisecond), bytescaletest.WithDiscard())
		for name, c := range map[string]struct {
			option bytescale.ClientOption
			size   int
			most   int
		}{
			"small":  {bytescale.WithPutsInFlight(1), 1000, 8},
			"large":  {bytescale.WithPutsInFlight(2), 1 << 20, 2},
			"calls":  {bytescale.WithAPICallsInFlight(5), 1000, 5},
			"stable": {bytescale.WithPutsInFlight(256), 1000, 64},
		} {
			most, now := 0, 0
			var mu sync.Mutex
			count := func(n int) {
				mu.Lock()
				defer mu.Unlock()
				now += n
				most = max(most, now)
			}
			client := srv.Client(c.option, bytescale.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
				return roundTripFunc(func(req *http.Request) (*http.Response, error) {
					count(1)
					defer count(-1)
					return next.RoundTrip(req)
				})
			}))
			var uploads sync.WaitGroup
			for range 100 {
				uploads.Go(func() {
					if _, err := client.Upload(t.Context(), bytescale.Bytes(make([]byte, c.size)), single()...); err != nil {
						t.Error(err)
					}
				})
			}
			uploads.Wait()
			if most != c.most {
				t.Errorf("%s: %d requests in flight, want %d", name, most, c.most)
			}
		}
		if s := srv.Stats(); s.MaxAPIPerSecond > 1000 {
			t.Errorf("%+v", s)
		}
	})
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// A token that is refused is replaced, and the bytes are sent again.
func TestSingleRequestRenewsTheToken(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t)
	srv.Fail(fault.Fault{Operation: "BasicUpload", Kind: fault.Status, Status: 401})
	asked := 0
	client := srv.Client(bytescale.WithJWT(func(context.Context) (string, error) { asked++; return "token", nil }))
	data := noise(13, 5000)
	file, err := client.Upload(t.Context(), bytescale.Bytes(data), single()...)
	if err != nil {
		t.Fatal(err)
	}
	if stored, _ := srv.File(file.FilePath); !bytes.Equal(stored.Bytes(), data) || asked != 2 {
		t.Errorf("%d bytes stored, the source of tokens was asked %d times", len(stored.Bytes()), asked)
	}
}

// There is nothing to keep for a single request.
func TestSingleRequestKeepsNoCheckpoint(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t)
	_, err := srv.Client().Upload(t.Context(), bytescale.Bytes([]byte("content")), single(
		bytescale.WithResume(noStore{t}, "key"),
		bytescale.WithCheckpoint(func(bytescale.Checkpoint) error { t.Error("a checkpoint"); return nil }))...)
	if err != nil {
		t.Fatal(err)
	}
}

// noStore is a store of checkpoints that must not be used.
type noStore struct{ t *testing.T }

func (s noStore) Load(context.Context, string) ([]byte, error) {
	s.t.Error("Load")
	return nil, os.ErrNotExist
}
func (s noStore) Save(context.Context, string, []byte) error { s.t.Error("Save"); return nil }
func (s noStore) Delete(context.Context, string) error       { s.t.Error("Delete"); return nil }
func (s noStore) Lock(context.Context, string) (func(), error) {
	s.t.Error("Lock")
	return func() {}, nil
}
