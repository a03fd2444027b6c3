package bytescale

import (
	"net/http"
	"strings"
	"testing"
)

// badFilePaths returns invalid paths of a file (FilePath in openapi.yaml).
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
