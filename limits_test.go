package bytescale_test

import (
	"bytes"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
)

// TestLimitsOnTheWire sets each limit and counts what the server sees. It must be no more, and
// no less either, because otherwise an option without effect would pass.
func TestLimitsOnTheWire(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for _, row := range []struct {
		name     string
		option   bytescale.ClientOption
		partSize int64
		parts    int
		stream   bool
		got      func(bytescaletest.Stats) int
		least    int
		most     int
	}{
		{"PUTs in flight", bytescale.WithPutsInFlight(3), mib, 12, false,
			func(s bytescaletest.Stats) int { return s.MaxPuts }, 3, 3},
		{"small PUTs in flight", bytescale.WithPutsInFlight(2), 1000, 60, false,
			func(s bytescaletest.Stats) int { return s.MaxPuts }, 10, 16},
		{"API calls in flight", bytescale.WithAPICallsInFlight(6), 1000, 60, false,
			func(s bytescaletest.Stats) int { return s.MaxAPI }, 6, 6},
		{"API calls per second", bytescale.WithAPIRate(20), 1000, 60, false,
			func(s bytescaletest.Stats) int { return s.MaxAPIPerSecond }, 20, 25},
		{"buffers of streams", bytescale.WithBufferBudget(mib), mib / 2, 12, true,
			func(s bytescaletest.Stats) int { return s.MaxPuts }, 2, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(row.partSize),
					bytescaletest.WithAPILatency(100*time.Millisecond), bytescaletest.WithBandwidth(row.partSize), bytescaletest.WithDiscard())
				data := make([]byte, row.partSize*int64(row.parts))
				source := bytescale.Bytes(data)
				if row.stream {
					source = bytescale.Reader(bytes.NewReader(data), int64(len(data)))
				}
				if _, err := srv.Client(row.option).Upload(t.Context(), source); err != nil {
					t.Fatal(err)
				}
				if got := row.got(srv.Stats()); got < row.least || got > row.most {
					t.Errorf("%d at the most, want %d to %d", got, row.least, row.most)
				}
			})
		})
	}
}

// TestThousandUploadsOfOneClient counts what the server sees of them.
func TestThousandUploadsOfOneClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const partSize = 1000
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(partSize),
			bytescaletest.WithAPILatency(50*time.Millisecond), bytescaletest.WithBandwidth(partSize), bytescaletest.WithDiscard())
		client := srv.Client()
		data := make([]byte, 2*partSize)
		var uploads sync.WaitGroup
		for range 1000 {
			uploads.Go(func() {
				if _, err := client.Upload(t.Context(), bytescale.Bytes(data)); err != nil {
					t.Error(err)
				}
			})
		}
		uploads.Wait()
		if s := srv.Stats(); s.MaxPuts != 64 || s.MaxAPI != 64 || s.MaxAPIPerSecond < 800 || s.MaxAPIPerSecond > 1000 {
			t.Errorf("%+v, want 64 small PUTs, 64 API calls and some 800 to 1000 of these per second", s)
		}
	})
}
