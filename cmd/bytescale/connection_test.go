package main

import (
	"testing"

	bytescale "github.com/c88edac7/bytescale-go"
)

// A URL may be spelled in any way that names the same file, and nothing else is taken for
// one.
func TestFilePathOfURL(t *testing.T) {
	client, err := bytescale.NewClient(testKey, bytescale.WithCDNURL("https://cdn.example"))
	if err != nil {
		t.Fatal(err)
	}
	const path = "/a (b)/café [1].txt"
	for _, test := range []struct{ name, url, want string }{
		{"as upload prints it", mustURL(t, client, path), path},
		{"lower-case escapes", "https://cdn.example/A623uY2/raw/a%20(b)/caf%c3%a9%20%5b1%5d.txt", path},
		{"as a browser shows it", "https://cdn.example/A623uY2/raw/a (b)/café [1].txt", path},
		{"everything escaped", "https://cdn.example/A623uY2/raw/%61%20%28b%29/caf%C3%A9%20%5B1%5D.txt", path},
		{"host and scheme in capitals", "HTTPS://CDN.Example/A623uY2/raw/a.txt", "/a.txt"},
		{"the default port", "https://cdn.example:443/A623uY2/raw/a.txt", "/a.txt"},
		{"another host", "https://cdn.example.org/A623uY2/raw/a.txt", ""},
		{"another port", "https://cdn.example:8443/A623uY2/raw/a.txt", ""},
		{"another scheme", "http://cdn.example/A623uY2/raw/a.txt", ""},
		{"another account", "https://cdn.example/W142hJk/raw/a.txt", ""},
		{"the account's name deeper", "https://cdn.example/x/A623uY2/raw/a.txt", ""},
		{"an image", "https://cdn.example/A623uY2/image/a.txt", ""},
		{"an escaped slash", "https://cdn.example/A623uY2/raw/a%2Fb.txt", ""},
		{"dots", "https://cdn.example/A623uY2/raw/a/../b.txt", ""},
		{"escaped dots", "https://cdn.example/A623uY2/raw/a/%2e%2e/b.txt", ""},
		{"a user", "https://me@cdn.example/A623uY2/raw/a.txt", ""},
		{"a query", "https://cdn.example/A623uY2/raw/a.txt?sig=1", ""},
		{"a fragment", "https://cdn.example/A623uY2/raw/a.txt#b", ""},
		{"not UTF-8", "https://cdn.example/A623uY2/raw/%ff.txt", ""},
		{"a broken escape", "https://cdn.example/A623uY2/raw/%zz.txt", ""},
	} {
		got, err := filePath(client, test.url)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%s: %s is %q, %v; want %q", test.name, test.url, got, err, test.want)
		}
	}
}

func mustURL(t *testing.T, client *bytescale.Client, path string) string {
	t.Helper()
	address, err := client.FileURL(path)
	if err != nil {
		t.Fatal(err)
	}
	return address
}
