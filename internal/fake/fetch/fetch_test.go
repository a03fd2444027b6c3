package fetch

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
)

// newSource starts a web server whose answers the test writes.
func newSource(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func refusalCode(err error) string {
	if refused, ok := errors.AsType[*refusal.Error](err); ok {
		return refused.Code.Name
	}
	return ""
}

func TestFetch(t *testing.T) {
	t.Parallel()
	source := newSource(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "" {
			t.Errorf("asked for encodings %q", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Content-Disposition", `attachment; filename="a.txt"; filename*=UTF-8''%C3%BC.txt`)
		io.WriteString(w, "hello")
	})
	got, err := New(true).Fetch(t.Context(), source.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if string(body) != "hello" || err != nil {
		t.Errorf("body %q, %v", body, err)
	}
	if got.Size != 5 || got.MIME != "text/plain; charset=utf-8" || got.FileName != "ü.txt" {
		t.Errorf("got %+v", got)
	}
}

func TestFetchLeavesOutNamesThatTheAPIWouldRefuse(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]http.Header{
		"nothing":   {},
		"malformed": {"Content-Disposition": {"attachment; filename="}},
		"no name":   {"Content-Disposition": {"inline"}},
		"too long":  {"Content-Disposition": {`inline; filename="` + strings.Repeat("x", 256) + `"`}},
		"not UTF-8": {"Content-Disposition": {"inline; filename=\"\xff\""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if file := reportedName(header); file != "" {
				t.Errorf("file name %q", file)
			}
		})
	}
}

func TestFetchRefuses(t *testing.T) {
	t.Parallel()
	source := newSource(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/cut":
			w.Header().Set("Content-Length", "10")
			io.WriteString(w, "short")
		case "/headers":
			w.Header().Set("X", strings.Repeat("x", 2*fetchHeaderBytes))
		default:
			http.Error(w, "no", http.StatusTeapot)
		}
	})
	for _, test := range []struct {
		name, url string
		guarded   bool
		want      refusal.Code
	}{
		{"no scheme", "example.com/a", false, refusal.SourceRefused},
		{"another scheme", "ftp://example.com/a", false, refusal.SourceRefused},
		{"a file", "file:///etc/passwd", false, refusal.SourceRefused},
		{"no host", "http:///a", false, refusal.SourceRefused},
		{"not a URL", "http://a b/", false, refusal.SourceRefused},
		{"redirect to a file", source.URL + "/file", false, refusal.SourceFailed},
		{"redirects without end", source.URL + "/loop", false, refusal.SourceFailed},
		{"status", source.URL + "/status?secret", false, refusal.SourceFailed},
		{"huge headers", source.URL + "/headers", false, refusal.SourceFailed},
		{"cut body", source.URL + "/cut", false, refusal.SourceFailed},
		{"loopback", source.URL + "?secret", true, refusal.SourceRefused},
		{"loopback by name", strings.Replace(source.URL, "127.0.0.1", "localhost", 1), true, refusal.SourceRefused},
		{"mapped loopback", strings.Replace(source.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1), true, refusal.SourceRefused},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := New(!test.guarded).Fetch(t.Context(), test.url)
			if err == nil {
				_, err = io.Copy(io.Discard, got.Body)
				got.Body.Close()
			}
			if refusalCode(err) != test.want.Name {
				t.Errorf("got %v, want %s", err, test.want.Name)
			}
			if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "127.0.0.1")) {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
}

// A redirect is checked as the first address is: the guard lets the first
// connection through here and must still see the second.
func TestFetchChecksRedirects(t *testing.T) {
	t.Parallel()
	private := newSource(t, func(http.ResponseWriter, *http.Request) { t.Error("the private address was asked") })
	public := newSource(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, private.URL, http.StatusFound) })

	fetcher := New(false).(*urlFetcher)
	transport := fetcher.client.Transport.(*http.Transport)
	guarded := transport.DialContext
	transport.DialContext = nil // the plain dialer, for the first connection
	first := transport.Clone()
	fetcher.client.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		if "http://"+r.URL.Host == public.URL {
			return first.RoundTrip(r)
		}
		transport.DialContext = guarded
		return transport.RoundTrip(r)
	})
	if _, err := fetcher.Fetch(t.Context(), public.URL); refusalCode(err) != refusal.SourceRefused.Name {
		t.Errorf("got %v, want %s", err, refusal.SourceRefused.Name)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A proxy would do the connecting, out of sight of the guard.
func TestFetchUsesNoProxy(t *testing.T) {
	t.Parallel()
	transport := New(false).(*urlFetcher).client.Transport.(*http.Transport)
	if transport.Proxy != nil {
		t.Error("the fetcher has a proxy")
	}
}

// The time limit holds for the body too.
func TestFetchTimesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		fetcher := &urlFetcher{client: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			reader, writer := io.Pipe()
			context.AfterFunc(r.Context(), func() { writer.CloseWithError(r.Context().Err()) })
			return &http.Response{StatusCode: http.StatusOK, Body: reader, ContentLength: -1}, nil
		})}}
		began := time.Now()
		source, err := fetcher.Fetch(ctx, "http://example.com/slow")
		if err != nil {
			t.Fatal(err)
		}
		defer source.Body.Close()
		_, err = io.ReadAll(source.Body)
		if refusalCode(err) != refusal.SourceTimeout.Name {
			t.Errorf("got %v, want %s", err, refusal.SourceTimeout.Name)
		}
		if waited := time.Since(began); waited != 30*time.Second {
			t.Errorf("waited %v", waited)
		}
	})
}
