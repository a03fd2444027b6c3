package bytescale

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go/internal/operation"
)

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

func TestEscapePath(t *testing.T) {
	for _, test := range []struct{ path, want string }{
		{"/a b/ü!'()*~+?#&=%.txt", "/a%20b/%C3%BC%21'()*~%2B%3F%23%26%3D%25.txt"}, // the checked example
		{"/example.jpg", "/example.jpg"},
		{"/A-Z_a.z/0~9", "/A-Z_a.z/0~9"},
		{"//double//", "//double//"},
		{"/%2F", "/%252F"},
		{"/日本/😀", "/%E6%97%A5%E6%9C%AC/%F0%9F%98%80"},
		{"/$,:;@[]\\^`{|}\"<>", "/%24%2C%3A%3B%40%5B%5D%5C%5E%60%7B%7C%7D%22%3C%3E"},
		{"/\x00\x7f", "/%00%7F"},
	} {
		if got := escapePath(test.path); got != test.want {
			t.Errorf("%q: %q, want %q", test.path, got, test.want)
		}
	}
}

// FuzzEscapePath checks that an escaped path decodes to the same path, that net/http sends it
// unchanged, and that no character ends the path early.
func FuzzEscapePath(f *testing.F) {
	for _, path := range []string{"/a b/ü!'()*~+?#&=%.txt", "/", "/..", "/a/./b", "/\xff", "/%zz"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		path = "/" + path
		escaped := escapePath(path)
		decoded, err := url.PathUnescape(escaped)
		if err != nil || decoded != path {
			t.Fatalf("%q became %q, which decodes to %q (%v)", path, escaped, decoded, err)
		}
		if strings.ContainsAny(escaped, "?#! +&=\"<>\r\n") {
			t.Fatalf("%q", escaped)
		}
		req, err := http.NewRequest(http.MethodGet, "https://cdn.example.com/A623uY2/raw"+escaped, nil)
		if err != nil {
			t.Fatal(err)
		}
		if sent := req.URL.RequestURI(); sent != "/A623uY2/raw"+escaped {
			t.Fatalf("%q would be sent as %q", escaped, sent)
		}
	})
}

func TestURL(t *testing.T) {
	c := mustClient(t, testKey, WithCDNURL("https://cdn.example.com/prefix/"))
	got, err := c.FileURL("/uploads/a b.jpg")
	if want := "https://cdn.example.com/prefix/A623uY2/raw/uploads/a%20b.jpg"; err != nil || got != want {
		t.Errorf("%q (%v), want %q", got, err, want)
	}
	if got, _ := mustClient(t, testKey).FileURL("/example.jpg"); got != "https://upcdn.io/A623uY2/raw/example.jpg" {
		t.Errorf("%q", got)
	}
	for _, path := range badFilePaths() {
		_, err := c.FileURL(path)
		wantArgumentError(t, err, "filePath")
	}
	for _, path := range []string{"/a/./b", "/."} {
		_, err := c.FileURL(path)
		wantArgumentError(t, err, "filePath")
	}
}

// badFilePaths returns invalid paths of a file (FilePath in openapi.yaml).
func badFilePaths() []string {
	return []string{
		"", "a", "uploads/a", "/a\nb", "/a\xff", "/..", "/../a", "/a/../b", "/a/..",
		"/" + strings.Repeat("ü", 512),
	}
}

func TestCheckFilePath(t *testing.T) {
	for _, path := range []string{"/", "/a", "/a..b/...", "/a/./b", "/" + strings.Repeat("ü", 511), "/a\r", "//a"} {
		if err := checkFilePath("filePath", path); err != nil {
			t.Errorf("%q: %v", path, err)
		}
	}
	for _, path := range badFilePaths() {
		wantArgumentError(t, checkFilePath("filePath", path), "filePath")
	}
}

// TestBadPathsAreNotSent covers every method that takes a path.
func TestBadPathsAreNotSent(t *testing.T) {
	c := mustClient(t, testKey, withTransport(func(req *http.Request) (*http.Response, error) {
		t.Errorf("%s was sent", req.URL)
		return answer(req, 404, ""), nil
	}))
	for _, path := range badFilePaths() {
		_, err := c.GetFileDetails(t.Context(), path)
		wantArgumentError(t, err, "filePath")
		wantArgumentError(t, c.DeleteFile(t.Context(), path), "filePath")
		_, err = c.Download(t.Context(), path)
		wantArgumentError(t, err, "filePath")
	}
	for _, id := range []string{"", ".", "..", "a/b", "../..", "a%2fb", "ü"} {
		_, err := c.api.GetPart(t.Context(), id, 0)
		wantArgumentError(t, err, "uploadId")
		_, err = c.api.ListParts(t.Context(), id)
		wantArgumentError(t, err, "uploadId")
		_, err = c.api.CompletePart(t.Context(), id, 0, "e")
		wantArgumentError(t, err, "uploadId")
	}
	_, err := c.api.GetPart(t.Context(), testUpload, -1)
	wantArgumentError(t, err, "uploadPartIndex")
}

// Numbers of the metadata reach the program's own types with all their digits.
func TestDecodeMetadata(t *testing.T) {
	t.Parallel()
	transport, _ := script(t, ok(detailsJSON("/a")))
	details, err := mustClient(t, testKey, transport).GetFileDetails(t.Context(), "/a")
	must(t, err)
	var known struct {
		ID      int64   `json:"id"`
		Missing *string `json:"missing"`
	}
	if err := details.DecodeMetadata(&known); err != nil || known.ID != 12345678901234567 || known.Missing != nil {
		t.Errorf("%+v, %v", known, err)
	}
	var all map[string]float64
	if err := details.DecodeMetadata(&all); err != nil || all["id"] != 12345678901234567 {
		t.Errorf("%v, %v", all, err)
	}
	var small struct {
		ID int8 `json:"id"`
	}
	if err := details.DecodeMetadata(&small); err == nil {
		t.Errorf("a number that does not fit became %d", small.ID)
	}
	if err := (FileDetails{}).DecodeMetadata(&known); err != nil {
		t.Errorf("no metadata: %v", err)
	}
}
