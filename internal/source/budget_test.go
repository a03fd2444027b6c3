package source

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func TestBudgetIsNeverExceeded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const total = 1000
		b := NewBudget(total)
		var held [][]byte
		inUse := int64(0)
		for range 100 {
			n := rapid.Int64Range(0, total).Draw(t, "n")
			if inUse+n <= total {
				buffer, err := b.get(context.Background(), n)
				if err != nil {
					t.Fatal(err)
				}
				if int64(len(buffer)) != n {
					t.Fatalf("asked for %d bytes, got %d", n, len(buffer))
				}
				held = append(held, buffer)
				inUse += n
			}
			for len(held) > 0 && rapid.Bool().Draw(t, "release") {
				inUse -= int64(len(held[0]))
				b.put(held[0])
				held = held[1:]
			}
			if b.held > total {
				t.Fatalf("%d bytes held, the budget is %d", b.held, total)
			}
		}
	})
}

func TestBudgetMakesWait(t *testing.T) {
	t.Parallel()
	b := NewBudget(10)
	buffer, err := b.get(t.Context(), 8)
	if err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.get(cancelled, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("8 + 3 of 10 bytes: %v, want it to wait", err)
	}
	b.put(buffer)
	if _, err := b.get(t.Context(), 10); err != nil {
		t.Error(err)
	}
}

func TestBudgetReusesBuffers(t *testing.T) {
	t.Parallel()
	const total, size = 8 << 20, 1 << 20 // of the size that has its own mapping
	b := NewBudget(total)
	var all sync.WaitGroup
	for range 2 * total / size {
		all.Go(func() {
			for range 100 {
				buffer, err := b.get(t.Context(), size)
				if err != nil {
					t.Error(err)
					return
				}
				buffer[0], buffer[size-1] = 1, 2
				b.put(buffer)
			}
		})
	}
	all.Wait()
	if b.held > total || len(b.kept) > total/size {
		t.Errorf("%d bytes in %d buffers", b.held, len(b.kept))
	}
	b.Trim()
	if b.held != 0 || b.kept != nil {
		t.Errorf("an idle budget keeps %d bytes", b.held)
	}
}

// A short stream takes a buffer of the budget while it is open, and none after that.
func TestClosedStreamLeavesTheBudget(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, spoolThreshold - 1, spoolThreshold, 2 * spoolThreshold} {
		b := NewBudget(1 << 20)
		in, err := OpenStream(t.Context(), bytes.NewReader(make([]byte, size)), b)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.held; size < spoolThreshold && got != spoolThreshold || size >= spoolThreshold && got != 0 {
			t.Errorf("%d bytes of the budget are held with a stream of %d bytes", got, size)
		}
		in.Close()
		if b.held != 0 {
			t.Errorf("%d bytes of the budget are held after a stream of %d bytes", b.held, size)
		}
	}
}
