package main

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	bytescale "github.com/c88edac7/bytescale-go"
)

// The emulator of upload --local has a random key and private files, so that other
// users of the machine can neither read nor delete them, and it has the guards of
// every emulator.
func TestLocalIsGuarded(t *testing.T) {
	t.Parallel()
	l, err := startLocal(func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if _, err := l.client.Upload(t.Context(), bytescale.Bytes([]byte("mine")), bytescale.WithPath("/mine")); err != nil {
		t.Fatal(err)
	}
	url := l.emulator.URL()
	for _, key := range []string{"secret_A623uY2local", emulatorKey} {
		stranger, err := bytescale.NewClient(key, bytescale.WithAPIURL(url), bytescale.WithCDNURL(url))
		if err != nil {
			t.Fatal(err)
		}
		defer stranger.CloseIdleConnections()
		var refused *bytescale.APIError
		if err := stranger.DeleteFile(t.Context(), "/mine"); !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
			t.Errorf("%s deletes: %v", key, err)
		}
	}
	for name, test := range map[string]struct {
		header http.Header
		want   string
	}{
		"another host":   {http.Header{"Host": {"evil.example"}}, "host_not_allowed"},
		"another user":   {http.Header{}, "credentials_missing"},
		"another key":    {http.Header{"Authorization": {"Bearer " + emulatorKey}}, "credentials_denied"},
		"a foreign page": {http.Header{"Origin": {"https://evil.example"}}, "origin_not_allowed"},
	} {
		if _, body := request(t, http.MethodGet, url+"/A623uY2/raw/mine", test.header, ""); !strings.Contains(body, test.want) {
			t.Errorf("%s: %s", name, body)
		}
	}
	l.client.CloseIdleConnections()
}
