package service_test

import (
	"bytes"
	"expvar"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
	"github.com/c88edac7/bytescale-go/examples/service"
)

// form returns a form with tags and, if size is not negative, a file.
func form(t *testing.T, size int, tags ...string) (contentType, body string) {
	t.Helper()
	var text bytes.Buffer
	w := multipart.NewWriter(&text)
	for _, tag := range tags {
		if err := w.WriteField("tag", tag); err != nil {
			t.Fatal(err)
		}
	}
	if size >= 0 {
		part, err := w.CreateFormFile("file", "hello.bin")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	return w.FormDataContentType(), text.String()
}

func TestService(t *testing.T) {
	for _, test := range []struct {
		name   string
		size   int
		tags   []string
		cut    int // bytes of the body that do not come
		raw    bool
		fault  *fault.Fault
		status int
	}{
		{name: "a file", size: 100_000, tags: []string{"a", "b"}, status: http.StatusCreated},
		{name: "an empty file", status: http.StatusCreated},
		{name: "a broken connection to storage", size: 1000, fault: &fault.Fault{Operation: "PutPart", Kind: fault.Reset}, status: http.StatusCreated},
		{name: "an answer that is lost", size: 1000, fault: &fault.Fault{Operation: "CompleteUploadPart", After: true, Kind: fault.Reset}, status: http.StatusCreated},
		{name: "a malformed tag", size: 1000, tags: []string{"no spaces"}, status: http.StatusUnprocessableEntity},
		{name: "no file", size: -1, status: http.StatusBadRequest},
		{name: "no form", raw: true, status: http.StatusBadRequest},
		{name: "half a form", size: 100_000, cut: 50_000, status: http.StatusBadRequest},
		{name: "too large a form", size: 1 << 20, status: http.StatusRequestEntityTooLarge},
		{name: "a key that may not upload", size: 1000, fault: &fault.Fault{Operation: "BeginMultipartUpload", Kind: fault.Status, Status: http.StatusForbidden}, status: http.StatusBadGateway},
		{name: "asked to come back in an hour", size: 1000, fault: &fault.Fault{Operation: "BeginMultipartUpload", Kind: fault.Status, Status: http.StatusTooManyRequests, RetryAfter: "3600"}, status: http.StatusServiceUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := bytescaletest.NewServer(t)
			if test.fault != nil {
				srv.Fail(*test.fault)
			}
			counts := new(expvar.Map)
			ts := httptest.NewServer(service.Handler(srv.Client(bytescale.WithObserver(service.Metrics(counts))), 1<<20))
			defer ts.Close()
			contentType, body := form(t, test.size, test.tags...)
			if test.raw {
				contentType = "text/plain"
			}
			answer, err := http.Post(ts.URL+"/files", contentType, strings.NewReader(body[:len(body)-test.cut]))
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != test.status {
				t.Errorf("status %d, want %d", answer.StatusCode, test.status)
			}
			stored := srv.Files()
			if created := test.status == http.StatusCreated; created != (len(stored) == 1) || created && counts.Get("stored").String() != "1" {
				t.Errorf("%d files are stored, counted %s", len(stored), counts)
			}
			if len(stored) == 1 && (stored[0].OriginalFileName != "hello.bin" || len(stored[0].Bytes()) != test.size || len(stored[0].Tags) != len(test.tags)) {
				t.Errorf("stored: %+v", stored[0])
			}
			if wait := answer.Header.Get("Retry-After"); test.status == http.StatusServiceUnavailable && wait != "3600" {
				t.Errorf("Retry-After is %q", wait)
			}
		})
	}
}
