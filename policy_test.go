package bytescale_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// webTimeouts and webRetries are what docs/sdk.md recommends for a web request of 10 s.
var (
	webTimeouts = bytescale.Timeouts{Connect: 2 * time.Second, Call: 2 * time.Second, PartAnswer: 2 * time.Second}
	webRetries  = bytescale.RetryPolicy{TotalWait: 5 * time.Second, LongestWait: time.Second}
)

// stalls lets the first attempt at each operation of an upload go unanswered.
func stalls(srv *bytescaletest.Server) {
	srv.Fail(
		fault.Fault{Operation: "BeginMultipartUpload", Kind: fault.Stall},
		fault.Fault{Operation: fault.PutPart, Kind: fault.Stall, AfterBytes: -1},
		fault.Fault{Operation: "CompleteUploadPart", Kind: fault.Stall})
}

// With the recommended settings, an upload ends within a web request although each of its
// requests goes unanswered once. It makes no difference whether they are those of the client
// or of the call.
func TestTimeoutsOfAWebRequest(t *testing.T) {
	for name, upload := range map[string]func(context.Context, *bytescaletest.Server) error{
		"of the client": func(ctx context.Context, srv *bytescaletest.Server) error {
			client := srv.Client(bytescale.WithTimeouts(webTimeouts), bytescale.WithRetryPolicy(webRetries))
			_, err := client.Upload(ctx, bytescale.Bytes([]byte("hello")))
			return err
		},
		"of the call": func(ctx context.Context, srv *bytescaletest.Server) error {
			_, err := srv.Client().WithTimeouts(webTimeouts).WithRetryPolicy(webRetries).Upload(ctx, bytescale.Bytes([]byte("hello")))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork())
				stalls(srv)
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				if err := upload(ctx, srv); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// The policy holds for the steps of an upload and for other calls.
func TestRetryPolicyIsKept(t *testing.T) {
	calls := map[string]func(context.Context, *bytescale.Client) error{
		"BeginMultipartUpload": func(ctx context.Context, c *bytescale.Client) error {
			_, err := c.Upload(ctx, bytescale.Bytes([]byte("hello")))
			return err
		},
		"PutPart": func(ctx context.Context, c *bytescale.Client) error {
			_, err := c.Upload(ctx, bytescale.Bytes([]byte("hello")))
			return err
		},
		"GetFileDetails": func(ctx context.Context, c *bytescale.Client) error {
			_, err := c.GetFileDetails(ctx, "/a")
			return err
		},
		"DownloadFile": func(ctx context.Context, c *bytescale.Client) error {
			_, err := c.Download(ctx, "/a")
			return err
		},
	}
	for op, call := range calls {
		t.Run(op, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork())
				srv.Fail(fault.Fault{Operation: op, Kind: fault.Status, Status: 503, Times: -1})
				events := new(recorder)
				client := srv.Client(bytescale.WithObserver(events.observe))
				attempts := func(policy bytescale.RetryPolicy) (n int, waits time.Duration) {
					before := len(events.of(bytescale.EventRetry))
					err := call(t.Context(), client.WithRetryPolicy(policy))
					var refused *bytescale.APIError
					if !errors.As(err, &refused) || refused.Status != 503 {
						t.Errorf("%v, want the 503", err)
					}
					retries := events.of(bytescale.EventRetry)[before:]
					for _, e := range retries {
						waits += e.Wait
					}
					return len(retries) + 1, waits
				}
				if n, waits := attempts(bytescale.RetryPolicy{MaxAttempts: 1}); n != 1 || waits != 0 {
					t.Errorf("1 attempt: %d, and waits of %v", n, waits)
				}
				if n, _ := attempts(bytescale.RetryPolicy{MaxAttempts: 4}); n != 4 {
					t.Errorf("4 attempts: %d", n)
				}
				if _, waits := attempts(bytescale.RetryPolicy{TotalWait: 7 * time.Second}); waits != 7*time.Second {
					t.Errorf("waits of 7 s: %v", waits)
				}
				if _, waits := attempts(bytescale.RetryPolicy{}); waits != 2*time.Minute {
					t.Errorf("the default: %v", waits)
				}
			})
		})
	}
}

// silentDial returns a transport that gets no connection before over is closed.
func silentDial(over <-chan struct{}) *http.Transport {
	transport := bytescale.NewTransport()
	transport.Proxy = nil
	transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
		<-over
		return nil, net.ErrClosed
	}
	return transport
}

func TestConnectTimeout(t *testing.T) {
	for name, call := range map[string]func(context.Context, *bytescale.Client) error{
		"an upload": func(ctx context.Context, c *bytescale.Client) error {
			_, err := c.Upload(ctx, bytescale.Bytes([]byte("x")))
			return err
		},
		"a call":     func(ctx context.Context, c *bytescale.Client) error { return c.DeleteFile(ctx, "/a") },
		"a download": func(ctx context.Context, c *bytescale.Client) error { _, err := c.Download(ctx, "/a"); return err },
		"a generated call": func(ctx context.Context, c *bytescale.Client) error {
			_, err := c.API().GetFileDetailsWithResponse(ctx, c.AccountID(), nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				over := make(chan struct{})
				defer close(over)
				client, err := bytescale.NewClient("secret_A623uY2abcdefghijk", bytescale.WithAPIURL("http://api.example.com"),
					bytescale.WithCDNURL("http://cdn.example.com"), bytescale.WithTransport(silentDial(over)))
				if err != nil {
					t.Fatal(err)
				}
				client = client.WithTimeouts(bytescale.Timeouts{Connect: 3 * time.Second}).WithRetryPolicy(bytescale.RetryPolicy{MaxAttempts: 1})
				began := time.Now()
				err = call(t.Context(), client)
				if took := time.Since(began); !errors.Is(err, bytescale.ErrStalled) || took != 3*time.Second || !strings.Contains(err.Error(), "no connection in 3s") {
					t.Errorf("%v after %v", err, took)
				}
			})
		})
	}
}

// The connection to storage has the limit, too. It is made when the part is sent.
func TestConnectTimeoutOfAPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork())
		reachable := srv.HTTPClient().Transport
		over := make(chan struct{})
		defer close(over)
		silent := silentDial(over)
		transport := roundTripper(func(req *http.Request) (*http.Response, error) {
			if info, _ := bytescale.RequestInfoFromContext(req.Context()); info.Operation == bytescale.PutPart {
				return silent.RoundTrip(req)
			}
			return reachable.RoundTrip(req)
		})
		client := srv.Client(bytescale.WithTransport(transport), bytescale.WithTimeouts(bytescale.Timeouts{Connect: 3 * time.Second}),
			bytescale.WithRetryPolicy(bytescale.RetryPolicy{MaxAttempts: 1}))
		began := time.Now()
		_, err := client.Upload(t.Context(), bytescale.Bytes([]byte("x")))
		if took := time.Since(began); !errors.Is(err, bytescale.ErrStalled) || took != 3*time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// A transport has levers of its own, which work with any policy: a limit on the wait for
// the header of an answer, and errors that declare themselves final.
func TestLeversOfTransports(t *testing.T) {
	t.Run("ResponseHeaderTimeout", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork())
			stalls(srv)
			transport := srv.HTTPClient().Transport.(*http.Transport)
			transport.ResponseHeaderTimeout = 5 * time.Second
			began := time.Now()
			_, err := srv.Client(bytescale.WithTransport(transport)).Upload(t.Context(), bytescale.Bytes([]byte("hello")))
			if took := time.Since(began); err != nil || took < 15*time.Second || took > 17*time.Second {
				t.Errorf("%v after %v, want each of three requests again after 5 s", err, took)
			}
		})
	})
	t.Run("Permanent", func(t *testing.T) {
		for _, permanent := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork())
				reachable, failed := srv.HTTPClient().Transport, 0
				transport := roundTripper(func(req *http.Request) (*http.Response, error) {
					if failed++; failed == 1 {
						return nil, declared(permanent)
					}
					return reachable.RoundTrip(req)
				})
				_, err := srv.Client(bytescale.WithTransport(transport)).Upload(t.Context(), bytescale.Bytes([]byte("hello")))
				if (err != nil) != permanent || permanent && (failed != 1 || !errors.Is(err, declared(true))) {
					t.Errorf("permanent %v: %v after %d requests", permanent, err, failed)
				}
			})
		}
	})
}

// declared is an error that says whether another attempt would fail as well.
type declared bool

func (d declared) Error() string   { return "the transport says no" }
func (d declared) Permanent() bool { return bool(d) }

// A derived client shares the limits of its origin.
func TestDerivedClientsShareTheLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithAPILatency(time.Second))
		client := srv.Client(bytescale.WithAPICallsInFlight(2))
		began := time.Now()
		over := make(chan error)
		for i := range 6 {
			go func() {
				derived := client.WithTimeouts(bytescale.Timeouts{Call: time.Duration(i+10) * time.Second})
				_, err := derived.GetFileDetails(t.Context(), "/none")
				over <- err
			}()
		}
		for range 6 {
			if err := <-over; !errors.Is(err, bytescale.ErrNotFound) {
				t.Error(err)
			}
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("6 calls of a second, 2 at a time, took %v", took)
		}
	})
}
