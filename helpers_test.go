package bytescale

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

const (
	signedURL = "https://storage.example.com/bucket/part-0?X-Amz-Signature=" + signature + "&x-id=PutObject"
	signature = "5f4dcc3b5aa765d61d8327deb882cf99"
)

func wantNoSignature(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(text, signature) {
		t.Errorf("shows the signature: %s", text)
	}
}

// walk visits an error and all that it wraps.
func walk(err error, visit func(error)) {
	if err == nil {
		return
	}
	visit(err)
	switch wrapper := err.(type) { //nolint:errorlint // one level of the tree
	case interface{ Unwrap() error }:
		walk(wrapper.Unwrap(), visit)
	case interface{ Unwrap() []error }:
		for _, inner := range wrapper.Unwrap() {
			walk(inner, visit)
		}
	}
}

const (
	testKey     = "secret_A623uY2kEySeCrEt0123456789"
	testAccount = "A623uY2"
	testUpload  = "Kd759aLFxttm69kZ"
)

// newTestClient returns a client of a server on loopback, which serves as API and CDN.
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

// roundTrip is a transport in the same process, so that tests can run in virtual time.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func withTransport(f roundTrip) ClientOption {
	return WithTransport(f)
}

// answer returns a response like that of a server.
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

// events collects the events of an observer.
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

// wantNoSecret looks for the secrets in plain text, in base64 and in hex.
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

// script returns a transport that gives one answer per request, in order.
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

// respond returns a transport that gives the same answer to every request.
func respond(status int, body string, header ...string) ClientOption {
	return withTransport(func(req *http.Request) (*http.Response, error) {
		return answer(req, status, body, header...), nil
	})
}

func basicValue(key string) string { return base64.StdEncoding.EncodeToString([]byte("apikey:" + key)) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func writeTemp(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.bin")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// content returns n bytes that differ from part to part.
func content(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8*13 + i>>16*31)
	}
	return b
}

func mustUpload(t *testing.T, c *Client, m *memoryService, source Source, want []byte, options ...UploadOption) *FileDetails {
	t.Helper()
	file, err := c.Upload(t.Context(), source, options...)
	if err != nil {
		t.Fatalf("Upload: %v", err)
	}
	if !m.exists() || !bytes.Equal(m.stored(), want) {
		t.Fatalf("the stored file differs from the source (%d and %d bytes)", len(m.stored()), len(want))
	}
	return file
}

func sources(t *testing.T, data []byte) map[string]func() Source {
	t.Helper()
	return map[string]func() Source{
		"File": func() Source { return File(writeTemp(t, data)) },
		"OpenedFile": func() Source {
			f, err := os.Open(writeTemp(t, data))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { f.Close() })
			return OpenedFile(f)
		},
		"Bytes":    func() Source { return Bytes(data) },
		"ReaderAt": func() Source { return ReaderAt(bytes.NewReader(data), int64(len(data))) },
		"Reader":   func() Source { return Reader(plain(data), int64(len(data))) },
		"Stream":   func() Source { return Stream(bytes.NewReader(data)) },
	}
}

// pause waits for d, or until the context ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plain returns a reader of content that cannot be read in place.
func plain(content []byte) io.Reader { return struct{ io.Reader }{bytes.NewReader(content)} }
