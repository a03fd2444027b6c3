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
