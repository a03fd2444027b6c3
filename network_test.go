package bytescale_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
	"github.com/c88edac7/bytescale-go/gen"
)

// noise returns n random bytes, so that bytes in the wrong place show.
func noise(seed uint64, n int) []byte {
	random := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)})
	data := make([]byte, n)
	_, _ = random.Read(data)
	return data
}

// uploadCut uploads a source whose PUTs are cut in the middle, overwrites the source as soon as
// Upload has returned, and compares the stored file.
func uploadCut(t *testing.T, srv *bytescaletest.Server, source string, partSize int64, parts, cuts int) {
	t.Helper()
	for nth := range cuts {
		srv.Fail(fault.Fault{
			Operation: fault.PutPart, EachPart: true, Occurrence: nth + 1,
			Kind: fault.Reset, AfterBytes: rand.Int64N(partSize),
		})
	}
	data := noise(1, parts*int(partSize)-7)
	want := bytes.Clone(data)
	client := srv.Client(bytescale.WithBufferBudget(1 << 20))
	_, err := client.Upload(t.Context(), conformanceSources(t, data)[source])
	clear(data) // the source belongs to the caller again
	if err != nil {
		t.Fatal(err)
	}
	if got := srv.Files()[0].Bytes(); !bytes.Equal(got, want) {
		t.Error("the stored bytes differ from the source's")
	}
}

// TestCutPuts cuts thousands of PUTs in the middle. net/http may read a body after it has
// returned the error. If the buffer is in use by another part by then, the stored bytes differ,
// and the race detector reports it.
func TestCutPuts(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"Bytes", "Reader"} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(20_000))
				uploadCut(t, srv, source, 20_000, 250, 8)
			})
		})
	}
}

// TestCutPutsOnLoopback does the same over real connections, where the kernel sends files and
// memory.
func TestCutPutsOnLoopback(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"Bytes", "File", "Reader"} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			uploadCut(t, bytescaletest.NewServer(t, bytescaletest.WithPartSize(200_000)), source, 200_000, 60, 2)
		})
	}
}

// TestSourceIsFreeAfterCancel cancels uploads at any moment and overwrites the source as soon
// as Upload has returned, so that the race detector reports a late reader.
func TestSourceIsFreeAfterCancel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(10_000), bytescaletest.WithBandwidth(20_000))
			data := noise(seed, 95_000)
			after := time.Duration(rand.Int64N(int64(3 * time.Second)))
			ctx, cancel := context.WithTimeout(t.Context(), after)
			defer cancel()
			_, err := srv.Client().Upload(ctx, bytescale.Bytes(data))
			clear(data)
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("after %v: %v", after, err)
			}
			if err != nil && len(srv.Files()) > 0 {
				t.Errorf("after %v: a cancelled upload left a file", after)
			}
		})
	}
}

// lateTransport closes the body of a request long after it has returned the answer, when the
// context of the request has ended. A transport may do so.
type lateTransport struct {
	http.RoundTripper
	open atomic.Int64
}

type lateBody struct {
	io.ReadCloser
	transport *lateTransport
	ended     <-chan struct{}
	once      sync.Once
}

func (b *lateBody) Close() error {
	b.once.Do(func() {
		go func() {
			<-b.ended
			time.Sleep(time.Second)
			b.transport.open.Add(-1)
			b.ReadCloser.Close()
		}()
	})
	return nil
}

func (l *lateTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodPut && req.Body != nil && req.GetBody != nil && req.Header.Get("Content-Type") == "" {
		l.open.Add(1)
		req = req.Clone(req.Context())
		req.Body = &lateBody{ReadCloser: req.Body, transport: l, ended: req.Context().Done()}
	}
	return l.RoundTripper.RoundTrip(req)
}

func TestUploadWaitsForItsBodies(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string][]fault.Fault{
		"success":   nil,
		"refused":   {{Operation: fault.PutPart, Kind: fault.Status, Status: http.StatusRequestEntityTooLarge}},
		"cancelled": {{Operation: fault.PutPart, Kind: fault.Stall, Times: -1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(1000))
				srv.Fail(fault...)
				web := srv.HTTPClient()
				late := &lateTransport{RoundTripper: web.Transport}
				web.Transport = late
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				_, err := srv.Client(bytescale.WithTransport(web.Transport)).Upload(ctx, bytescale.Bytes(noise(2, 5500)))
				if (err != nil) != (fault != nil) {
					t.Error(err)
				}
				if n := late.open.Load(); n != 0 {
					t.Errorf("%d bodies are in use after the return", n)
				}
			})
		})
	}
}

// forgetting reads the body of a request before it sends it, as transports do that sign or
// repeat requests, and never closes it. It keeps GetBody.
type forgetting struct {
	http.RoundTripper
	getBody func() (io.ReadCloser, error)
}

func (f *forgetting) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodPut && req.GetBody != nil && req.Header.Get("Content-Type") == "" {
		f.getBody = req.GetBody
		content, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(content))
	}
	return f.RoundTripper.RoundTrip(req)
}

// A transport that forgets to close a body neither stops the upload for ever nor reads the
// buffer later, when it is in use by others.
func TestTransportThatForgetsBodies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork())
		web := srv.HTTPClient()
		transport := &forgetting{RoundTripper: web.Transport}
		web.Transport = transport
		data := noise(3, 100_000)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		file, err := srv.Client(bytescale.WithTransport(web.Transport)).Upload(ctx, bytescale.Reader(plain(data), int64(len(data))))
		if err != nil {
			t.Fatal(err)
		}
		if stored, ok := srv.File(file.FilePath); !ok || !bytes.Equal(stored.Bytes(), data) {
			t.Error("the bytes differ")
		}
		if body, err := transport.getBody(); err == nil {
			body.Close()
			t.Error("there is another body after the end")
		}
	})
}

// Later waves of small uploads use the connections of the first one.
func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t)
	transport := bytescale.NewTransport()
	var dials atomic.Int64
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		dials.Add(1)
		return dial(ctx, network, address)
	}
	client := srv.Client(bytescale.WithTransport(transport))
	const waves, atOnce = 10, 32
	for range waves {
		var uploads sync.WaitGroup
		for range atOnce {
			uploads.Go(func() {
				if _, err := client.Upload(t.Context(), bytescale.Bytes([]byte("small"))); err != nil {
					t.Error(err)
				}
			})
		}
		uploads.Wait()
	}
	// One for each upload of a wave, and those that net/http dials in vain while another
	// connection becomes free.
	if n := dials.Load(); n > 3*atOnce {
		t.Errorf("%d connections for %d uploads, %d at a time", n, waves*atOnce, atOnce)
	}
	client.CloseIdleConnections()
}

// TestSlowLinkMeetsNoExpiredURL sends parts that take most of a minute each, with URLs that are
// valid for two minutes. They must not be fetched so early that they expire, and no part may be
// cut.
func TestSlowLinkMeetsNoExpiredURL(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]func([]byte) bytescale.Source{
		"Bytes":  bytescale.Bytes,
		"Reader": func(b []byte) bytescale.Source { return bytescale.Reader(plain(b), int64(len(b))) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const partSize = 1 << 20
				srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(partSize),
					bytescaletest.WithBandwidth(20_000), bytescaletest.WithURLLifetime(2*time.Minute), bytescaletest.WithDiscard())
				client := srv.Client(bytescale.WithPutsInFlight(2))
				if _, err := client.Upload(t.Context(), source(make([]byte, 40*partSize))); err != nil {
					t.Fatal(err)
				}
				puts, fetches := 0, 0
				for _, exchange := range srv.Exchanges() {
					switch exchange.Operation {
					case fault.PutPart:
						puts++
						if exchange.Status != http.StatusOK {
							t.Errorf("a PUT was answered with %d", exchange.Status)
						}
					case "GetUploadPart":
						fetches++
					}
				}
				if puts != 40 {
					t.Errorf("%d PUTs for 40 parts", puts)
				}
				// URLs fetched before the speed was known are fetched again.
				if most := 39 + 32; fetches > most {
					t.Errorf("%d URLs were fetched for 40 parts, want at most %d", fetches, most)
				}
			})
		})
	}
}

// A link of 20 kB/s that four parts share is slow, not dead. Each part takes minutes and is sent
// once.
func TestSlowLinkIsNotCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const partSize, parts, puts = 1 << 20, 12, 4
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(partSize),
			bytescaletest.WithBandwidth(20_000/puts), bytescaletest.WithDiscard())
		client := srv.Client(bytescale.WithPutsInFlight(puts))
		if _, err := client.Upload(t.Context(), bytescale.Bytes(make([]byte, parts*partSize))); err != nil {
			t.Fatal(err)
		}
		sent := 0
		for _, exchange := range srv.Exchanges() {
			if exchange.Operation == fault.PutPart {
				sent++
			}
		}
		if most := srv.Stats().MaxPuts; sent != parts || most != puts {
			t.Errorf("%d PUTs of %d parts, at most %d at a time; want one each, %d at a time", sent, parts, most, puts)
		}
	})
}

// spans is a tracer of the kind that people put around a transport: it records the URL and
// the header fields of each request and of its answer's, names the span, and adds a header
// field.
type spans struct {
	next http.RoundTripper

	mu       sync.Mutex
	recorded []string
}

type spanKey struct{}

func (s *spans) RoundTrip(req *http.Request) (*http.Response, error) {
	info, ok := bytescale.RequestInfoFromContext(req.Context())
	if !ok {
		return nil, errors.New("a request of no operation")
	}
	req = req.Clone(context.WithValue(req.Context(), spanKey{}, "span"))
	req.Header.Set("Traceparent", "00-1")
	resp, err := s.next.RoundTrip(req)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.recorded = append(s.recorded, fmt.Sprintf("%s part %d attempt %d: %s %s %v", info.Operation, info.Part, info.Attempt, req.Method, req.URL, req.Header))
	if err == nil {
		s.recorded = append(s.recorded, fmt.Sprint(resp.Request.URL, resp.Request.Header))
	}
	return resp, err
}

// wire notes what goes over the wire.
type wire struct {
	next http.RoundTripper

	mu   sync.Mutex
	sent []*http.Request
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.sent = append(w.sent, req)
	w.mu.Unlock()
	return w.next.RoundTrip(req)
}

// TestMiddlewareSeesNoSecret traces an upload with retries, a download and the rest in the
// way that the documentation shows, and looks for signatures and for credentials.
func TestMiddlewareSeesNoSecret(t *testing.T) {
	srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(1000))
	srv.Fail(fault.Fault{Operation: fault.PutPart, Part: fault.Part(1), Kind: fault.Status, Status: http.StatusServiceUnavailable, RetryAfterMillis: 1})
	traces, below := new(spans), &wire{next: srv.HTTPClient().Transport}
	client := srv.Client(bytescale.WithTransport(below), bytescale.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		traces.next = next
		return traces
	}))
	data := noise(1, 2500)
	file, err := client.Upload(t.Context(), bytescale.Bytes(data))
	if err != nil {
		t.Fatal(err)
	}
	download, err := client.Download(t.Context(), file.FilePath, bytescale.WithCDNAuth())
	if err != nil {
		t.Fatal(err)
	}
	defer download.Close()
	if got, err := io.ReadAll(download); err != nil || !bytes.Equal(got, data) {
		t.Errorf("downloaded %d bytes (%v)", len(got), err)
	}
	if _, err := client.API().GetFileDetailsWithResponse(t.Context(), client.AccountID(), &gen.GetFileDetailsParams{FilePath: file.FilePath}); err != nil {
		t.Fatal(err)
	}

	text := strings.Join(traces.recorded, "\n")
	for _, want := range []string{
		"BeginMultipartUpload part -1 attempt 1: POST", "PutPart part 1 attempt 1: PUT", "PutPart part 1 attempt 2: PUT",
		"CompleteUploadPart part 2 attempt 1: PUT", "DownloadFile part -1 attempt 1: GET", "GetFileDetails part -1 attempt 0: GET",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no span %q", want)
		}
	}
	secrets := []string{srv.Key()}
	for _, req := range below.sent {
		if req.Header.Get("Traceparent") != "00-1" || req.Context().Value(spanKey{}) != "span" {
			t.Errorf("%s %s lacks what the middleware added", req.Method, req.URL.Path)
		}
		if signed := req.Method == http.MethodPut && req.URL.RawQuery != ""; signed {
			secrets = append(secrets, req.URL.RawQuery)
		} else if req.Header.Get("Authorization") == "" {
			t.Errorf("%s %s lacks the credentials", req.Method, req.URL.Path)
		}
	}
	if len(secrets) < 4 {
		t.Errorf("only %d secrets were sent: the test does not see them", len(secrets))
	}
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("a secret was traced: %s", text)
		}
	}
}

func TestWrongMiddleware(t *testing.T) {
	_, err := bytescale.NewClient("secret_A623uY2xyz", bytescale.WithMiddleware(func(http.RoundTripper) http.RoundTripper { return nil }))
	if argument := (*bytescale.ArgumentError)(nil); !errors.As(err, &argument) || argument.Field != "middleware" {
		t.Errorf("middleware that is nil: %v", err)
	}
	client, err := bytescale.NewClient("secret_A623uY2xyz", bytescale.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			return next.RoundTrip(req.WithContext(context.Background()))
		})
	}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.GetFileDetails(t.Context(), "/a"); err == nil || !strings.Contains(err.Error(), "replaced the context") {
		t.Errorf("a request without its context: %v", err)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// TestLimitsOnTheWire sets each limit and counts what the server sees. It must be no more, and
// no less either, because otherwise an option without effect would pass.
func TestLimitsOnTheWire(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for _, row := range []struct {
		name     string
		option   bytescale.ClientOption
		partSize int64
		parts    int
		stream   bool
		got      func(bytescaletest.Stats) int
		least    int
		most     int
	}{
		{"PUTs in flight", bytescale.WithPutsInFlight(3), mib, 12, false,
			func(s bytescaletest.Stats) int { return s.MaxPuts }, 3, 3},
		{"small PUTs in flight", bytescale.WithPutsInFlight(2), 1000, 60, false,
			func(s bytescaletest.Stats) int { return s.MaxPuts }, 10, 16},
		{"API calls in flight", bytescale.WithAPICallsInFlight(6), 1000, 60, false,
			func(s bytescaletest.Stats) int { return s.MaxAPI }, 6, 6},
		{"API calls per second", bytescale.WithAPIRate(20), 1000, 60, false,
			func(s bytescaletest.Stats) int { return s.MaxAPIPerSecond }, 20, 25},
		{"buffers of streams", bytescale.WithBufferBudget(mib), mib / 2, 12, true,
			func(s bytescaletest.Stats) int { return s.MaxPuts }, 2, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(row.partSize),
					bytescaletest.WithAPILatency(100*time.Millisecond), bytescaletest.WithBandwidth(row.partSize), bytescaletest.WithDiscard())
				data := make([]byte, row.partSize*int64(row.parts))
				source := bytescale.Bytes(data)
				if row.stream {
					source = bytescale.Reader(plain(data), int64(len(data)))
				}
				if _, err := srv.Client(row.option).Upload(t.Context(), source); err != nil {
					t.Fatal(err)
				}
				if got := row.got(srv.Stats()); got < row.least || got > row.most {
					t.Errorf("%d at the most, want %d to %d", got, row.least, row.most)
				}
			})
		})
	}
}

// TestThousandUploadsOfOneClient counts what the server sees of them.
func TestThousandUploadsOfOneClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const partSize = 1000
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(partSize),
			bytescaletest.WithAPILatency(50*time.Millisecond), bytescaletest.WithBandwidth(partSize), bytescaletest.WithDiscard())
		client := srv.Client()
		data := make([]byte, 2*partSize)
		var uploads sync.WaitGroup
		for range 1000 {
			uploads.Go(func() {
				if _, err := client.Upload(t.Context(), bytescale.Bytes(data)); err != nil {
					t.Error(err)
				}
			})
		}
		uploads.Wait()
		if s := srv.Stats(); s.MaxPuts != 64 || s.MaxAPI != 64 || s.MaxAPIPerSecond < 800 || s.MaxAPIPerSecond > 1000 {
			t.Errorf("%+v, want 64 small PUTs, 64 API calls and some 800 to 1000 of these per second", s)
		}
	})
}

// The rate of the account is reached at latencies for which 64 calls in flight are too few.
func TestRateIsReachedAtHighLatency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const files, latency = 2500, 400 * time.Millisecond
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithAPILatency(latency), bytescaletest.WithDiscard())
		client := srv.Client()
		began := time.Now()
		var uploads sync.WaitGroup
		for range files {
			uploads.Go(func() {
				if _, err := client.Upload(t.Context(), bytescale.Bytes([]byte("small"))); err != nil {
					t.Error(err)
				}
			})
		}
		uploads.Wait()
		// 64 calls in flight would take 31 s, 800 calls per second take 6 s.
		if took := time.Since(began); took > 12*time.Second {
			t.Errorf("took %v", took)
		}
		if s := srv.Stats(); s.MaxAPI < 320 || s.MaxAPI > 440 || s.MaxAPIPerSecond > 1000 {
			t.Errorf("%+v, want 320 to 400 API calls in flight, at most 1000 per second", s)
		}
	})
}

// A directory of small files reaches the rate of the account at a high latency, in parts and in
// single requests. What is set stays.
func TestUploadDirReachesTheRateAtHighLatency(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		option      bytescale.UploadDirOption
		files       int
		calls       int // for each file
		within      time.Duration
		least, most int // calls in flight
	}{
		"in parts":            {nil, 2500, 2, 12 * time.Second, 320, 440},
		"in one request":      {nil, 2500, 1, 8 * time.Second, 320, 440},
		"64 files at a time":  {bytescale.WithFilesInFlight(64), 600, 1, 5 * time.Second, 64, 64},
		"300 files at a time": {bytescale.WithFilesInFlight(300), 2000, 1, 8 * time.Second, 280, 300},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fsys := fstest.MapFS{}
			for i := range c.files {
				fsys[fmt.Sprintf("%d/%d.txt", i%100, i)] = &fstest.MapFile{Data: []byte("small")}
			}
			options := bytescale.WithFileOptions(func(bytescale.DirFile) ([]bytescale.UploadOption, error) {
				if c.calls == 2 {
					return nil, nil
				}
				return []bytescale.UploadOption{bytescale.WithSingleRequest(1000), bytescale.WithMIME("text/plain")}, nil
			})
			synctest.Test(t, func(t *testing.T) {
				srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithAPILatency(400*time.Millisecond), bytescaletest.WithDiscard())
				began := time.Now()
				for file, err := range srv.Client().UploadDir(t.Context(), fsys, "/folder", options, c.option) {
					if err != nil || file.Details == nil {
						t.Fatalf("%+v: %v", file, err)
					}
				}
				if took := time.Since(began); took > c.within {
					t.Errorf("took %v, want %v", took, c.within)
				}
				s := srv.Stats()
				if s.MaxAPI < c.least || s.MaxAPI > c.most || s.MaxAPIPerSecond > 1000 {
					t.Errorf("%+v, want %d to %d API calls in flight", s, c.least, c.most)
				}
				calls := 0
				for _, e := range srv.Exchanges() {
					if e.Operation != bytescale.PutPart {
						calls++
					}
				}
				if calls != c.calls*c.files {
					t.Errorf("%d calls for %d files", calls, c.files)
				}
			})
		})
	}
}

// unavailable makes every attempt at an operation fail.
func unavailable(operation string) fault.Fault {
	return fault.Fault{Operation: operation, Kind: fault.Status, Status: http.StatusServiceUnavailable, Times: -1}
}

// TestDeadlineKeepsTheReason ends calls that are being retried by a deadline.
func TestDeadlineKeepsTheReason(t *testing.T) {
	content := func() bytescale.Source { return bytescale.Bytes(make([]byte, 2500)) }
	for _, test := range []struct {
		operation string // that fails, and that the error names
		call      func(context.Context, *bytescale.Client) error
		part      int64 // -1 for none
		upload    bool  // an UploadError
	}{
		{"BeginMultipartUpload", func(ctx context.Context, c *bytescale.Client) error { _, err := c.Upload(ctx, content()); return err }, -1, false},
		{"GetUploadPart", func(ctx context.Context, c *bytescale.Client) error { _, err := c.Upload(ctx, content()); return err }, 1, true},
		{fault.PutPart, func(ctx context.Context, c *bytescale.Client) error { _, err := c.Upload(ctx, content()); return err }, 1, true},
		{"CompleteUploadPart", func(ctx context.Context, c *bytescale.Client) error { _, err := c.Upload(ctx, content()); return err }, 1, true},
		{"GetFileDetails", func(ctx context.Context, c *bytescale.Client) error {
			_, err := c.GetFileDetails(ctx, "/a")
			return err
		}, -1, false},
		{"DeleteFile", func(ctx context.Context, c *bytescale.Client) error { return c.DeleteFile(ctx, "/a") }, -1, false},
		{"DownloadFile", func(ctx context.Context, c *bytescale.Client) error { _, err := c.Download(ctx, "/a"); return err }, -1, false},
	} {
		t.Run(test.operation, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(1000))
				failing := unavailable(test.operation)
				if test.part >= 0 {
					failing.Part = fault.Part(test.part)
				}
				if test.operation == "CompleteUploadPart" {
					failing.Status = http.StatusTooManyRequests // retried without asking what was done
				}
				srv.Fail(failing)
				tooSlow := errors.New("too slow for us")
				ctx, cancel := context.WithTimeoutCause(t.Context(), 30*time.Second, tooSlow)
				defer cancel()

				err := test.call(ctx, srv.Client())
				var answer *bytescale.APIError
				if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, tooSlow) || !errors.As(err, &answer) {
					t.Fatalf("%v (%T): not the deadline, its cause and the answer", err, err)
				}
				if answer.Operation != test.operation || answer.Status != failing.Status {
					t.Errorf("the answer is %+v", answer)
				}
				var upload *bytescale.UploadError
				if errors.As(err, &upload) != test.upload {
					t.Fatalf("an UploadError: %v, want %v", !test.upload, test.upload)
				}
				if test.upload && (upload.Part != test.part || upload.Attempts < 5) {
					t.Errorf("part %d, %d attempts", upload.Part, upload.Attempts)
				}
				for _, want := range []string{test.operation + ": context deadline exceeded (too slow for us) after ", "; last failure: "} {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("%q lacks %q", err, want)
					}
				}
				var logged bytes.Buffer
				slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "err", err)
				for _, want := range []string{"err.operation=" + test.operation + " ", "err.status=", "err.attempts="} {
					if strings.Count(logged.String(), want) != 1 {
						t.Errorf("%q has not %q once", logged.String(), want)
					}
				}
			})
		})
	}
}

// The deadline comes in an attempt that would not have failed, after one that did.
func TestDeadlineDuringAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork())
		srv.Fail(
			fault.Fault{Operation: "GetFileDetails", Kind: fault.Status, Status: http.StatusServiceUnavailable},
			fault.Fault{Operation: "GetFileDetails", Occurrence: 2, Kind: fault.Stall},
		)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		_, err := srv.Client().GetFileDetails(ctx, "/a")
		var answer *bytescale.APIError
		if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &answer) || !strings.Contains(err.Error(), " after 2 attempts") {
			t.Errorf("%v, want the deadline after 2 attempts, and the answer to the first", err)
		}
	})
}

// TestCancelKeepsTheCause cancels calls in which nothing has failed.
func TestCancelKeepsTheCause(t *testing.T) {
	for name, call := range map[string]func(context.Context, *bytescale.Client) error{
		"an upload that sends": func(ctx context.Context, c *bytescale.Client) error {
			_, err := c.Upload(ctx, bytescale.Bytes(make([]byte, 1<<20)))
			return err
		},
		"an upload that reads": func(ctx context.Context, c *bytescale.Client) error {
			_, err := c.Upload(ctx, bytescale.Reader(slow{}, 1<<20))
			return err
		},
		"a stream that is read": func(ctx context.Context, c *bytescale.Client) error {
			_, err := c.Upload(ctx, bytescale.Stream(slow{}))
			return err
		},
		"a call": func(ctx context.Context, c *bytescale.Client) error {
			_, err := c.GetFileDetails(ctx, "/a")
			return err
		},
		"a download": func(ctx context.Context, c *bytescale.Client) error {
			download, err := c.Download(ctx, "/large")
			if err != nil {
				return err
			}
			defer download.Close()
			for err == nil {
				time.Sleep(100 * time.Millisecond) // as a slow disk would
				_, err = io.CopyN(io.Discard, download, 1<<10)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithAPILatency(time.Second), bytescaletest.WithBandwidth(1<<10))
				client := srv.Client()
				if _, err := client.Upload(t.Context(), bytescale.Bytes(make([]byte, 1<<20)), bytescale.WithPath("/large")); err != nil {
					t.Fatal(err)
				}
				stopping := errors.New("the service stops")
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(500*time.Millisecond, func() { cancel(stopping) })
				began := time.Now()
				err := call(ctx, client)
				if !errors.Is(err, context.Canceled) || !errors.Is(err, stopping) || time.Since(began) > 2*time.Second {
					t.Fatalf("%v after %v, want the end of the context and its cause", err, time.Since(began))
				}
				if strings.Count(err.Error(), stopping.Error()) != 1 {
					t.Errorf("%q does not say the cause once", err)
				}
			})
		})
	}
}

// slow gives a byte per second.
type slow struct{}

func (slow) Read(p []byte) (int, error) {
	time.Sleep(time.Second)
	return copy(p, "x"), nil
}

// A failure that was overcome is not the reason for which the context ended the call.
func TestDeadlineForgetsWhatWasOvercome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithBandwidth(1<<10))
		srv.Fail(fault.Fault{Operation: "BeginMultipartUpload", Kind: fault.Status, Status: http.StatusServiceUnavailable})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := srv.Client().Upload(ctx, bytescale.Bytes(make([]byte, 1<<20)))
		var answer *bytescale.APIError
		if !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &answer) {
			t.Errorf("%v, want the deadline alone", err)
		}
		time.Sleep(10 * time.Minute) // until the server has noticed
	})
}

// Of many parts, the one that was tried most often tells why.
func TestDeadlineNamesThePartThatIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(1000), bytescaletest.WithAPILatency(time.Second))
		failing := unavailable(fault.PutPart)
		failing.Part = fault.Part(7)
		srv.Fail(failing)
		ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
		defer cancel()
		_, err := srv.Client(bytescale.WithAPICallsInFlight(2)).Upload(ctx, bytescale.Bytes(make([]byte, 100_000)))
		var upload *bytescale.UploadError
		if !errors.As(err, &upload) || upload.Part != 7 || upload.Start != 7000 || upload.End != 7999 || upload.Attempts < 5 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want part 7", err)
		}
	})
}
