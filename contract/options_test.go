package contract

import (
	"net/http"
	"strings"
	"testing"
)

func TestOptionsThatMakeNoSense(t *testing.T) {
	for _, test := range []struct {
		name   string
		option Option
		want   string
	}{
		{"no document", WithDocument(nil), "the document is nil"},
		{"no reporter", WithReporter(nil), "the function is nil"},
		{"no room", WithMaxBody(0), "0 is not from 1 to"},
		{"too much room", WithMaxBody(DefaultMaxBody + 1), "is not from 1 to 16777216"},
		{"no authenticator", WithAuthenticator(nil), "the function is nil"},
		{"relative URL", WithServers("/api", "https://upcdn.io"), "the URL of the API is not an absolute http or https URL"},
		{"other scheme", WithServers("https://api.bytescale.com", "ftp://upcdn.io"), "the URL of the CDN is not"},
		{"no URL", WithServers("http://a b", "https://upcdn.io"), "the URL of the API is not"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := NewTransport(nil, test.option); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("NewTransport: %v", err)
			}
			if _, err := NewHandler(http.NotFoundHandler(), test.option); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("NewHandler: %v", err)
			}
		})
	}
}
