package fake

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// do sends a request with a secret key to a server and returns its answer.
func do(server http.Handler, method, target, contentType string, body []byte) *httptest.ResponseRecorder {
	content := io.Reader(bytes.NewReader(body))
	if body == nil {
		content = http.NoBody
	}
	r := httptest.NewRequest(method, target, content)
	r.Header.Set("Authorization", "Bearer "+testSecret)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	answer := httptest.NewRecorder()
	server.ServeHTTP(answer, r)
	return answer
}

// What the server stores can be downloaded, whatever the MIME type and the name
// are. Otherwise the answer would break the API description and be a 500.
func FuzzStoredIsReadable(f *testing.F) {
	for _, mime := range []string{
		"text/plain", "text/plain; charset=utf-8", "image/svg+xml", "a/b;c d=e", "a/b;\r\nc=d", "a/b;c=d;c=e", "a/b;c=\"d", "a/b; c=\"d e\"",
		"a/b;=c", "a/b;c=", "A/B;C=D", "multipart/form-data; boundary=x", "multipArt/form-dAtA", "application/json; charset=utf-16", "a/b;\x00=c", "a/b;ü=ü",
		"text/plain;charset=utf-8;", "a/b;c=d,e/f",
	} {
		f.Add(mime, "a.txt")
	}
	f.Add("text/plain", "\"a\r\nb\\ü\u202e")
	server, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, mime, name string) {
		body, err := json.Marshal(map[string]any{"size": 0, "mime": mime, "originalFileName": name, "path": "/fuzz"})
		must(t, err)
		stored := 0
		if utf8.ValidString(mime + name) { // JSON would replace the rest
			begun := do(server, http.MethodPost, "/v2/accounts/A623uY2/uploads", "application/json", body)
			if begun.Code == http.StatusOK {
				finish(t, server, begun.Body.Bytes())
				stored++
				checkReadable(t, server, mime)
			}
			if begun.Code >= 500 {
				t.Fatalf("begin: %d %s", begun.Code, begun.Body)
			}
		}
		if mime == "" || strings.ContainsAny(mime, "\r\n\x00") || mime != strings.TrimSpace(mime) {
			return // HTTP has no such header
		}
		query := url.Values{"filePath": {"/fuzz"}, "originalFileName": {name}}
		basic := do(server, http.MethodPost, "/v2/accounts/A623uY2/uploads/binary?"+query.Encode(), mime, nil)
		switch {
		case basic.Code == http.StatusOK:
			checkReadable(t, server, mime)
		case basic.Code >= 500:
			t.Fatalf("BasicUpload: %d %s", basic.Code, basic.Body)
		case stored > 0 && name != "" && basic.Code != http.StatusOK:
			t.Fatalf("BasicUpload refuses the MIME type %q that begin accepts: %s", mime, basic.Body)
		}
	})
}

// finish puts and completes the only part of an upload.
func finish(t *testing.T, server http.Handler, begun []byte) {
	t.Helper()
	var answer struct {
		UploadID    string
		UploadParts struct{ First struct{ UploadURL string } }
	}
	must(t, json.Unmarshal(begun, &answer))
	put := httptest.NewRequest(http.MethodPut, answer.UploadParts.First.UploadURL, http.NoBody)
	put.Header.Set("Content-Length", "0")
	putAnswer := httptest.NewRecorder()
	server.ServeHTTP(putAnswer, put)
	etag, err := json.Marshal(map[string]string{"etag": putAnswer.Header().Get("ETag")})
	must(t, err)
	if done := do(server, http.MethodPut, "/v2/accounts/A623uY2/uploads/"+answer.UploadID+"/parts/0", "application/json", etag); done.Code != http.StatusOK {
		t.Fatalf("completion: %d %s", done.Code, done.Body)
	}
}

func checkReadable(t *testing.T, server http.Handler, mime string) {
	t.Helper()
	if mime == "" {
		mime = defaultMIME
	}
	got := do(server, http.MethodGet, "/A623uY2/raw/fuzz", "", nil)
	if got.Code != http.StatusOK || got.Header().Get("Content-Type") != mime {
		t.Fatalf("stored as %q, downloaded: %d %v %s", mime, got.Code, got.Header(), got.Body)
	}
}
