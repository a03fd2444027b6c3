package bytescale_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
)

// slowSource brings its first bytes at once and the rest at a speed, or never.
type slowSource struct {
	ctx     context.Context
	atOnce  int
	perTick int // bytes per tenth of a second; 0 for silence
}

func (s *slowSource) Read(p []byte) (int, error) {
	if s.atOnce > 0 {
		n := min(s.atOnce, len(p))
		s.atOnce -= n
		return n, nil
	}
	tick := time.Hour
	if s.perTick > 0 {
		tick = time.Second / 10
	}
	select {
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	case <-time.After(tick):
		return min(s.perTick, len(p)), nil
	}
}

// startSlowUploads starts n uploads of slow sources, half of them of known size, and returns after a
// few seconds. They end with ctx.
func startSlowUploads(ctx context.Context, client *bytescale.Client, n, atOnce, perTick int) {
	for i := range n {
		source := bytescale.Stream(&slowSource{ctx, atOnce, perTick})
		if i%2 == 0 || n < 20 {
			source = bytescale.Reader(&slowSource{ctx, atOnce, perTick}, 10_000_000)
		}
		go client.Upload(ctx, source)
	}
	time.Sleep(5 * time.Second)
}

// Uploads whose sources are idle or slow do not delay others of the same client, however
// many they are and however much they have brought.
func TestSlowSourcesDelayNobody(t *testing.T) {
	const memory = 100_000_000 // more than the default budget
	for _, n := range []int{13, 100, 1000} {
		for name, start := range map[string]func(context.Context, *bytescale.Client){
			"that send nothing":      func(ctx context.Context, c *bytescale.Client) { startSlowUploads(ctx, c, n, 0, 0) },
			"that fall silent":       func(ctx context.Context, c *bytescale.Client) { startSlowUploads(ctx, c, n, 200_000, 0) },
			"that fall silent later": func(ctx context.Context, c *bytescale.Client) { startSlowUploads(ctx, c, n, min(memory/n, 5<<20-1), 0) },
			"at 50 kB/s":             func(ctx context.Context, c *bytescale.Client) { startSlowUploads(ctx, c, n, 0, 5000) },
		} {
			t.Run(fmt.Sprintf("%d %s", n, name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithAPILatency(50*time.Millisecond))
					events := new(recorder)
					client := srv.Client(bytescale.WithObserver(events.observe))
					ctx, cancel := context.WithCancel(t.Context())
					defer synctest.Wait()
					defer cancel()
					start(ctx, client)
					for _, size := range []int{5, 64 << 10, 12 << 20} {
						for kind, source := range map[string]bytescale.Source{
							"Reader": bytescale.Reader(plain(make([]byte, size)), int64(size)),
							"Stream": bytescale.Stream(plain(make([]byte, size))),
						} {
							began := time.Now()
							if _, err := client.Upload(t.Context(), source); err != nil {
								t.Errorf("%s of %d bytes: %v", kind, size, err)
							}
							if took := time.Since(began); took > time.Second {
								t.Errorf("%s of %d bytes: %v", kind, size, took)
							}
						}
					}
					for _, e := range events.of(bytescale.EventWaitStart) {
						if e.Limit == "bufferBudget" && n < 100 {
							t.Errorf("%s waited for a buffer", e.Operation)
						}
					}
				})
			})
		}
	}
}

// The same over sockets: senders that have stopped are still being waited for when another
// upload has ended.
func TestSilentSendersDelayNobody(t *testing.T) {
	const senders = 50
	srv := bytescaletest.NewServer(t)
	client := srv.Client()
	var reading atomic.Int64
	all := make(chan struct{})
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := &countingReader{r: r.Body, reached: func() {
			if reading.Add(1) == senders {
				close(all)
			}
		}, at: 200_000}
		if _, err := client.Upload(r.Context(), bytescale.Reader(body, r.ContentLength)); err != nil {
			reading.Add(-1)
			return
		}
		w.WriteHeader(http.StatusCreated)
	}))
	defer service.Close()
	for range senders {
		conn, err := net.Dial("tcp", service.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n")
		if _, err := conn.Write(make([]byte, 200_000)); err != nil {
			t.Fatal(err)
		}
	}
	<-all
	response, err := http.Post(service.URL, "", bytes.NewReader([]byte("hello")))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if n := reading.Load(); response.StatusCode != http.StatusCreated || n != senders {
		t.Errorf("status %d while %d senders are waited for, want 201 and %d", response.StatusCode, n, senders)
	}
}

// countingReader calls reached when it has read so many bytes.
type countingReader struct {
	r       io.Reader
	n, at   int
	reached func()
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	before := c.n
	c.n += n
	if before < c.at && c.n >= c.at {
		c.reached()
	}
	return n, err
}

// A source that can be interrupted ends its upload when it is silent, and does not hold it
// when the context has ended.
func TestReadTimeout(t *testing.T) {
	const timeout = 30 * time.Second
	kinds := map[string]func(io.Reader) bytescale.Source{
		"Reader": func(r io.Reader) bytescale.Source { return bytescale.Reader(r, 100_000) },
		"Stream": bytescale.Stream,
	}
	run := func(t *testing.T, source func(io.Reader) bytescale.Source, limit time.Duration, send func(net.Conn)) (err error, took time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork())
			ours, theirs := net.Pipe()
			defer theirs.Close()
			defer ours.Close()
			go send(theirs)
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			began := time.Now()
			var deadline time.Time
			_, err = srv.Client().Upload(ctx, source(ours), bytescale.WithReadTimeout(timeout, func(at time.Time) error {
				deadline = at
				return ours.SetReadDeadline(at)
			}))
			took = time.Since(began)
			if err == nil && !deadline.IsZero() {
				t.Errorf("the deadline stays: %v", deadline)
			}
		})
		return err, took
	}
	for kind, source := range kinds {
		t.Run(kind, func(t *testing.T) {
			var broken *bytescale.SourceError
			err, took := run(t, source, time.Hour, func(conn net.Conn) { conn.Write(make([]byte, 50_000)) })
			if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &broken) || took != timeout {
				t.Errorf("a silent source: %v after %v, want a SourceError after %v", err, took, timeout)
			}
			err, took = run(t, source, 10*time.Second, func(conn net.Conn) { conn.Write(make([]byte, 50_000)) })
			if !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &broken) || took != 10*time.Second {
				t.Errorf("a silent source and a context of 10 s: %v after %v", err, took)
			}
			err, took = run(t, source, time.Hour, func(conn net.Conn) {
				for range 10 {
					time.Sleep(timeout - time.Second)
					conn.Write(make([]byte, 10_000))
				}
				conn.Close()
			})
			if err != nil || took != 10*(timeout-time.Second) {
				t.Errorf("a slow and steady source: %v after %v", err, took)
			}
		})
	}
}

func TestReadTimeoutThatCannotBeSet(t *testing.T) {
	srv := bytescaletest.NewServer(t)
	none := func(time.Time) error { return http.ErrNotSupported }
	_, err := srv.Client().Upload(t.Context(), bytescale.Reader(plain(make([]byte, 5)), 5), bytescale.WithReadTimeout(time.Second, none))
	var broken *bytescale.SourceError
	if !errors.Is(err, http.ErrNotSupported) || !errors.As(err, &broken) {
		t.Errorf("%v, want a SourceError that says so", err)
	}
}

// A Reader of a file, and of bytes in memory, is read in place from its present position on.
func TestReaderInPlace(t *testing.T) {
	content := noise(1, 3_000_000)
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, change := range []bool{false, true} {
		t.Run("changes: "+strconv.FormatBool(change), func(t *testing.T) {
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			const at = 1_000_000
			if _, err := f.Seek(at, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(600_000))
			progress := bytescale.WithProgress(func(p bytescale.Progress) {
				later := time.Now().Add(time.Hour)
				if change {
					_ = os.Chtimes(path, later, later)
				}
			})
			stored, err := srv.Client().Upload(t.Context(), bytescale.Reader(f, int64(len(content)-at)), progress)
			if change {
				if !errors.Is(err, bytescale.ErrSourceChanged) || len(srv.Files()) > 0 {
					t.Errorf("%v, want ErrSourceChanged", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if file, _ := srv.File(stored.FilePath); !bytes.Equal(file.Bytes(), content[at:]) {
				t.Error("the stored bytes are not those from the present position on")
			}
			if n, err := f.Read(make([]byte, 1)); n > 0 || err != io.EOF {
				t.Errorf("%d bytes are left to be read (%v)", n, err)
			}
		})
	}
}
