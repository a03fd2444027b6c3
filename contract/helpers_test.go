package contract

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const (
	account  = "A623uY2"
	uploads  = "/v2/accounts/" + account + "/uploads"
	uploadID = "Kd759aLFxttm69kZ"
	part     = `{"range":{"inclusiveEnd":9,"inclusiveStart":0},"uploadId":"` + uploadID +
		`","uploadPartIndex":0,"uploadUrl":"https://storage.example.com/p?signature=s3cret"}`
	file = `{"accountId":"A623uY2","etag":null,"filePath":"/a.txt","fileUrl":"https://upcdn.io/A623uY2/raw/a.txt",` +
		`"lastModified":1,"metadata":{},"mime":"text/plain","originalFileName":null,"size":10,"tags":[]}`
	begun = `{"file":` + file + `,"uploadId":"` + uploadID + `","uploadParts":{"count":1,"first":` + part + `}}`
	wrong = `{"error":{"code":"error_code","message":"Error message."}}`
)

// reply is a canned answer.
type reply struct {
	status int
	header []string // name, value, …
	body   string
}

func jsonReply(status int, body string) reply {
	return reply{status, []string{"Content-Type", "application/json"}, body}
}

func (a reply) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	for i := 0; i < len(a.header); i += 2 {
		w.Header().Add(a.header[i], a.header[i+1])
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

// roundTrip answers without a network and counts what reached it.
type roundTrip struct {
	handler http.Handler
	calls   int
	body    string // of the last request
}

func (rt *roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	rt.calls++
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
	}
	rt.body = string(body)
	recorder := httptest.NewRecorder()
	clone := r.Clone(r.Context())
	clone.Body = io.NopCloser(bytes.NewReader(body))
	rt.handler.ServeHTTP(recorder, clone)
	return recorder.Result(), nil
}

// request builds an authenticated request; a path is one of the API.
func request(t testing.TB, method, url, body string, header ...string) *http.Request {
	t.Helper()
	if strings.HasPrefix(url, "/") {
		url = "https://api.bytescale.com" + url
	}
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, url, reader)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer secret_A623uY2")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		if header[i+1] == "" {
			r.Header.Del(header[i])
		} else {
			r.Header.Set(header[i], header[i+1])
		}
	}
	return r
}

// twice adds a second value of a header.
func twice(r *http.Request, header, value string) *http.Request {
	r.Header.Add(header, value)
	return r
}

// transportOver is a transport of the repository's document.
func transportOver(t testing.TB, next http.RoundTripper, opts ...Option) http.RoundTripper {
	t.Helper()
	return NewTransport(next, append([]Option{WithDocument(document(t))}, opts...)...)
}

// handlerOver is a handler of the repository's document.
func handlerOver(t testing.TB, next http.Handler, opts ...Option) http.Handler {
	t.Helper()
	return NewHandler(next, append([]Option{WithDocument(document(t))}, opts...)...)
}

// serversAt is an option for servers whose URLs parse.
func serversAt(t testing.TB, api, cdn string) Option {
	t.Helper()
	servers, err := ParseServers(api, cdn)
	if err != nil {
		t.Fatal(err)
	}
	return WithServers(servers)
}

// reportTo is an option that collects violations.
func reportTo(found *[]Violation) Option {
	return WithReporter(func(_ context.Context, v Violation) { *found = append(*found, v) })
}

// reportCount is an option that counts violations.
func reportCount(n *int) Option {
	return WithReporter(func(context.Context, Violation) { *n++ })
}

// brief renders violations as "location/pointer rule", comma separated.
func brief(found []Violation) string {
	var parts []string
	for _, v := range found {
		parts = append(parts, fmt.Sprintf("%s%s %s", v.Location, v.Pointer, v.Rule))
	}
	return strings.Join(parts, ", ")
}
