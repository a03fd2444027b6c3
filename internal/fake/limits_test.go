package fake

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

const formType = "multipart/form-data; boundary=B"

// formOf returns a form of parts, each with an additional header.
func formOf(parts int, header string) []byte {
	var form bytes.Buffer
	for i := range parts {
		fmt.Fprintf(&form, "--B\r\nContent-Disposition: form-data; name=\"p%d\"; filename=\"f%d\"\r\n%s\r\nx\r\n", i, i, header)
	}
	form.WriteString("--B--\r\n")
	return form.Bytes()
}

// A form has a limited number of parts, and each of them a limited header: what the
// server remembers of a form grows with both.
func TestFormLimits(t *testing.T) {
	t.Parallel()
	long := func(bytes int) string { return "X-Padding: " + strings.Repeat("x", bytes) + "\r\n" }
	for _, test := range []struct {
		name   string
		form   []byte
		status int
		stored int
	}{
		{"as many parts as allowed", formOf(maxFormParts, ""), http.StatusOK, maxFormParts},
		{"one more", formOf(maxFormParts+1, ""), http.StatusRequestEntityTooLarge, maxFormParts},
		{"many more", formOf(20*maxFormParts, ""), http.StatusRequestEntityTooLarge, maxFormParts},
		{"a long header", formOf(2, long(maxPartHeaders-2<<10)), http.StatusOK, 2},
		{"a header that is too long", formOf(1, long(maxPartHeaders)), http.StatusRequestEntityTooLarge, 0},
		{"many headers", formOf(1, strings.Repeat("a: b\r\n", maxPartHeaders/6)), http.StatusRequestEntityTooLarge, 0},
		{"a long name", bytes.Replace(formOf(1, ""), []byte(`"p0"`), []byte(`"`+strings.Repeat("p", maxFieldName)+`"`), 1), http.StatusOK, 1},
		{"a second header that is too long", append(formOf(1, "")[:len(formOf(1, ""))-len("--B--\r\n")], formOf(1, long(maxPartHeaders+8<<10))...), http.StatusRequestEntityTooLarge, 1},
		{"a long preamble", append(bytes.Repeat([]byte("x\n"), maxPartHeaders), formOf(1, "")...), http.StatusRequestEntityTooLarge, 0},
	} {
		server, err := New(Options{})
		must(t, err)
		answer := do(server, http.MethodPost, "/v2/accounts/A623uY2/uploads/form_data", formType, test.form)
		files, err := server.store.Files()
		must(t, err)
		if answer.Code != test.status || len(files) != test.stored || answer.Code != http.StatusOK && !strings.Contains(answer.Body.String(), `"form_too_large"`) {
			t.Errorf("%s: %d, %d files: %.200s", test.name, answer.Code, len(files), answer.Body)
		}
	}
}

func TestFormNamesAreLimited(t *testing.T) {
	t.Parallel()
	server, err := New(Options{Lenient: true})
	must(t, err)
	form := bytes.Replace(formOf(1, ""), []byte(`"p0"`), []byte(`"`+strings.Repeat("p", maxFieldName+1)+`"`), 1)
	if answer := do(server, http.MethodPost, "/v2/accounts/A623uY2/uploads/form_data", formType, form); answer.Code != http.StatusBadRequest {
		t.Errorf("%d %.200s", answer.Code, answer.Body)
	}
}

// zeros is a body without an end.
type zeros struct{ read int64 }

func (z *zeros) Read(p []byte) (int, error) {
	z.read += int64(len(p))
	return len(p), nil
}

// A refused request is read for a while, so that its client can see the answer, and
// then given up.
func TestRefusedBodiesAreNotReadForEver(t *testing.T) {
	t.Parallel()
	server, err := New(Options{Keys: []string{testSecret}, MaxFileSize: 1 << 20, Lenient: true})
	must(t, err)
	for name, request := range map[string]func(body io.Reader) *http.Request{
		"a file that is too large": func(body io.Reader) *http.Request {
			r := httptest.NewRequest(http.MethodPost, "/v2/accounts/A623uY2/uploads/binary", body)
			r.Header.Set("Authorization", "Bearer "+testSecret)
			r.Header.Set("Content-Type", "text/plain")
			return r
		},
		"a stranger": func(body io.Reader) *http.Request {
			r := httptest.NewRequest(http.MethodPost, "/v2/accounts/A623uY2/uploads/binary", body)
			r.Header.Set("Authorization", "Bearer secret_A623uY2stranger")
			r.Header.Set("Content-Type", "text/plain")
			return r
		},
		"a part without a signature": func(body io.Reader) *http.Request {
			return httptest.NewRequest(http.MethodPut, "/storage/A623uY2/Kd759aLFxttm69kZ/0", body)
		},
	} {
		body := &zeros{}
		answer := httptest.NewRecorder()
		func() {
			defer func() {
				if problem := recover(); problem != http.ErrAbortHandler {
					t.Errorf("%s: %v, want the end of the connection", name, problem)
				}
			}()
			server.ServeHTTP(answer, request(body))
		}()
		if answer.Code < 400 || body.read > maxRest+4<<20 {
			t.Errorf("%s: %d, %d bytes read", name, answer.Code, body.read)
		}
	}
}

func TestQueryLimit(t *testing.T) {
	t.Parallel()
	server, err := New(Options{Lenient: true})
	must(t, err)
	for parameters, want := range map[int]string{maxParameters: "query.x", maxParameters + 1: "more than 100 parameters", 30_000: "more than 100 parameters"} {
		query := strings.TrimSuffix(strings.Repeat("x&", parameters), "&")
		answer := do(server, http.MethodGet, "/v2/accounts/A623uY2/files/details?"+query, "", nil)
		if answer.Code != http.StatusBadRequest || !strings.Contains(answer.Body.String(), want) {
			t.Errorf("%d: %d %.200s", parameters, answer.Code, answer.Body)
		}
	}
}

func TestUploadsInProgressAreLimited(t *testing.T) {
	t.Parallel()
	limited := store.NewMemory()
	limited.Limit(store.Limits{Uploads: 2})
	server, err := New(Options{Store: limited})
	must(t, err)
	begin := func() *httptest.ResponseRecorder {
		return do(server, http.MethodPost, "/v2/accounts/A623uY2/uploads", "application/json", []byte(`{"size":0,"protocol":"1.1"}`))
	}
	first := begin()
	begin()
	if answer := begin(); answer.Code != http.StatusForbidden || !strings.Contains(answer.Body.String(), `"too_many_uploads"`) {
		t.Errorf("a third upload: %d %s", answer.Code, answer.Body)
	}
	finish(t, server, first.Body.Bytes())
	if answer := begin(); answer.Code != http.StatusOK {
		t.Errorf("after one was completed: %d %s", answer.Code, answer.Body)
	}
}

// Nothing is read of a JSON body that a stranger sends.
func TestStrangersAreRefusedBeforeTheirBodyIsRead(t *testing.T) {
	t.Parallel()
	server, err := New(Options{Keys: []string{testSecret}})
	must(t, err)
	body := &zeros{}
	r := httptest.NewRequest(http.MethodPost, "/v2/accounts/A623uY2/uploads", body)
	r.Header.Set("Authorization", "Bearer secret_A623uY2stranger")
	r.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	server.ServeHTTP(answer, r)
	if answer.Code != http.StatusUnauthorized || body.read > 0 {
		t.Errorf("%d, %d bytes read: %s", answer.Code, body.read, answer.Body)
	}
}
