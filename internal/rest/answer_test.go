package rest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/limits"
	"github.com/c88edac7/bytescale-go/internal/memnet"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// sends are the ways of a request.
var sends = map[string]func(*Client, *http.Request) (*http.Response, error){
	"API": (*Client).Call,
	"CDN": func(c *Client, req *http.Request) (*http.Response, error) {
		return c.Download(req, operation.DownloadFile, false)
	},
	"CDN call": func(c *Client, req *http.Request) (*http.Response, error) {
		return c.CallCDN(req, operation.ProcessFileAndSave)
	},
	"storage": (*Client).Put,
}

// each runs a test for all ways of a request, in virtual time.
func each(t *testing.T, answer func(*http.Request) *http.Response, test func(t *testing.T, send func(context.Context) (*http.Response, error))) {
	t.Helper()
	eachOver(t, func(*testing.T) http.RoundTripper {
		return roundTripper(func(req *http.Request) (*http.Response, error) { return answer(req), nil })
	}, test)
}

// eachOver runs a test for all ways of a request over a transport, in virtual time.
func eachOver(t *testing.T, transport func(*testing.T) http.RoundTripper, test func(t *testing.T, send func(context.Context) (*http.Response, error))) {
	t.Helper()
	for name, way := range sends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := New(Config{
					Transport:   transport(t),
					Credentials: NewCredentials("", false, nil),
					Limits:      limits.New(1, 2, 1000, nil),
					APIURL:      mustURL(t, "https://example.com"), CDNURL: mustURL(t, "https://example.com"),
					OnExchange: func(Exchange) {},
				})
				test(t, func(ctx context.Context) (*http.Response, error) {
					req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://example.com/v2/accounts/A623uY2/files/details", http.NoBody)
					if err != nil {
						t.Fatal(err)
					}
					return way(c, req)
				})
			})
		})
	}
}

// silent returns a connection on which nothing ever comes, and what is open of it.
func silent(t *testing.T) (conn net.Conn, closed func() bool) {
	t.Helper()
	near, far := net.Pipe()
	gone := make(chan struct{})
	go func() {
		_, _ = far.Read(make([]byte, 1))
		close(gone)
	}()
	return near, func() bool {
		synctest.Wait()
		select {
		case <-gone:
			return true
		default:
			return false
		}
	}
}

// An answer that hands the connection over, or that is not the final one, is no answer.
func TestNoAnswer(t *testing.T) {
	for name, answer := range map[string]func(conn net.Conn) *http.Response{
		"101":             func(conn net.Conn) *http.Response { return &http.Response{StatusCode: 101, Body: conn} },
		"100":             func(conn net.Conn) *http.Response { return &http.Response{StatusCode: 100, Body: conn} },
		"199, only reads": func(conn net.Conn) *http.Response { return &http.Response{StatusCode: 199, Body: readCloser{conn}} },
		"no status":       func(conn net.Conn) *http.Response { return &http.Response{Body: readCloser{conn}} },
		"200, writes too": func(conn net.Conn) *http.Response { return &http.Response{StatusCode: 200, Body: conn} },
		"403, writes too": func(conn net.Conn) *http.Response { return &http.Response{StatusCode: 403, Body: conn} },
	} {
		t.Run(name, func(t *testing.T) {
			var closed func() bool
			each(t, func(*http.Request) *http.Response {
				var conn net.Conn
				conn, closed = silent(t)
				return answer(conn)
			}, func(t *testing.T, send func(context.Context) (*http.Response, error)) {
				for range 3 { // more often than calls may be in flight
					resp, err := send(t.Context())
					if !errors.Is(err, errs.ErrProtocol) {
						t.Errorf("answer %v, error %v", resp, err)
					}
					if !closed() {
						t.Error("the connection is still open")
					}
				}
			})
		})
	}
}

type readCloser struct{ io.ReadCloser }

// endless is a body that knows of no context: it blocks until it is closed.
type endless struct{ closed chan struct{} }

func (e endless) Read([]byte) (int, error) { <-e.closed; return 0, io.EOF }
func (e endless) Close() error             { close(e.closed); return nil }

// No read of an answer outlives the context, whatever the transport hands out.
func TestAnswersEndWithTheContext(t *testing.T) {
	for _, status := range []int{200, 302, 403, 500} {
		answer := func(*http.Request) *http.Response {
			return &http.Response{StatusCode: status, Body: endless{make(chan struct{})}}
		}
		each(t, answer, endsWithTheContext)
	}
}

// endsWithTheContext checks that a body without end fails when the context ends.
func endsWithTheContext(t *testing.T, send func(context.Context) (*http.Response, error)) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	began := time.Now()
	resp, err := send(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.ReadAll(resp.Body)
	if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took != time.Second {
		t.Errorf("%v after %v", err, took)
	}
	resp.Body.Close()
}

// The transport of net/http ends its answers itself.
func TestAnswersOfNetHTTPEndWithTheContext(t *testing.T) {
	eachOver(t, func(t *testing.T) http.RoundTripper {
		listener := memnet.Listen()
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "[")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done() // the client has closed the connection
		})}
		go server.Serve(listener)
		t.Cleanup(func() { server.Close() })
		dial := func(ctx context.Context, _, _ string) (net.Conn, error) { return listener.Dial(ctx) }
		return &http.Transport{DialContext: dial, DialTLSContext: dial}
	}, endsWithTheContext)
}

// The transport may leave out the body.
func TestNoBody(t *testing.T) {
	each(t, func(*http.Request) *http.Response { return &http.Response{StatusCode: 403} },
		func(t *testing.T, send func(context.Context) (*http.Response, error)) {
			resp, err := send(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if content, err := io.ReadAll(resp.Body); err != nil || len(content) != 0 {
				t.Errorf("read %q, error %v", content, err)
			}
		})
}

// A body that was read and closed in time is not closed a second time.
func TestBodyIsClosedOnce(t *testing.T) {
	closed := 0
	answer := func(*http.Request) *http.Response {
		return &http.Response{StatusCode: 200, Body: counting{strings.NewReader("{}"), &closed}}
	}
	each(t, answer, func(t *testing.T, send func(context.Context) (*http.Response, error)) {
		closed = 0
		ctx, cancel := context.WithCancel(t.Context())
		resp, err := send(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if content, err := io.ReadAll(resp.Body); err != nil || string(content) != "{}" {
			t.Errorf("read %q, error %v", content, err)
		}
		resp.Body.Close()
		resp.Body.Close()
		cancel()
		synctest.Wait()
		if closed != 1 {
			t.Errorf("closed %d times", closed)
		}
	})
}

type counting struct {
	io.Reader
	closed *int
}

func (c counting) Close() error { *c.closed++; return nil }

func response(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}
