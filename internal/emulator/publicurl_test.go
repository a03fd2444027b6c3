package emulator

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/internal/fake"
)

func TestPublicURL(t *testing.T) {
	t.Parallel()
	e := start(t, Options{PublicURL: "https://Files.example:8443/", Service: fake.Options{Keys: []string{testKey}}})
	json := http.Header{"Authorization": {"Bearer " + testKey}, "Content-Type": {"application/json"}}
	for _, host := range []string{"", "files.example", "FILES.EXAMPLE:8443", "files.example:1"} {
		json.Set("Host", host)
		response, body := request(t, http.MethodPost, e.URL()+"/v2/accounts/A623uY2/uploads", json, `{"size": 5, "protocol": "1.1"}`)
		if response.StatusCode != http.StatusOK {
			t.Fatalf("host %q: %s %s", host, response.Status, body)
		}
		for _, address := range []string{between(body, `"fileUrl":"`, `"`), between(body, `"uploadUrl":"`, `"`)} {
			if !strings.HasPrefix(address, "https://Files.example:8443/") || strings.Contains(address, "8443//") {
				t.Errorf("host %q: the URL %s", host, address)
			}
		}
	}
	for _, host := range []string{"evil.example", "files.example.evil", "example"} {
		json.Set("Host", host)
		if response, _ := request(t, http.MethodPost, e.URL()+"/v2/accounts/A623uY2/uploads", json, `{"size": 5}`); response.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("host %q: %s", host, response.Status)
		}
	}
}

// What a page of another machine gets from behind TLS is a cookie that browsers send
// from pages of other sites.
func TestSessionCookieFollowsThePublicURL(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://files.example": "Secure; SameSite=None",
		"http://files.example":  "SameSite=Lax",
		"":                      "Secure; SameSite=None", // of 127.0.0.1
	} {
		e := start(t, Options{PublicURL: address, Service: fake.Options{Keys: []string{testKey}}})
		response, _ := request(t, http.MethodDelete, e.URL()+"/api/v1/access_tokens/A623uY2?set-cookie=true", http.Header{}, "")
		cookie := response.Header.Get("Set-Cookie")
		if !strings.HasSuffix(cookie, want) || want == "SameSite=Lax" && strings.Contains(cookie, "Secure") {
			t.Errorf("%q: %q, want %q", address, cookie, want)
		}
	}
}

func TestRefusesWhatIsNoPublicURL(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"files.example", "files.example:80", "ftp://files.example", "https://", "https://files.example/x", "https://files.example//",
		"https://files.example?x", "https://user@files.example", "https://files example", "/",
	} {
		var wrong *PublicURLError
		if e, err := Start(Options{PublicURL: address}); !errors.As(err, &wrong) || wrong.URL != address {
			t.Errorf("%q: %v, %v", address, e, err)
		}
	}
	if e, err := Start(Options{PublicURL: "https://files.example"}); !errors.Is(err, ErrNoKeys) {
		t.Errorf("no keys: %v, %v", e, err)
	}
	start(t, Options{PublicURL: "http://localhost:9999"})
}
