package bytescale

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go/internal/operation"
)

// script answers one request after another.
func script(t *testing.T, answers ...roundTrip) (ClientOption, *int) {
	sent := new(int)
	return withTransport(func(req *http.Request) (*http.Response, error) {
		if *sent++; *sent > len(answers) {
			t.Errorf("request %d: %s %s", *sent, req.Method, req.URL)
			return nil, errors.New("unexpected")
		}
		return answers[*sent-1](req)
	}), sent
}

func status(code int, header ...string) roundTrip {
	return func(req *http.Request) (*http.Response, error) {
		return answer(req, code, `{"error":{"code":"a_code","message":"A message."}}`, header...), nil
	}
}

func lost(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }

func ok(body string) roundTrip {
	return func(req *http.Request) (*http.Response, error) { return answer(req, 200, body), nil }
}

func TestDetails(t *testing.T) {
	for _, test := range []struct {
		name    string
		answers []roundTrip
		status  int
		is      error
		wait    time.Duration // at least
	}{
		{name: "at once", answers: []roundTrip{ok(detailsJSON("/a"))}},
		{name: "after failures that pass", answers: []roundTrip{lost, ok("<html>"), status(500), status(429, "Retry-After", "3"), status(408), ok(detailsJSON("/a"))}, wait: 3 * time.Second},
		{name: "not found", answers: []roundTrip{status(404)}, status: 404, is: ErrNotFound},
		{name: "forbidden", answers: []roundTrip{status(403)}, status: 403},
		{name: "no credentials", answers: []roundTrip{status(401)}, status: 401},
		{name: "asked to wait too long", answers: []roundTrip{status(503, "Retry-After", "100000")}, status: 503},
		{name: "nonsense again and again", answers: []roundTrip{ok("x"), ok("x"), ok("x")}, is: ErrProtocol},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport, sent := script(t, test.answers...)
				c := mustClient(t, testKey, transport)
				began := time.Now()
				details, err := c.GetFileDetails(t.Context(), "/a")
				if test.status == 0 && test.is == nil {
					if err != nil || details.FilePath != "/a" {
						t.Errorf("%+v (%v)", details, err)
					}
				}
				if test.status != 0 {
					wantAPIError(t, err, operation.GetFileDetails, test.status)
				}
				if test.is != nil && !errors.Is(err, test.is) {
					t.Errorf("error %v, want %v", err, test.is)
				}
				if *sent != len(test.answers) {
					t.Errorf("%d requests, want %d", *sent, len(test.answers))
				}
				if waited := time.Since(began); waited < test.wait {
					t.Errorf("waited %v, want at least %v", waited, test.wait)
				}
			})
		})
	}
}

func TestDelete(t *testing.T) {
	gone := func(req *http.Request) (*http.Response, error) { return answer(req, 204, ""), nil }
	for _, test := range []struct {
		name    string
		answers []roundTrip
		is      error
		why     string
	}{
		{"at once", []roundTrip{gone}, nil, ""},
		{"missing", []roundTrip{status(404)}, ErrNotFound, "nobody but somebody else has deleted it"},
		{"an answer lost, then missing", []roundTrip{lost, status(404)}, nil, "the first attempt deleted it"},
		{"a failure, then missing", []roundTrip{status(502), status(404)}, nil, "the first attempt may have deleted it"},
		{"refused, then missing", []roundTrip{status(429), status(404)}, ErrNotFound, "the first attempt was not even tried"},
		{"a failure, then deleted", []roundTrip{status(503), gone}, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport, sent := script(t, test.answers...)
				err := mustClient(t, testKey, transport).DeleteFile(t.Context(), "/a")
				if !errors.Is(err, test.is) {
					t.Errorf("error %v, want %v: %s", err, test.is, test.why)
				}
				if *sent != len(test.answers) {
					t.Errorf("%d requests, want %d", *sent, len(test.answers))
				}
			})
		})
	}
}

func TestRetryEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		c := mustClient(t, testKey, respond(503, "", "Retry-After", "100"))
		began := time.Now()
		err := c.DeleteFile(ctx, "/a")
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Minute {
			t.Errorf("error %v after %v", err, time.Since(began))
		}
	})
}

func TestEventsOfRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen events
		transport, _ := script(t, lost, status(503), ok(detailsJSON("/a")))
		c := mustClient(t, testKey, transport, WithObserver(seen.observe))
		if _, err := c.GetFileDetails(t.Context(), "/a"); err != nil {
			t.Fatal(err)
		}
		var attempts, retries []Event
		for _, e := range seen.all() {
			switch e.Kind {
			case EventAttempt:
				attempts = append(attempts, e)
			case EventRetry:
				retries = append(retries, e)
			}
		}
		if len(attempts) != 3 || len(retries) != 2 {
			t.Fatalf("events %+v", seen.all())
		}
		for i, want := range []struct {
			status int
			failed bool
		}{{0, true}, {503, false}, {200, false}} {
			if e := attempts[i]; e.Attempt != i+1 || e.Status != want.status || (e.Err != nil) != want.failed || e.Operation != operation.GetFileDetails {
				t.Errorf("attempt %d: %+v", i+1, e)
			}
		}
		for i, status := range []int{0, 503} {
			if e := retries[i]; e.Attempt != i+1 || e.Status != status || e.Err == nil || e.Part != -1 || e.Operation != operation.GetFileDetails {
				t.Errorf("retry %d: %+v", i+1, e)
			}
		}
	})
}
