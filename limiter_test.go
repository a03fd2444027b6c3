package bytescale_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// limiterFunc is a limiter made of a function.
type limiterFunc func(context.Context) error

func (f limiterFunc) Wait(ctx context.Context) error { return f(ctx) }

// TestLimiter counts how often the limiter is asked: once for each attempt of each API call,
// and neither for the bytes of parts nor for downloads.
func TestLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(1000))
		srv.Fail(
			fault.Fault{Operation: "BeginMultipartUpload", Occurrence: 1, Kind: fault.Status, Status: 503},
			fault.Fault{Operation: "CompleteUploadPart", Occurrence: 2, Kind: fault.Reset, After: true},
			fault.Fault{Operation: bytescale.PutPart, Occurrence: 1, Kind: fault.Status, Status: 500},
		)
		var asked atomic.Int64
		client := srv.Client(bytescale.WithLimiter(limiterFunc(func(ctx context.Context) error {
			if info, ok := bytescale.RequestInfoFromContext(ctx); !ok || info.Operation == bytescale.PutPart {
				t.Errorf("asked for %+v", info)
			}
			asked.Add(1)
			return nil
		})))
		file, err := client.Upload(t.Context(), bytescale.Bytes(make([]byte, 3000)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.DownloadTo(t.Context(), file.FilePath, t.TempDir()+"/file"); err != nil {
			t.Fatal(err)
		}
		calls := int64(0)
		for _, e := range srv.Exchanges() {
			if e.Operation != bytescale.PutPart && e.Operation != "DownloadFile" {
				calls++
			}
		}
		if asked.Load() != calls || calls < 8 {
			t.Errorf("asked %d times for %d calls", asked.Load(), calls)
		}
	})
}

// TestLimiterIsShared makes the calls of two clients with one limiter.
func TestLimiterIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork())
		limiter := bytescale.WithLimiter(rate.NewLimiter(10, 1))
		began := time.Now()
		for _, client := range []*bytescale.Client{srv.Client(limiter), srv.Client(limiter)} {
			for range 10 {
				if _, err := client.GetFileDetails(t.Context(), "/missing"); !errors.Is(err, bytescale.ErrNotFound) {
					t.Fatal(err)
				}
			}
		}
		if took := time.Since(began).Round(time.Millisecond); took != 1900*time.Millisecond {
			t.Errorf("20 calls at 10 a second took %v, want 1.9s", took)
		}
	})
}

// TestLimiterFails ends calls and uploads by the limiter and by the context. Nothing is sent,
// nothing is tried again, and nothing can have been stored.
func TestLimiterFails(t *testing.T) {
	broken := errors.New("the database is down")
	for name, c := range map[string]struct {
		wait func(ctx context.Context) error
		want error
	}{
		"an error":               {func(context.Context) error { return broken }, broken},
		"the end of the context": {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, context.DeadlineExceeded},
		"its own word for it":    {func(ctx context.Context) error { <-ctx.Done(); return broken }, context.DeadlineExceeded},
		"a token that comes late": {func(ctx context.Context) error {
			limiter := rate.NewLimiter(rate.Every(time.Hour), 1)
			limiter.Allow()
			return limiter.Wait(ctx)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork())
				for op, call := range map[string]func(context.Context, *bytescale.Client) error{
					"BeginMultipartUpload": upload, "CompleteUploadPart": upload,
					"DeleteFile": func(ctx context.Context, client *bytescale.Client) error { return client.DeleteFile(ctx, "/a") },
				} {
					asked := 0
					client := srv.Client(bytescale.WithLimiter(limiterFunc(func(ctx context.Context) error {
						if info, _ := bytescale.RequestInfoFromContext(ctx); info.Operation != op {
							return nil
						}
						asked++
						return c.wait(ctx)
					})))
					before := len(srv.Exchanges())
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					err := call(ctx, client)
					if err == nil || c.want != nil && !errors.Is(err, c.want) || errors.Is(err, bytescale.ErrOutcomeUnknown) {
						t.Errorf("%s: error %v, want %v", op, err, c.want)
					}
					var failed *bytescale.UploadError
					if errors.As(err, &failed) && failed.MayExist && ctx.Err() == nil {
						t.Errorf("%s: nothing was sent, and yet: %v", op, err)
					}
					cancel()
					if asked != 1 {
						t.Errorf("%s: asked %d times", op, asked)
					}
					for _, e := range srv.Exchanges()[before:] {
						if e.Operation == op {
							t.Errorf("%s was sent", op)
						}
					}
				}
			})
		})
	}
}

func upload(ctx context.Context, client *bytescale.Client) error {
	_, err := client.Upload(ctx, bytescale.Bytes([]byte("content")))
	return err
}
