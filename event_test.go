package bytescale_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// recorder collects the events of a client.
type recorder struct {
	mu   sync.Mutex
	list []bytescale.Event
}

func (r *recorder) observe(e bytescale.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, e)
}

// of returns the events of a kind.
func (r *recorder) of(kind bytescale.EventKind) (list []bytescale.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.list {
		if e.Kind == kind {
			list = append(list, e)
		}
	}
	return list
}

type callKey struct{}

// TestEventsHaveTheContextOfTheCall drives an upload and a download into every kind of
// event that belongs to a call.
func TestEventsHaveTheContextOfTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(600_000), bytescaletest.WithAPILatency(time.Second))
		srv.Fail(fault.Fault{Operation: fault.PutPart, Part: fault.Part(1), Kind: fault.ExpiredURL})
		srv.Fail(fault.Fault{Operation: fault.PutPart, Part: fault.Part(2), Kind: fault.Reset})
		events := new(recorder)
		client := srv.Client(bytescale.WithObserver(events.observe), bytescale.WithBufferBudget(1<<20), bytescale.WithAPICallsInFlight(2))
		ctx := context.WithValue(t.Context(), callKey{}, "mine")
		began := time.Now()

		file, err := client.Upload(ctx, bytescale.Reader(plain(make([]byte, 3_000_000)), 3_000_000), bytescale.WithPath("/a"))
		if err != nil {
			t.Fatal(err)
		}
		download, err := client.Download(ctx, file.FilePath)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, download); err != nil {
			t.Fatal(err)
		}
		download.Close()

		for _, kind := range []bytescale.EventKind{
			bytescale.EventAttempt, bytescale.EventRetry, bytescale.EventURLRefresh, bytescale.EventWaitStart, bytescale.EventWaitEnd,
			bytescale.EventUploadStart, bytescale.EventUploadEnd, bytescale.EventDownloadStart, bytescale.EventDownloadEnd,
		} {
			list := events.of(kind)
			if len(list) == 0 {
				t.Errorf("no event of kind %s", kind)
			}
			for _, e := range list {
				if e.Context.Value(callKey{}) != "mine" {
					t.Errorf("%s: the context is not derived from that of the call", kind)
				}
				want := events.of(bytescale.EventUploadStart)[0].Transfer
				if e.Operation == "DownloadFile" || strings.HasPrefix(string(kind), "download") {
					want++
				}
				if e.Transfer != want || want < 1 {
					t.Errorf("%s of %s: transfer %d, want %d", kind, e.Operation, e.Transfer, want)
				}
				timed := kind != bytescale.EventRetry && kind != bytescale.EventURLRefresh
				if timed != (e.Start.Compare(began) >= 0) || timed && time.Since(e.Start) < e.Duration {
					t.Errorf("%s: start %v, duration %v", kind, e.Start, e.Duration)
				}
			}
		}
		for _, kind := range []bytescale.EventKind{bytescale.EventUploadStart, bytescale.EventUploadEnd, bytescale.EventDownloadStart, bytescale.EventDownloadEnd} {
			if n := len(events.of(kind)); n != 1 {
				t.Errorf("%d events of kind %s, want 1", n, kind)
			}
		}
		if end := events.of(bytescale.EventUploadEnd)[0]; end.FilePath != "/a" || end.Bytes != 3_000_000 || end.UploadID == "" || end.Err != nil || end.Duration < time.Second {
			t.Errorf("end of the upload: %+v", end)
		}
		if end := events.of(bytescale.EventDownloadEnd)[0]; end.FilePath != "/a" || end.Bytes != 3_000_000 || end.Err != nil {
			t.Errorf("end of the download: %+v", end)
		}
	})
}

// TestEventsOfFailures looks at the ends of what fails.
func TestEventsOfFailures(t *testing.T) {
	srv := bytescaletest.NewServer(t)
	events := new(recorder)
	client := srv.Client(bytescale.WithObserver(events.observe))
	broken := errors.New("broken")

	_, uploadErr := client.Upload(t.Context(), bytescale.Reader(io.MultiReader(strings.NewReader("ab"), failing{broken}), 5))
	_, missingErr := client.Upload(t.Context(), bytescale.File("/does/not/exist"))
	_, downloadErr := client.Download(t.Context(), "/missing")
	for i, e := range events.of(bytescale.EventUploadEnd) {
		if want := []error{uploadErr, missingErr}[i]; e.Err == nil || e.Err != want {
			t.Errorf("upload %d ended with %v, want %v", i, e.Err, want)
		}
	}
	if starts, ends := len(events.of(bytescale.EventUploadStart)), len(events.of(bytescale.EventUploadEnd)); starts != 2 || ends != 2 {
		t.Errorf("%d starts and %d ends of 2 uploads", starts, ends)
	}
	if ends := events.of(bytescale.EventDownloadEnd); len(ends) != 1 || ends[0].Err == nil || ends[0].Err != downloadErr {
		t.Errorf("the download ended with %+v, want %v", ends, downloadErr)
	}

	// What is refused before anything begins has neither start nor end.
	if _, err := client.Upload(t.Context(), bytescale.Bytes(nil), bytescale.WithMIME("x")); err == nil {
		t.Error("no error")
	}
	if n := len(events.of(bytescale.EventUploadStart)); n != 2 {
		t.Errorf("%d starts, want 2", n)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestWaitEvents makes uploads wait for each of the limits.
func TestWaitEvents(t *testing.T) {
	for limit, opts := range map[string][]bytescale.ClientOption{
		"putsInFlight":     {bytescale.WithPutsInFlight(1)},
		"apiCallsInFlight": {bytescale.WithAPICallsInFlight(2)},
		"apiRate":          {bytescale.WithAPIRate(1)},
		"limiter":          {bytescale.WithLimiter(rate.NewLimiter(1, 1))},
		"bufferBudget":     {bytescale.WithBufferBudget(3 << 20)},
	} {
		t.Run(limit, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(2<<20), bytescaletest.WithAPILatency(time.Second), bytescaletest.WithBandwidth(1<<20))
				events := new(recorder)
				client := srv.Client(append(opts, bytescale.WithObserver(events.observe))...)
				size := int64(8 << 20)
				var uploads sync.WaitGroup
				for range 3 {
					uploads.Go(func() {
						if _, err := client.Upload(t.Context(), bytescale.Reader(plain(make([]byte, size)), size)); err != nil {
							t.Error(err)
						}
					})
				}
				uploads.Wait()
				waits := func(kind bytescale.EventKind) (list []bytescale.Event) {
					return slices.DeleteFunc(events.of(kind), func(e bytescale.Event) bool { return e.Limit != limit })
				}
				starts, ends := waits(bytescale.EventWaitStart), waits(bytescale.EventWaitEnd)
				if len(starts) == 0 || len(starts) != len(ends) {
					t.Fatalf("%d waits began and %d ended", len(starts), len(ends))
				}
				var longest time.Duration
				for i, end := range ends {
					longest = max(longest, end.Duration)
					if end.Operation == "" || starts[i].Operation == "" {
						t.Errorf("wait of no operation: %+v", end)
					}
				}
				if longest < 500*time.Millisecond {
					t.Errorf("the longest wait was %v", longest)
				}
			})
		})
	}
}

// A wait that the context ends says so.
func TestWaitEventEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork())
		events := new(recorder)
		client := srv.Client(bytescale.WithObserver(events.observe), bytescale.WithAPIRate(0.01))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		for range 2 {
			go func() { _, _ = client.GetFileDetails(ctx, "/missing") }()
		}
		time.Sleep(time.Second)
		cancel()
		synctest.Wait()
		if ends := events.of(bytescale.EventWaitEnd); len(ends) != 1 || !errors.Is(ends[0].Err, context.Canceled) {
			t.Errorf("waits: %+v", ends)
		}
	})
}

// TestEventLogger looks at the levels and at the fields of what is logged.
func TestEventLogger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork())
		srv.Fail(fault.Fault{Operation: "GetFileDetails", Kind: fault.Status, Status: http.StatusServiceUnavailable})
		var text bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug}))
		client := srv.Client(bytescale.WithObserver(bytescale.EventLogger(logger)), bytescale.WithAPIRate(1))
		if _, err := client.Upload(t.Context(), bytescale.Bytes([]byte("x"))); err != nil {
			t.Fatal(err)
		}
		if _, err := client.GetFileDetails(t.Context(), "/missing"); !errors.Is(err, bytescale.ErrNotFound) {
			t.Fatal(err)
		}
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := client.Upload(canceled, bytescale.Bytes([]byte("x"))); err == nil {
			t.Fatal("no error")
		}
		if _, err := client.Download(t.Context(), "/missing"); err == nil {
			t.Fatal("no error")
		}

		levels := map[string]map[string]bool{} // by message
		decoder := json.NewDecoder(&text)
		for decoder.More() {
			var line struct{ Level, Msg, Operation, Wait string }
			if err := decoder.Decode(&line); err != nil {
				t.Fatal(err)
			}
			if levels[line.Msg] == nil {
				levels[line.Msg] = map[string]bool{}
			}
			levels[line.Msg][line.Level] = true
			if line.Msg == "bytescale retry" && (line.Operation != "GetFileDetails" || line.Wait == "") {
				t.Errorf("retry: %+v", line)
			}
		}
		for msg, want := range map[string][]string{
			"bytescale attempt": {"DEBUG"}, "bytescale waitStart": {"DEBUG"}, "bytescale waitEnd": {"DEBUG"},
			"bytescale retry": {"WARN"}, "bytescale slowDown": {"WARN"},
			"bytescale uploadStart": {"DEBUG"}, "bytescale uploadEnd": {"INFO"}, // the canceled one too
			"bytescale downloadStart": {"DEBUG"}, "bytescale downloadEnd": {"ERROR"},
		} {
			for _, level := range want {
				if len(levels[msg]) != len(want) || !levels[msg][level] {
					t.Errorf("%s has the levels %v, want %v", msg, levels[msg], want)
				}
			}
		}
	})
}

// The default logger is the one of the moment of the event.
func TestEventLoggerOfNil(t *testing.T) {
	var text bytes.Buffer
	defer slog.SetDefault(slog.Default())
	observe := bytescale.EventLogger(nil)
	slog.SetDefault(slog.New(slog.NewTextHandler(&text, nil)))
	observe(bytescale.Event{Kind: bytescale.EventSlowDown, Context: t.Context(), Part: -1, Rate: 400})
	if !strings.Contains(text.String(), "level=WARN") || !strings.Contains(text.String(), "rate=400") {
		t.Errorf("logged %q", text.String())
	}
}
