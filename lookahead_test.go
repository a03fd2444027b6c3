package bytescale_test

import (
	"bytes"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// TestSlowLinkMeetsNoExpiredURL sends parts that take most of a minute each,
// with URLs that live for two: they are not fetched so early that they expire
// while they wait, and no part is cut.
func TestSlowLinkMeetsNoExpiredURL(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]func([]byte) bytescale.Source{
		"Bytes":  bytescale.Bytes,
		"Reader": func(b []byte) bytescale.Source { return bytescale.Reader(bytes.NewReader(b), int64(len(b))) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const partSize = 1 << 20
				srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(partSize),
					bytescaletest.WithBandwidth(20_000), bytescaletest.WithURLLifetime(2*time.Minute), bytescaletest.WithDiscard())
				client := srv.Client(bytescale.WithPutsInFlight(2))
				if _, err := client.Upload(t.Context(), source(make([]byte, 40*partSize))); err != nil {
					t.Fatal(err)
				}
				puts, fetches := 0, 0
				for _, exchange := range srv.Exchanges() {
					switch exchange.Operation {
					case fault.PutPart:
						puts++
						if exchange.Status != http.StatusOK {
							t.Errorf("a PUT was answered with %d", exchange.Status)
						}
					case "GetUploadPart":
						fetches++
					}
				}
				if puts != 40 {
					t.Errorf("%d PUTs for 40 parts", puts)
				}
				// Those that were fetched before the speed was known are fetched again.
				if most := 39 + 32; fetches > most {
					t.Errorf("%d URLs were fetched for 40 parts, want at most %d", fetches, most)
				}
			})
		})
	}
}

// TestSlowLinkIsNotCut: a link of 20 kB/s that four parts share is slow and lives. Each
// part takes minutes, and each is sent once.
func TestSlowLinkIsNotCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const partSize, parts, puts = 1 << 20, 12, 4
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(partSize),
			bytescaletest.WithBandwidth(20_000/puts), bytescaletest.WithDiscard())
		client := srv.Client(bytescale.WithPutsInFlight(puts))
		if _, err := client.Upload(t.Context(), bytescale.Bytes(make([]byte, parts*partSize))); err != nil {
			t.Fatal(err)
		}
		sent := 0
		for _, exchange := range srv.Exchanges() {
			if exchange.Operation == fault.PutPart {
				sent++
			}
		}
		if most := srv.Stats().MaxPuts; sent != parts || most != puts {
			t.Errorf("%d PUTs of %d parts, at most %d at a time; want one each, %d at a time", sent, parts, most, puts)
		}
	})
}
