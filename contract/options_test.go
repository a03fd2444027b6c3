package contract

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestParseServersRefuses(t *testing.T) {
	const good = "https://host.example"
	for _, bad := range []string{"", "/api", "//host", "ftp://host", "http://a b", "http://", "https:///path", "http://user:s3cret@[::1"} {
		for api, cdn := range map[string]string{bad: good, good: bad} {
			_, err := ParseServers(api, cdn)
			if err == nil || !strings.Contains(err.Error(), "is not an absolute http or https URL") || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%q, %q: %v", api, cdn, err)
			}
			if err != nil && strings.Contains(err.Error(), "the API") != (api == bad) {
				t.Errorf("%q, %q: %v names the other one", api, cdn, err)
			}
		}
	}
}

// TestOptionsWithoutEffect: nil and numbers out of range mean the default.
func TestOptionsWithoutEffect(t *testing.T) {
	for name, option := range map[string]Option{
		"document": WithDocument(nil), "reporter": WithReporter(nil), "coverage": WithCoverage(nil), "servers": WithServers(Servers{}),
		"authenticator": WithAuthenticator(nil), "refusals": WithRefusalWriter(nil), "no room": WithMaxBody(0), "too much room": WithMaxBody(DefaultMaxBody + 1),
	} {
		w := httptest.NewRecorder()
		NewHandler(jsonReply(200, begun), option).ServeHTTP(w, request(t, "POST", uploads, `{"size":1}`))
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if _, err := NewTransport(&roundTrip{handler: jsonReply(200, begun)}, option).RoundTrip(request(t, "POST", uploads, `{"size":1}`)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
