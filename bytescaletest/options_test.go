package bytescaletest_test

import (
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/bytescaletest"
)

// An option with an invalid value is reported by its name, and never by the key
// that it was given.
func TestInvalidOptions(t *testing.T) {
	for want, option := range map[string]bytescaletest.Option{
		"WithPartSize: 0 is below 1":                  bytescaletest.WithPartSize(0),
		"WithPartSizes: no size is given":             bytescaletest.WithPartSizes(),
		"WithPartSizes: -1 is below 1":                bytescaletest.WithPartSizes(5, -1),
		"WithURLLifetime: 0s is not above 0":          bytescaletest.WithURLLifetime(0),
		"WithUploadLifetime: -1ns is not above 0":     bytescaletest.WithUploadLifetime(-1),
		"WithAPILatency: -1ns is not above 0":         bytescaletest.WithAPILatency(-1),
		"WithBandwidth: 0 is not above 0":             bytescaletest.WithBandwidth(0),
		"WithMaxFileSize: 0 is not above 0":           bytescaletest.WithMaxFileSize(0),
		"WithKeys: no key is given":                   bytescaletest.WithKeys(),
		"WithKeys: key number 2 is not well-formed: ": bytescaletest.WithKeys(bytescaletest.DefaultKey, "hunter2"),
	} {
		srv, err := bytescaletest.Start(option)
		if err == nil {
			srv.Close()
			t.Errorf("no error, want %q", want)
			continue
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v, want %q", err, want)
		}
		test := &fakeT{}
		bytescaletest.NewServer(test, option)
		if problems := test.end(); !test.fatal || !strings.Contains(problems, want) {
			t.Errorf("NewServer: %q, want %q", problems, want)
		}
	}
}
