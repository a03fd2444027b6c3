package bytescaletest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/gen"
)

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

func TestBasicUpload(t *testing.T) {
	srv := bytescaletest.NewServer(t)
	s := newSession(t, srv)
	got := s.post("binary?folderPath=%2Fdocs&fileName=%7BORIGINAL_FILE_NAME%7D-1%7BORIGINAL_FILE_EXT%7D&originalFileName=a.txt&tag=x&tag=y",
		"text/plain; charset=utf-8", "hello", "X-Upload-Metadata", `{"big":12345678901234567}`)
	wantStatus(t, got, 200)
	file, ok := srv.File("/docs/a-1.txt")
	if !ok || string(file.Bytes()) != "hello" {
		t.Fatalf("stored %v", srv.Files())
	}
	file.LastModified = time.Time{}
	want := file.FileDetails
	want.MIME, want.OriginalFileName, want.Tags = "text/plain; charset=utf-8", "a.txt", []string{"x", "y"}
	want.Metadata, want.Size = map[string]any{"big": json.Number("12345678901234567")}, 5
	want.FileURL = srv.URL() + "/A623uY2/raw/docs/a-1.txt"
	if diff := cmp.Diff(want, file.FileDetails); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
	for query, code := range map[string]string{
		"binary?filePath=%2Fx&fileName=y":  "path_parameters_conflict",
		"binary?fileNameFallback=y":        "path_parameters_conflict",
		"binary?filePath=%2Fdocs%2F..%2Fx": "path_invalid",
	} {
		if got := s.post(query, "text/plain", "x"); got.status != 400 || got.code() != code {
			t.Errorf("%s: %v, want %s", query, got, code)
		}
	}
	if got := s.post("binary?filePath=%2Fnot%7BUTC_DATE%7D", "text/plain", "x"); got.status != 200 {
		t.Errorf("literal braces: %v", got)
	}
	if _, ok := srv.File("/not{UTC_DATE}"); !ok {
		t.Errorf("stored %v", srv.Files())
	}
}

func TestMaxFileSize(t *testing.T) {
	srv := bytescaletest.NewServer(t, bytescaletest.WithMaxFileSize(10))
	s := newSession(t, srv)
	for _, got := range []answer{s.begin("01234567890"), s.post("binary", "text/plain", "01234567890")} {
		if got.status != 413 || got.code() != "file_too_large" {
			t.Errorf("got %v", got)
		}
	}
	wantStatus(t, s.begin("0123456789"), 200)
	wantStatus(t, s.post("binary", "text/plain", "0123456789"), 200)
	if len(srv.Files()) != 1 {
		t.Errorf("stored %v", srv.Files())
	}
}

// A refusal reaches a client that is still sending.
func TestEarlyRefusal(t *testing.T) {
	networks(t, func(t *testing.T, network ...bytescaletest.Option) {
		srv := bytescaletest.NewServer(t, network...)
		s := newSession(t, srv)
		for range 5 {
			got := s.post("binary?filePath=%2F..%2Fx", "text/plain", strings.Repeat("x", 4<<20))
			if got.status != 400 || got.code() != "path_invalid" {
				t.Fatalf("got %v", got)
			}
		}
	})
}

func TestTooManyParts(t *testing.T) {
	srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(1))
	s := newSession(t, srv)
	if got := s.api(http.MethodPost, "/uploads", map[string]any{"size": 100_001}); got.status != 413 || got.code() != "file_too_large" {
		t.Errorf("got %v", got)
	}
	wantStatus(t, s.api(http.MethodPost, "/uploads", map[string]any{"size": 100_000}), 200)
}

func TestFormDataUpload(t *testing.T) {
	srv := bytescaletest.NewServer(t)
	s := newSession(t, srv)
	s.key = "public_A623uY2publicKey" // may not overwrite
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	for _, part := range []struct{ header, content string }{
		{`form-data; name="a"; filename="one.txt"`, "first"},
		{`form-data; name="b"`, "second"},
		{`form-data; name="c"; filename="one.txt"`, "third"}, // taken by then
	} {
		header := textproto.MIMEHeader{"Content-Disposition": {part.header}, "Content-Type": {"text/plain"}}
		if part.content == "second" {
			header.Del("Content-Type")
		}
		w, err := writer.CreatePart(header)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(w, part.content)
	}
	writer.Close()
	got := s.post("form_data?folderPath=%2Ff&fileName=n%7BORIGINAL_FILE_NAME%7D", writer.FormDataContentType(), form.String())
	wantStatus(t, got, 200)
	var answer gen.FormDataUploadResponse
	if err := json.Unmarshal(got.body, &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Files) != 2 || answer.Files[0].FormDataFieldName != "a" || answer.Files[1].FormDataFieldName != "b" {
		t.Errorf("files: %+v", answer.Files)
	}
	if len(answer.Errors) != 1 || answer.Errors[0].FormDataFieldName != "c" || answer.Errors[0].Error.Code != "file_exists" {
		t.Errorf("errors: %+v", answer.Errors)
	}
	first, _ := srv.File("/f/none")
	second, _ := srv.File("/f/n")
	if string(first.Bytes()) != "first" || first.MIME != "text/plain" || string(second.Bytes()) != "second" || second.MIME != "application/octet-stream" {
		t.Errorf("stored %v", srv.Files())
	}
	cut := form.String()[:form.Len()-20]
	if got := s.post("form_data", writer.FormDataContentType(), cut); got.status != 400 || got.code() != "request_invalid" {
		t.Errorf("a form that is cut: %v", got)
	}
	if got := s.post("form_data", writer.FormDataContentType(), "--"+writer.Boundary()+"--\r\n"); got.status != 400 {
		t.Errorf("an empty form: %v", got)
	}
}

func TestUploadFromURL(t *testing.T) {
	source := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/file":
			w.Header().Set("Content-Type", "image/png")
			w.Header().Set("Content-Disposition", `attachment; filename="pic.png"`)
			fmt.Fprint(w, "bytes")
		case "/odd":
			w.Header().Set("Content-Type", "text")
			fmt.Fprint(w, "bytes")
		case "/slow":
			<-r.Context().Done()
		default:
			http.NotFound(w, r)
		}
	}))
	defer source.Close()
	srv := bytescaletest.NewServer(t, bytescaletest.WithPrivateURLs())
	s := newSession(t, srv)
	fetch := func(url string, more ...func(map[string]any)) answer {
		body := map[string]any{"url": url}
		for _, add := range more {
			add(body)
		}
		return s.api(http.MethodPost, "/uploads/url", body)
	}
	wantStatus(t, fetch(source.URL+"/file", path("/pic")), 200)
	file, _ := srv.File("/pic")
	if string(file.Bytes()) != "bytes" || file.MIME != "image/png" || file.OriginalFileName != "pic.png" {
		t.Errorf("stored %+v", file)
	}
	wantStatus(t, fetch(source.URL+"/odd", path("/odd")), 200)
	if file, _ := srv.File("/odd"); file.MIME != "application/octet-stream" {
		t.Errorf("a source without a MIME type is stored as %q", file.MIME)
	}
	if got := fetch(source.URL + "/missing"); got.status != 400 || got.code() != "source_failed" {
		t.Errorf("missing: %v", got)
	}
	impatient := func(body map[string]any) { body["timeout"] = 1 }
	if got := fetch(source.URL+"/slow", impatient); got.status != 400 || got.code() != "source_timeout" {
		t.Errorf("slow: %v", got)
	}
	guarded := newSession(t, bytescaletest.NewServer(t))
	s = guarded
	if got := fetch(source.URL + "/file"); got.status != 400 || got.code() != "source_refused" {
		t.Errorf("a private source: %v", got)
	}
}

func TestDetailsAndDelete(t *testing.T) {
	srv := bytescaletest.NewServer(t)
	s := newSession(t, srv)
	s.mustBegin("x", path("/a/b c.txt"))
	const query = "?filePath=%2Fa%2Fb%20c.txt"
	wantStatus(t, s.api(http.MethodGet, "/files/details"+query, nil), 404)
	wantStatus(t, s.finish(), 200)
	wantStatus(t, s.api(http.MethodGet, "/files/details"+query, nil), 200)
	wantStatus(t, s.api(http.MethodGet, "/files/details?filePath=/a/b+c.txt", nil), 200)
	s.key = "public_A623uY2publicKey"
	wantStatus(t, s.api(http.MethodDelete, "/files"+query, nil), 403)
	s.key = srv.Key()
	wantStatus(t, s.api(http.MethodDelete, "/files"+query, nil), 204)
	wantStatus(t, s.api(http.MethodDelete, "/files"+query, nil), 404)
	wantStatus(t, s.download(""), 404)
}

func TestDownload(t *testing.T) {
	const name = "/a b/ü!'()*~+?#&=%.txt"
	srv := bytescaletest.NewServer(t, bytescaletest.WithPartSize(4), bytescaletest.WithLenient())
	s := newSession(t, srv)
	s.mustBegin("0123456789", path(name), func(body map[string]any) {
		body["mime"], body["originalFileName"] = "text/html", "ö.html"
	})
	wantStatus(t, s.finish(), 200)
	if want := srv.URL() + "/A623uY2/raw/a%20b/%C3%BC%21'()*~%2B%3F%23%26%3D%25.txt"; s.begun.File.FileURL != want {
		t.Errorf("URL %s, want %s", s.begun.File.FileURL, want)
	}
	got := s.download("?download=true")
	wantStatus(t, got, 200)
	for header, want := range map[string]string{
		"Content-Type": "text/html", "Content-Length": "10", "Accept-Ranges": "bytes", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "sandbox; default-src 'none'", "Content-Disposition": "attachment; filename*=utf-8''%C3%B6.html",
	} {
		if got := got.header.Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	if file, _ := srv.File(name); etagOf(got) != `"`+file.ETag+`"` {
		t.Errorf("etag %s, want that of %+v", etagOf(got), file)
	}
	ranges := []struct{ header, body, span string }{
		{"bytes=0-0", "0", "bytes 0-0/10"},
		{"bytes=3-5", "345", "bytes 3-5/10"},
		{"bytes=8-", "89", "bytes 8-9/10"},
		{"bytes=8-99", "89", "bytes 8-9/10"},
		{"bytes=-3", "789", "bytes 7-9/10"},
		{"bytes=-99", "0123456789", "bytes 0-9/10"},
	}
	for _, c := range ranges {
		got := s.download("", "Range", c.header)
		if got.status != 206 || string(got.body) != c.body || got.header.Get("Content-Range") != c.span {
			t.Errorf("%s: %v %s", c.header, got, got.header.Get("Content-Range"))
		}
	}
	for _, header := range []string{"bytes=10-", "bytes=99-100", "bytes=-0"} {
		got := s.download("", "Range", header)
		if got.status != 416 || got.header.Get("Content-Range") != "bytes */10" || got.code() != "range_not_satisfiable" {
			t.Errorf("%s: %v", header, got)
		}
	}
	for _, status := range []struct {
		credential string
		status     int
	}{{srv.Key(), 200}, {"nonsense", 401}, {"secret_B623uY2otherAccount", 403}} {
		if got := s.download("", "Authorization", "Bearer "+status.credential); got.status != status.status {
			t.Errorf("with %q: %v, want %d", status.credential, got, status.status)
		}
	}
}
