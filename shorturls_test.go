package bytescale

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go/internal/limits"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

// URLs may live shorter than parts wait for their turn: a fresh one is used at once, not
// at the end of the line, where it would expire as well.
func TestURLsThatLiveShorterThanTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const parts, partSize, lifetime = 40, 2 << 20, 4 * time.Second // beyond 1 MiB, so that the PUTs queue
		c, m := newMemoryClientWith(limits.New(2, 64, 1e6, nil), partSize)
		m.discard, m.latency = true, 10*time.Millisecond
		m.speed = 2 * partSize / 5 // 5 s for each of two parts at a time
		given, refused := map[int64]time.Time{0: time.Now()}, 0
		m.fail = func(op string, index int64, _ int) error { // called with a lock held
			switch op {
			case operation.GetUploadPart:
				given[index] = time.Now()
			case operation.PutPart:
				if time.Since(given[index]) > lifetime {
					refused++
					return &APIError{Operation: op, Status: http.StatusForbidden, FromService: true, Code: "AccessDenied"}
				}
			}
			return nil
		}
		if _, err := c.Upload(t.Context(), ReaderAt(zeros(parts*partSize), parts*partSize)); err != nil || !m.exists() {
			t.Errorf("after %d refusals: %v", refused, err)
		}
		if refused == 0 || refused > parts {
			t.Errorf("%d URLs were refused: each part once at the most", refused)
		}
	})
}
