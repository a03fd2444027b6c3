package bytescaletest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/gen"
)

// session is an upload step by step, with nothing between the test and HTTP.
type session struct {
	t      *testing.T
	srv    *bytescaletest.Server
	web    *http.Client
	key    string
	begun  gen.BeginMultipartUploadResponse
	source []byte
}

// answer is what came back; err if nothing did.
type answer struct {
	status int
	header http.Header
	body   []byte
	err    error
}

func (a answer) String() string {
	if a.err != nil {
		return "error: " + a.err.Error()
	}
	return fmt.Sprintf("%d %s", a.status, a.body)
}

func (a answer) code() string {
	var body gen.ErrorResponse
	_ = json.Unmarshal(a.body, &body)
	return body.Error.Code
}

func newSession(t *testing.T, srv *bytescaletest.Server) *session {
	return &session{t: t, srv: srv, web: srv.HTTPClient(), key: srv.Key()}
}

// do sends a request and reads the answer. A broken answer is an error with
// the status that was announced.
func (s *session) do(request *http.Request, err error) answer {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := s.web.Do(request)
	if err != nil {
		return answer{err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, body, err}
}

func (s *session) api(method, path string, body any) answer {
	s.t.Helper()
	var reader io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		reader = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.srv.URL()+"/v2/accounts/"+s.srv.AccountID()+path, reader)
	if err == nil {
		request.Header.Set("Authorization", "Bearer "+s.key)
		if body != nil {
			request.Header.Set("Content-Type", "application/json")
		}
	}
	return s.do(request, err)
}

// begin starts an upload of content; more adds to the request.
func (s *session) begin(content string, more ...func(map[string]any)) answer {
	s.t.Helper()
	body := map[string]any{"size": len(content), "protocol": "1.1"}
	for _, add := range more {
		add(body)
	}
	got := s.api(http.MethodPost, "/uploads", body)
	if got.status == http.StatusOK && got.err == nil {
		s.begun = gen.BeginMultipartUploadResponse{}
		if err := json.Unmarshal(got.body, &s.begun); err != nil {
			got.err = err
		}
	}
	s.source = []byte(content)
	return got
}

func path(path string) func(map[string]any) {
	return func(body map[string]any) { body["path"] = path }
}

func (s *session) mustBegin(content string, more ...func(map[string]any)) {
	s.t.Helper()
	if got := s.begin(content, more...); got.status != http.StatusOK {
		s.t.Fatalf("begin: %v", got)
	}
}

func (s *session) parts(suffix string) string {
	return "/uploads/" + s.begun.UploadID + "/parts" + suffix
}

func (s *session) get(index int64) answer {
	s.t.Helper()
	return s.api(http.MethodGet, s.parts(fmt.Sprintf("/%d", index)), nil)
}

func (s *session) part(index int64) (part gen.UploadPart) {
	s.t.Helper()
	got := s.get(index)
	if err := json.Unmarshal(got.body, &part); got.status != http.StatusOK || err != nil {
		s.t.Fatalf("part %d: %v", index, got)
	}
	return part
}

// put sends a part to a fresh URL.
func (s *session) put(index int64) answer {
	s.t.Helper()
	part := s.part(index)
	return s.putTo(part.UploadURL, s.source[part.Range.InclusiveStart:part.Range.InclusiveEnd+1])
}

func (s *session) putTo(url string, content []byte) answer {
	s.t.Helper()
	return s.do(http.NewRequestWithContext(s.t.Context(), http.MethodPut, url, bytes.NewReader(content)))
}

func (s *session) complete(index int64, etag string) answer {
	s.t.Helper()
	return s.api(http.MethodPut, s.parts(fmt.Sprintf("/%d", index)), map[string]any{"etag": etag})
}

func (s *session) list() answer {
	s.t.Helper()
	return s.api(http.MethodGet, s.parts(""), nil)
}

// finish sends and completes all parts.
func (s *session) finish() answer {
	s.t.Helper()
	var last answer
	for index := range s.begun.UploadParts.Count {
		put := s.put(index)
		if put.status != http.StatusOK {
			return put
		}
		if last = s.complete(index, put.header.Get("ETag")); last.status != http.StatusOK {
			return last
		}
	}
	return last
}

// stored is the content of the file that the session was about, "absent" if it
// is not there.
func (s *session) stored() string {
	file, ok := s.srv.File(s.begun.File.FilePath)
	if !ok {
		return "absent"
	}
	return string(file.Bytes())
}

func (s *session) download(query string, header ...string) answer {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.begun.File.FileURL+query, nil)
	for i := 0; err == nil && i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	return s.do(request, err)
}

func (s *session) post(query, contentType, body string, header ...string) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost,
		s.srv.URL()+"/v2/accounts/"+s.srv.AccountID()+"/uploads/"+query, strings.NewReader(body))
	if err == nil {
		r.Header.Set("Authorization", "Bearer "+s.key)
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; err == nil && i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return s.do(r, err)
}

// networks runs a test on a real and on an in-memory network.
func networks(t *testing.T, test func(t *testing.T, network ...bytescaletest.Option)) {
	t.Run("loopback", func(t *testing.T) { test(t) })
	t.Run("memory", func(t *testing.T) { test(t, bytescaletest.WithMemoryNetwork()) })
}

// cutOff reports whether a connection ended before an answer was complete.
func cutOff(a answer) bool {
	return a.err != nil && !errors.Is(a.err, context.DeadlineExceeded) && !strings.Contains(a.err.Error(), "Timeout")
}

// wantStatus fails the test unless the answer has the status.
func wantStatus(t *testing.T, a answer, status int) {
	t.Helper()
	if a.err != nil || a.status != status {
		t.Fatalf("got %v, want %d", a, status)
	}
}

func etagOf(a answer) string { return a.header.Get("ETag") }

// fakeT is a test that is allowed to fail.
type fakeT struct {
	cleanups []func()
	errors   []string
	fatal    bool
}

func (f *fakeT) Helper() {}

func (f *fakeT) Cleanup(fn func()) { f.cleanups = append(f.cleanups, fn) }

func (f *fakeT) Errorf(format string, args ...any) {
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}

func (f *fakeT) Fatalf(format string, args ...any) { f.Errorf(format, args...); f.fatal = true }

// end runs the cleanups and gives what went wrong, in one text.
func (f *fakeT) end() string {
	for i := len(f.cleanups) - 1; i >= 0; i-- {
		f.cleanups[i]()
	}
	return strings.Join(f.errors, "\n")
}

// No server and no client of one leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
