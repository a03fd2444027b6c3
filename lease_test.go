package bytescale

import (
	"bytes"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go/internal/operation"
)

func TestSpareBytesMakeRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(10)
		lend := func(n int64) *lease {
			buffer, err := b.get(t.Context(), n)
			must(t, err)
			return &lease{budget: b, buffer: buffer}
		}
		first := lend(8)
		first.makeSpare()
		if !first.retake() {
			t.Fatal("bytes that nobody needed the room of are gone")
		}
		first.makeSpare()
		second := lend(5)
		if first.retake() {
			t.Error("the room was given to another and the bytes are said to be there")
		}
		first.release() // and not twice

		waiting := make(chan *lease)
		go func() { waiting <- lend(10) }()
		synctest.Wait()
		second.makeSpare() // somebody waits already
		third := <-waiting
		if second.retake() {
			t.Error("the room was given to a waiting one and the bytes are said to be there")
		}
		third.release()
		if !b.available.TryAcquire(10) {
			t.Error("room was lost")
		}
	})
}

// TestRefusedETagOfAStream: the bytes of a stream can be sent once more as long
// as no other part needed their room; otherwise the refusal is the end.
func TestRefusedETagOfAStream(t *testing.T) {
	t.Parallel()
	for _, parts := range []int64{2, 8} {
		synctest.Test(t, func(t *testing.T) {
			c, m := newMemoryClient(1000, 8, 16)
			c.engine.budget = newBudget(1000 * parts)
			m.latency = time.Second
			m.fail = func(op string, index int64, nth int) error {
				if op == operation.CompleteUploadPart && nth == 2 { // the first has no others beside it
					return &APIError{Operation: op, Status: http.StatusBadRequest}
				}
				return nil
			}
			data := content(8000)
			_, err := c.Upload(t.Context(), Reader(bytes.NewReader(data), 8000))
			var refused *APIError
			switch {
			case parts == 8 && (err != nil || !bytes.Equal(m.stored(), data)):
				t.Errorf("with room for all: %v", err)
			case parts == 2 && (!errors.As(err, &refused) || m.exists()):
				t.Errorf("with room for two: %v, want the refusal and no file", err)
			}
		})
	}
}
