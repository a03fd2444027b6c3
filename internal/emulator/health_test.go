package emulator

import (
	"net/http"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/internal/fake"
)

// Probes reach an emulator by whatever name they know. Nothing else is served to them.
func TestHealth(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	e := start(t, Options{Probes: true, Log: &log})
	stranger := http.Header{"Host": {"10.1.2.3:8744"}, "Origin": {"https://evil.example"}}
	if response, body := request(t, http.MethodGet, e.URL()+"/healthz", stranger, ""); response.StatusCode != http.StatusOK || body != "ok\n" {
		t.Errorf("%s: %q", response.Status, body)
	}
	if response, _ := request(t, http.MethodPost, e.URL()+"/healthz", stranger, ""); response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %s", response.Status)
	}
	for _, path := range []string{"/metrics", "/healthz/", "/healthz/../metrics"} {
		if response, body := request(t, http.MethodGet, e.URL()+path, stranger, ""); response.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("%s: %s: %s", path, response.Status, body)
		}
	}
	if lines := strings.Count(log.String(), "\n"); lines != 3 {
		t.Errorf("probes fill the log:\n%s", log.String())
	}
}

// A fake for tests has no paths beside those of the service.
func TestServesNothingElseByDefault(t *testing.T) {
	t.Parallel()
	e := start(t, Options{Service: fake.Options{}})
	for _, path := range []string{"/healthz", "/metrics", "/faults"} {
		if response, _ := request(t, http.MethodGet, e.URL()+path, http.Header{}, ""); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, response.Status)
		}
	}
	if n := len(e.Service().Violations()); n != 3 {
		t.Errorf("%d violations, want 3", n)
	}
}
