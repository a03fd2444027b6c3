package bytescale_test

import (
	"testing"
	"testing/synctest"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// A progress bar that shows Confirmed + InFlight goes back by what has to be sent
// again, and says "all" only when all is there.
func TestProgressOfWhatIsSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const partSize, total = 1 << 20, 6 << 20
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(partSize), bytescaletest.WithBandwidth(partSize))
		srv.Fail(
			fault.Fault{Operation: fault.PutPart, Part: fault.Part(0), Kind: fault.Status, Status: 503, After: true},
			fault.Fault{Operation: "CompleteUploadPart", Part: fault.Part(5), Kind: fault.RefuseETag},
		)
		client := srv.Client(bytescale.WithPutsInFlight(1))
		var back []int64
		var last bytescale.Progress
		if _, err := client.Upload(t.Context(), bytescale.Bytes(make([]byte, total)), bytescale.WithProgress(func(now bytescale.Progress) {
			if before, shown := last.Confirmed+last.InFlight, now.Confirmed+now.InFlight; shown < before {
				back = append(back, before-shown)
			}
			if now.InFlight > 2*partSize { // one is sent, one waits to be confirmed
				t.Errorf("more is in flight than can be: %+v", now)
			}
			if now.Confirmed+now.InFlight > total {
				t.Errorf("more than there is: %+v", now)
			}
			last = now
		})); err != nil {
			t.Fatal(err)
		}
		// What was sent last may not have been told before it was lost.
		if len(back) != 2 || back[0] < partSize/4 || back[0] > partSize || back[1] < partSize/2 || back[1] > partSize {
			t.Errorf("went back by %d bytes, want twice, by what was sent of a part", back)
		}
		if last.Confirmed != total || last.InFlight != 0 || last.Sent != total+2*partSize {
			t.Errorf("ended with %+v", last)
		}
	})
}
