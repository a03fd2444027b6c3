package bytescale_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
)

// slowHop takes the bytes of a PUT at once and passes them on over a link that all of them
// share. What is given up is dropped.
type slowHop struct {
	next  http.RoundTripper
	speed int // bytes per second

	mu     sync.Mutex
	active int
	tries  map[int64]int // by part
	passed int           // bytes, also those that were dropped on the way
}

func (h *slowHop) RoundTrip(req *http.Request) (*http.Response, error) {
	info, _ := bytescale.RequestInfoFromContext(req.Context())
	if info.Operation != bytescale.PutPart {
		return h.next.RoundTrip(req)
	}
	content, err := io.ReadAll(req.Body)
	req.Body.Close()
	if err == nil {
		err = h.pass(req.Context(), info.Part, len(content))
	}
	if err != nil {
		return nil, err
	}
	passed := req.Clone(req.Context())
	passed.Body = io.NopCloser(bytes.NewReader(content))
	return h.next.RoundTrip(passed)
}

// pass waits until n bytes have had their share of the link.
func (h *slowHop) pass(ctx context.Context, part int64, n int) error {
	h.mu.Lock()
	h.active++
	h.tries[part]++
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.active--
	}()
	for n > 0 {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Second):
		}
		h.mu.Lock()
		share := min(n, h.speed/h.active)
		h.passed += share
		h.mu.Unlock()
		n -= share
	}
	return nil
}

// When the parts of an upload share a slow link behind a hop that buffers, fewer are sent at
// a time, so that little is sent in vain.
func TestFewerPartsShareASlowHop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const parts, partSize, speed = 16, 2 << 20, 64 << 10
		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(partSize))
		hop := &slowHop{next: srv.HTTPClient().Transport, speed: speed, tries: map[int64]int{}}
		began := time.Now()
		_, err := srv.Client(bytescale.WithTransport(hop), bytescale.WithTimeouts(bytescale.Timeouts{PartAnswer: time.Minute})).Upload(t.Context(), bytescale.Bytes(make([]byte, parts*partSize)))
		took := time.Since(began)
		if err != nil {
			t.Fatal(err)
		}
		most := 0
		for _, n := range hop.tries {
			most = max(most, n)
		}
		t.Logf("%v, %d MiB passed for %d, %d tries of a part at most", took, hop.passed>>20, parts*partSize>>20, most)
		if most > 3 || hop.passed > parts*partSize*3/2 {
			t.Errorf("%d tries of a part, and %d bytes on the way for %d", most, hop.passed, parts*partSize)
		}
	})
}
