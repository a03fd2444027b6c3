package wire

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// A proxy that refuses is named, with the host that it refuses and without its password.
func TestProxyRefuses(t *testing.T) {
	for status, final := range map[int]bool{403: true, 407: true, 404: true, 400: true, 429: false, 502: false, 503: false} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		proxy, err := url.Parse(strings.Replace(server.URL, "http://", "http://user:pass%23word@", 1))
		if err != nil {
			t.Fatal(err)
		}
		transport := NewTransport(1)
		transport.Proxy = http.ProxyURL(proxy)
		req, err := http.NewRequest(http.MethodGet, "https://files.example.test/secret?a=b", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		_, err = transport.RoundTrip(req)
		var refused *errs.ProxyError
		if !errors.As(err, &refused) || refused.Final() != final {
			t.Errorf("%d: %v", status, err)
			continue
		}
		if text := err.Error(); !strings.Contains(text, proxy.Host) || !strings.Contains(text, "files.example.test:443") ||
			strings.Contains(text, "word") || strings.Contains(text, "secret") {
			t.Errorf("%d: %s", status, text)
		}
		server.Close()
	}
}

func TestIsProxy(t *testing.T) {
	for address, want := range map[string]bool{
		"http://proxy.example:3128":          true,
		"http://proxy.example":               true,
		"http://user:p%23@proxy.example:80/": true,
		"socks5://127.0.0.1:1080":            true,
		"http://[::1]:3128":                  true,
		"http://[::1]":                       true,
		"http://http://user:pass":            false,
		"http://https://user:pass":           false,
		"http://user:pa#ss@proxy:3128":       false,
		"http://user#pass@proxy:3128":        false,
		"http://proxy.example:3128?x":        false,
		"http://proxy.example/path":          false,
		"http://:3128":                       false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			if want {
				t.Error(err)
			}
			continue
		}
		if isProxy(u) != want {
			t.Errorf("%s: want %v", address, want)
		}
	}
}
