package bytescale

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

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

// FuzzEscapePath holds the escaper to what a URL needs: it decodes to the same
// path, net/http sends it as it is, and no character ends the path early.
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

// badFilePaths are no paths of a file (FilePath in openapi.yaml).
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

func TestParseBaseURL(t *testing.T) {
	for _, test := range []struct{ base, want string }{
		{"https://api.bytescale.com", "https://api.bytescale.com"},
		{"http://127.0.0.1:8744/", "http://127.0.0.1:8744"},
		{"http://[::1]:8744", "http://[::1]:8744"},
		{"https://proxy.example.com/bytescale/", "https://proxy.example.com/bytescale"},
		{"https://proxy.example.com/a%2Fb/", "https://proxy.example.com/a%2Fb"},
		{"HTTPS://api.example.com", "https://api.example.com"},

		{"", ""},
		{"api.bytescale.com", ""},
		{"//api.bytescale.com", ""},
		{"ftp://api.bytescale.com", ""},
		{"https://", ""},
		{"https://:443", ""},
		{"https:api.bytescale.com", ""},
		{"https://user:password@api.bytescale.com", ""},
		{"https://user@api.bytescale.com", ""},
		{"https://api.bytescale.com?a=b", ""},
		{"https://api.bytescale.com?", ""},
		{"https://api.bytescale.com#a", ""},
		{"https://api.bytescale.com#", ""},
		{"https://api.bytescale.com:port", ""},
		{"https://user:password@api.bytescale.com:port", ""},
		{"https://api bytescale.com", ""},
		{"\x00", ""},
	} {
		got, err := parseBaseURL("apiURL", test.base)
		if test.want == "" {
			wantArgumentError(t, err, "apiURL")
			if strings.Contains(err.Error(), "password") && strings.Contains(test.base, "password@") && strings.Contains(err.Error(), "user:") {
				t.Errorf("%q: the error shows the password: %v", test.base, err)
			}
			continue
		}
		if err != nil || got.String() != test.want {
			t.Errorf("%q: %v (%v), want %q", test.base, got, err, test.want)
		}
	}
}

func FuzzParseBaseURL(f *testing.F) {
	for _, base := range []string{"https://api.bytescale.com", "http://a:1/b", "", "https://u:p@h", "http://[::1%25z]"} {
		f.Add(base)
	}
	f.Fuzz(func(t *testing.T, base string) {
		u, err := parseBaseURL("apiURL", base)
		if err != nil {
			return
		}
		if _, err := NewClient(testKey, WithAPIURL(base), WithCDNURL(base)); err != nil {
			t.Fatalf("%q is a base but makes no client: %v", base, err)
		}
		if u.User != nil || u.RawQuery != "" || u.Hostname() == "" {
			t.Fatalf("%q gave %#v", base, u)
		}
	})
}
