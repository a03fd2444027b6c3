package source

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// Budget is the memory that all plain streams of a client share. It hands out buffers and
// keeps returned ones for the next part. Buffers in use and kept ones together never exceed
// it.
type Budget struct {
	// OnWait is called when a caller has to wait for room. The budget calls done when
	// the wait is over; the error is that of the context. It may be nil.
	OnWait func(ctx context.Context) (done func(error))

	bytes     int64
	available *semaphore.Weighted

	mu      sync.Mutex
	held    int64    // bytes of all buffers, those in use and those kept
	kept    [][]byte // returned buffers, most recently used last
	waiting int      // callers that wait for room
	spare   []*lease // leases that can end at once, oldest first
}

// NewBudget returns a budget of so many bytes.
func NewBudget(bytes int64) *Budget {
	return &Budget{bytes: bytes, available: semaphore.NewWeighted(bytes)}
}

// get waits until n bytes are free and returns a buffer of that length. The
// caller gives it back with put. n must not exceed the budget.
func (b *Budget) get(ctx context.Context, n int64) ([]byte, error) {
	if err := b.acquire(ctx, n); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := len(b.kept) - 1; i >= 0; i-- {
		// A larger buffer would hold memory that counts as free.
		if buffer := b.kept[i]; int64(len(buffer)) == n {
			b.kept = append(b.kept[:i], b.kept[i+1:]...)
			return buffer, nil
		}
	}
	for len(b.kept) > 0 && b.held+n > b.bytes {
		b.held -= int64(len(b.kept[0]))
		freeBuffer(b.kept[0])
		b.kept = b.kept[1:]
	}
	b.held += n
	return newBuffer(n), nil
}

// acquire waits for room. It ends all spare leases if there is none.
func (b *Budget) acquire(ctx context.Context, n int64) error {
	if b.available.TryAcquire(n) {
		return nil
	}
	b.mu.Lock()
	b.waiting++
	for _, l := range b.spare {
		l.end()
	}
	b.spare = nil
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.waiting--
	}()
	done := func(error) {}
	if b.OnWait != nil {
		done = b.OnWait(ctx)
	}
	err := b.available.Acquire(ctx, n)
	done(err)
	return err
}

func (b *Budget) put(buffer []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keep(buffer)
}

// keep takes a buffer back. The caller holds mu.
func (b *Budget) keep(buffer []byte) {
	b.kept = append(b.kept, buffer)
	b.available.Release(int64(len(buffer)))
}

// Trim frees the kept buffers if no buffer is in use, so that an idle client holds no
// memory.
func (b *Budget) Trim() {
	if !b.available.TryAcquire(b.bytes) {
		return
	}
	defer b.available.Release(b.bytes)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, buffer := range b.kept {
		freeBuffer(buffer)
	}
	b.kept, b.held = nil, 0
}
