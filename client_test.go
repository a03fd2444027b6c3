package bytescale

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/wire"
)

const (
	testKey     = "secret_A623uY2kEySeCrEt0123456789"
	testAccount = "A623uY2"
	testUpload  = "Kd759aLFxttm69kZ"
)

// newTestClient returns a client of a server on loopback, which is API and CDN.
func newTestClient(t *testing.T, handler http.HandlerFunc, opts ...ClientOption) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c := mustClient(t, testKey, append([]ClientOption{WithAPIURL(server.URL), WithCDNURL(server.URL)}, opts...)...)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func mustClient(t *testing.T, key string, opts ...ClientOption) *Client {
	t.Helper()
	c, err := NewClient(key, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// roundTrip is a transport in the same process: tests with it can run in virtual
// time.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func withTransport(f roundTrip) ClientOption {
	return WithTransport(f)
}

// answer is a response as a server would give it.
func answer(req *http.Request, status int, body string, header ...string) *http.Response {
	resp := &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Request: req,
		ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)),
	}
	for i := 0; i < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp
}

func detailsJSON(path string) string {
	return fmt.Sprintf(`{"accountId":"A623uY2","etag":"abc","filePath":%q,"fileUrl":"https://upcdn.io/A623uY2/raw/x",
		"lastModified":1615680311115,"metadata":{"id":12345678901234567},"mime":"text/plain","originalFileName":null,"size":5,"tags":["a"]}`, path)
}

// events collects what an observer is told.
type events struct {
	mu   sync.Mutex
	list []Event
}

func (e *events) observe(event Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, event)
}

func (e *events) all() []Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]Event(nil), e.list...)
}

func TestNewClientSendsNothing(t *testing.T) {
	mustClient(t, testKey, withTransport(func(req *http.Request) (*http.Response, error) {
		t.Errorf("%s %s was sent", req.Method, req.URL)
		return nil, errors.New("unexpected")
	}))
}

func TestNewClientAccount(t *testing.T) {
	jwt := WithJWT(func(context.Context) (string, error) { return "a.b.c", nil })
	for _, test := range []struct {
		name    string
		key     string
		opts    []ClientOption
		account string
		field   string // of the ArgumentError
		is      error
	}{
		{name: "from the key", key: testKey, account: testAccount},
		{name: "given and the same", key: testKey, opts: []ClientOption{WithAccountID(testAccount)}, account: testAccount},
		{name: "given and another", key: testKey, opts: []ClientOption{WithAccountID("B623uY2")}, field: "accountID"},
		{name: "of a trial key", key: "free", account: "W142hJk"},
		{name: "of the other trial key", key: "demo", account: "W142hJk"},
		{name: "with a JWT only", opts: []ClientOption{jwt, WithAccountID(testAccount)}, account: testAccount},
		{name: "with a JWT only and no account", opts: []ClientOption{jwt}, field: "accountID"},
		{name: "with a JWT only, as basic", opts: []ClientOption{jwt, WithAccountID(testAccount), WithBasicAuth()}, field: "basicAuth"},
		{name: "with nothing", field: "apiKey", is: ErrInvalidKey},
		{name: "with an account only", opts: []ClientOption{WithAccountID(testAccount)}, field: "apiKey", is: ErrInvalidKey},
		{name: "with a nil option", key: testKey, opts: []ClientOption{nil}, account: testAccount},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := NewClient(test.key, test.opts...)
			if test.field != "" {
				wantArgumentError(t, err, test.field)
				if test.is != nil && !errors.Is(err, test.is) {
					t.Errorf("error %v is not %v", err, test.is)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := c.AccountID(); got != test.account {
				t.Errorf("account %q, want %q", got, test.account)
			}
		})
	}
}

func wantArgumentError(t *testing.T, err error, field string) {
	t.Helper()
	var refused *ArgumentError
	if !errors.As(err, &refused) {
		t.Fatalf("error %v, want an ArgumentError", err)
	}
	if refused.Field != field {
		t.Errorf("field %q, want %q (%v)", refused.Field, field, err)
	}
	if refused.Reason == "" {
		t.Error("no reason")
	}
}

// A transport that a user wraps is the one that is used otherwise.
func TestNewTransportIsTheDefault(t *testing.T) {
	own, given := mustClient(t, testKey).rest.Transport.(*http.Transport), NewTransport()
	if given.MaxIdleConnsPerHost != own.MaxIdleConnsPerHost || given.DialContext == nil || given.Protocols != own.Protocols {
		t.Errorf("%+v, the default is %+v", given, own)
	}
	if most := 8*defaultPuts + defaultCalls; given.MaxIdleConnsPerHost < most {
		t.Errorf("%d idle connections are kept, %d can be in use", given.MaxIdleConnsPerHost, most)
	}
	if given == NewTransport() {
		t.Error("two callers share one transport")
	}
}

// TestRedirects proves that neither credentials nor bytes follow a redirect.
func TestRedirects(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s was sent elsewhere", r.Method, r.URL)
	}))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		c := newTestClient(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/x", status)
		})
		_, err := c.api.details(t.Context(), "/a")
		wantAPIError(t, err, operation.GetFileDetails, status)
		_, err = c.api.PutPart(t.Context(), c.apiURL.String()+"/storage?sig=1", 3, bodyOf("abc"))
		wantAPIError(t, err, operation.PutPart, status)
		_, err = c.Download(t.Context(), "/a")
		wantAPIError(t, err, operation.DownloadFile, status)
	}
}

func wantAPIError(t *testing.T, err error, op string, status int) *APIError {
	t.Helper()
	var failed *APIError
	if !errors.As(err, &failed) {
		t.Fatalf("error %v, want an APIError", err)
	}
	if failed.Operation != op || failed.Status != status {
		t.Errorf("%s with status %d, want %s with %d", failed.Operation, failed.Status, op, status)
	}
	return failed
}

func bodyOf(content string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }
}

// TestPrintingShowsNoSecret prints everything that holds credentials in every
// way that people print.
func TestPrintingShowsNoSecret(t *testing.T) {
	const jwt = "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl"
	for _, basic := range []bool{false, true} {
		opts := []ClientOption{
			WithJWT(func(context.Context) (string, error) { return jwt, nil }),
			withTransport(func(req *http.Request) (*http.Response, error) { return answer(req, 200, detailsJSON("/a")), nil }),
		}
		if basic {
			opts = append(opts, WithBasicAuth())
		}
		c := mustClient(t, testKey, opts...)
		if _, err := c.GetFileDetails(t.Context(), "/a"); err != nil {
			t.Fatal(err) // the token is kept from here on
		}
		for name, v := range map[string]any{
			"client": c, "client by value": *c, "generated client": c.API(), "service": c.service,
			"pipeline": c.rest, "pipeline by value": *c.rest, "credentials": c.rest.Credentials, "doer": doer{c.rest},
		} {
			for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				wantNoSecret(t, name+" as "+format, fmt.Sprintf(format, v), testKey, jwt)
			}
			var logged bytes.Buffer
			slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "v", v)
			slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "v", v)
			encoded, _ := json.Marshal(v)
			wantNoSecret(t, name+" logged", logged.String()+string(encoded), testKey, jwt)
		}
	}
	if got, want := mustClient(t, testKey).String(), "bytescale.Client{account A623uY2 at https://api.bytescale.com}"; got != want {
		t.Errorf("String %q, want %q", got, want)
	}
}

// wantNoSecret looks for the secrets as they are, in base64 and in hex.
func wantNoSecret(t *testing.T, where, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		for form, hidden := range map[string]string{
			"plain":  secret,
			"hex":    fmt.Sprintf("%x", secret),
			"base64": basicValue(secret),
		} {
			if strings.Contains(text, hidden) {
				t.Errorf("%s shows a secret (%s): %s", where, form, text)
			}
		}
	}
}

// careless is a transport that keeps none of the promises of an http.RoundTripper.
type careless func(*http.Request) (*http.Response, error)

func (c careless) RoundTrip(req *http.Request) (*http.Response, error) { return c(req) }

// Transports of tests and middleware may forget what http.Client makes up for.
func TestCarelessTransport(t *testing.T) {
	t.Parallel()
	for name, transport := range map[string]careless{
		"nothing at all":     func(*http.Request) (*http.Response, error) { return nil, nil }, //nolint:nilnil // that is the point
		"body is not closed": func(*http.Request) (*http.Response, error) { return nil, errors.New("injected") },
		"answer has no body": func(req *http.Request) (*http.Response, error) {
			req.Body.Close()
			return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Request: req}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := mustClient(t, testKey, WithTransport(transport))
				ctx, attempt := wire.NewAttempt(t.Context(), wire.Payload{Source: wire.Bytes("part"), Size: 4}, func(int64) {}, new(wire.Link))
				_, err := c.service.PutPart(ctx, "https://storage.example.com/part", 4, attempt.Body)
				if _, err := attempt.End(err); err == nil {
					t.Error("no error")
				}
			})
		})
	}
}
