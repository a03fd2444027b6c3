package bytescale

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/c88edac7/bytescale-go/internal/limits"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/wire"
)

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

func TestNewClientFromEnv(t *testing.T) {
	jwt := WithJWT(func(context.Context) (string, error) { return "a.b.c", nil })
	for _, test := range []struct {
		name  string
		env   map[string]string
		opts  []ClientOption
		want  string // what String returns, and the address of the CDN
		field string // of the ArgumentError
		is    error
	}{
		{name: "key alone", env: map[string]string{"BYTESCALE_API_KEY": testKey},
			want: "bytescale.Client{account A623uY2 at https://api.bytescale.com} https://upcdn.io"},
		{name: "addresses", env: map[string]string{"BYTESCALE_API_KEY": testKey, "BYTESCALE_API_URL": "http://a:1", "BYTESCALE_CDN_URL": "http://c:2"},
			want: "bytescale.Client{account A623uY2 at http://a:1} http://c:2"},
		{name: "an option overrides", env: map[string]string{"BYTESCALE_API_KEY": testKey, "BYTESCALE_API_URL": "no address"},
			opts: []ClientOption{WithAPIURL("http://b:1")}, want: "bytescale.Client{account A623uY2 at http://b:1} https://upcdn.io"},
		{name: "JWT and account", env: map[string]string{"BYTESCALE_ACCOUNT_ID": "B623uY2"}, opts: []ClientOption{jwt},
			want: "bytescale.Client{account B623uY2 at https://api.bytescale.com} https://upcdn.io"},
		{name: "an option overrides the account", env: map[string]string{"BYTESCALE_ACCOUNT_ID": "B623uY2"},
			opts: []ClientOption{jwt, WithAccountID("C623uY2")}, want: "bytescale.Client{account C623uY2 at https://api.bytescale.com} https://upcdn.io"},
		{name: "no key", field: "BYTESCALE_API_KEY", is: ErrInvalidKey},
		{name: "malformed key", env: map[string]string{"BYTESCALE_API_KEY": "nonsense"}, field: "BYTESCALE_API_KEY", is: ErrInvalidKey},
		{name: "malformed API URL", env: map[string]string{"BYTESCALE_API_KEY": testKey, "BYTESCALE_API_URL": "a"}, field: "BYTESCALE_API_URL"},
		{name: "malformed CDN URL", env: map[string]string{"BYTESCALE_API_KEY": testKey, "BYTESCALE_CDN_URL": "a"}, field: "BYTESCALE_CDN_URL"},
		{name: "malformed account", env: map[string]string{"BYTESCALE_API_KEY": testKey, "BYTESCALE_ACCOUNT_ID": "a"}, field: "BYTESCALE_ACCOUNT_ID"},
		{name: "bad option", env: map[string]string{"BYTESCALE_API_KEY": testKey}, opts: []ClientOption{WithPutsInFlight(0)}, field: "putsInFlight"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, variable := range []string{"BYTESCALE_API_KEY", "BYTESCALE_API_URL", "BYTESCALE_CDN_URL", "BYTESCALE_ACCOUNT_ID"} {
				t.Setenv(variable, test.env[variable])
			}
			c, err := NewClientFromEnv(test.opts...)
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
			if got := c.String() + " " + c.cdnURL.String(); got != test.want {
				t.Errorf("client %s, want %s", got, test.want)
			}
		})
	}
}

// NewClient must not depend on the environment.
func TestNewClientIgnoresTheEnvironment(t *testing.T) {
	t.Setenv("BYTESCALE_API_URL", "http://a:1")
	t.Setenv("BYTESCALE_ACCOUNT_ID", "B623uY2")
	if got, want := mustClient(t, testKey).String(), "bytescale.Client{account A623uY2 at https://api.bytescale.com}"; got != want {
		t.Errorf("client %s, want %s", got, want)
	}
}

// NewTransport returns the default transport.
func TestNewTransportIsTheDefault(t *testing.T) {
	own, given := mustClient(t, testKey).rest.Transport.(*http.Transport), NewTransport()
	if given.MaxIdleConnsPerHost != own.MaxIdleConnsPerHost || given.DialContext == nil || given.Protocols != own.Protocols {
		t.Errorf("%+v, the default is %+v", given, own)
	}
	if most := 2 * limits.MostCalls; given.MaxIdleConnsPerHost < most {
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
		_, err = c.api.PutPart(t.Context(), uploadURL(t, c.apiURL.String()+"/storage?sig=1"), 3, bodyOf("abc"))
		wantAPIError(t, err, operation.PutPart, status)
		_, err = c.Download(t.Context(), "/a")
		wantAPIError(t, err, operation.DownloadFile, status)
	}
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

// careless is a transport that breaks the contract of http.RoundTripper.
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
				ctx, attempt := wire.NewAttempt(t.Context(), wire.Payload{Source: wire.Bytes("part"), Size: 4}, 0, wire.Timeouts{}, func(int64) {}, new(wire.Link))
				_, err := c.service.PutPart(ctx, uploadURL(t, "https://storage.example.com/part"), 4, attempt.Body)
				if _, err := attempt.End(err); err == nil {
					t.Error("no error")
				}
			})
		})
	}
}
