package bytescale_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

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
