package avatars

import (
	"context"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/contract"
)

func TestSave(t *testing.T) {
	srv := bytescaletest.NewServer(t)
	servers, err := contract.ParseServers(srv.URL(), srv.URL())
	if err != nil {
		t.Fatal(err)
	}
	checked := contract.NewTransport(srv.HTTPClient().Transport, contract.WithStrict(), contract.WithServers(servers),
		contract.WithReporter(func(_ context.Context, v contract.Violation) { t.Error(v) }))
	client := srv.Client(bytescale.WithTransport(checked))
	if _, err := client.Upload(t.Context(), bytescale.Bytes([]byte("a picture"))); err != nil {
		t.Fatal(err)
	}

	if _, err := Save(t.Context(), client, "42", strings.NewReader("a picture"), 9); err != nil {
		t.Fatal(err)
	}
	if stored, ok := srv.File("/avatars/42"); !ok || string(stored.Bytes()) != "a picture" {
		t.Errorf("stored: %v", ok)
	}
}
