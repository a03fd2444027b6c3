package bytescaletest_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/c88edac7/bytescale-go/bytescaletest"
)

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

func TestFileContent(t *testing.T) {
	srv := bytescaletest.NewServer(t, bytescaletest.WithPartSizes(3, 1, 2))
	s := newSession(t, srv)
	s.mustBegin("0123456789")
	wantStatus(t, s.finish(), 200)
	file, _ := srv.File(s.begun.File.FilePath)
	reader := file.Open()
	if _, err := reader.Seek(4, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(reader); string(got) != "456789" || err != nil {
		t.Errorf("from byte 4: %q, %v", got, err)
	}
	file.Bytes()[0] = 'x'
	if string(file.Bytes()) != "0123456789" {
		t.Error("Bytes gives the stored bytes themselves, not a copy")
	}
}
