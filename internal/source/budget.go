package source

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// blockSize is the unit in which a Budget lends memory.
	blockSize = 64 << 10
	// slowAfter is how long a part may wait for its source, over all of its reads, until
	// its memory may be given to others.
	slowAfter = 200 * time.Millisecond
	// streamsPerBlock is how many open streams cost as much memory as a block, for their
	// scratch, their goroutines, and what the garbage collector adds. They take it from
	// the budget, up to half of it, so that the budget bounds that too.
	streamsPerBlock = 2
	// pinnedShare is the part of the budget that may be pinned: one in so many blocks.
	pinnedShare = 16
)

// Budget is the memory that the plain streams of a client share. It lends blocks to the
// chunks that are being read, one after the other as the bytes arrive, and keeps returned
// ones for later. Blocks in use and kept ones together never exceed it.
//
// A chunk that needs a block when none is free gets one of these, in this order: one of a
// chunk that is kept only in case it has to be sent again; one of a chunk whose source is
// slow, which goes on in a temporary file; one of a chunk that is sent meanwhile, for which
// it waits. If there is none of them, or the chunk is slow itself or small, it goes on in a
// temporary file. So no chunk waits for the source of another one.
type Budget struct {
	// OnWait is called when a caller has to wait for a block. The budget calls done when
	// the wait is over; the error is that of the context. It may be nil.
	OnWait func(ctx context.Context) (done func(error))

	size int // in blocks

	mu      sync.Mutex
	streams int                 // open ones
	kept    [][]byte            // blocks that are not in use
	used    int                 // blocks in use
	leaving int                 // of these, those of chunks that are being sent
	pinned  int                 // of these, those that a source writes into just now
	reading map[*Chunk]struct{} // chunks with blocks that are being read
	spare   []*Chunk            // chunks whose blocks may be taken at once, oldest first
	changed chan struct{}       // closed when blocks come back; nil if nobody waits
}

// NewBudget returns a budget of so many bytes.
func NewBudget(bytes int64) *Budget {
	return &Budget{size: int(bytes / blockSize), reading: map[*Chunk]struct{}{}}
}

// enter notes that a stream is open, until leave.
func (b *Budget) enter() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.streams++
	b.freeSurplus()
}

func (b *Budget) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.streams--
}

// room returns how many blocks there may be. The caller holds mu.
func (b *Budget) room() int { return b.size - min(b.streams/streamsPerBlock, b.size/2) }

// full reports whether no block is free. The caller holds mu.
func (b *Budget) full() bool { return b.used >= b.room() }

// freeSurplus frees kept blocks for which there is no room any more. The caller holds mu.
func (b *Budget) freeSurplus() {
	for last := len(b.kept) - 1; last >= 0 && b.used+len(b.kept) > b.room(); last-- {
		freeBlock(b.kept[last])
		b.kept = b.kept[:last]
	}
}

// take gives c another block. It reports whether there was one. A patient caller waits for
// one, unless none will come back by itself.
func (b *Budget) take(ctx context.Context, c *Chunk, patient bool) (took bool, err error) {
	var done func(error) // nil before the wait
	defer func() {
		if done != nil {
			done(err)
		}
	}()
	for {
		took, slow, changed := b.try(c, patient)
		switch {
		case slow != nil:
			_ = slow.spill() // if that fails, it keeps its blocks and is not chosen again
			continue
		case took || changed == nil:
			return took, nil
		}
		if done == nil {
			done = b.waits(ctx)
		}
		select {
		case <-changed:
		case <-time.After(slowAfter): // a source may have become slow
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// waits reports that a caller waits.
func (b *Budget) waits(ctx context.Context) (done func(error)) {
	if b.OnWait == nil {
		return func(error) {}
	}
	return b.OnWait(ctx)
}

// try gives c another block if one is free. Otherwise it returns for a patient caller
// what to do first: have a slow chunk spilled, or wait for a change.
func (b *Budget) try(c *Chunk, patient bool) (took bool, slow *Chunk, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.full() && len(b.spare) > 0 {
		b.giveUp(b.spare[0])
		b.spare = b.spare[1:]
	}
	switch {
	case !b.full():
		b.lend(c)
		return true, nil, nil
	case !patient:
		return false, nil, nil
	}
	if slow = b.slow(); slow != nil {
		slow.spilling = make(chan struct{})
		return false, slow, nil
	}
	if b.leaving == 0 {
		return false, nil, nil
	}
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return false, nil, b.changed
}

// lend gives c a block. The caller holds mu and has seen that one is free.
func (b *Budget) lend(c *Chunk) {
	b.used++
	b.reading[c] = struct{}{}
	if last := len(b.kept) - 1; last >= 0 {
		c.blocks = append(c.blocks, b.kept[last])
		b.kept = b.kept[:last]
		return
	}
	c.blocks = append(c.blocks, newBlock())
}

// slow returns the largest chunk that waits for a slow source, nil if there is none. The
// caller holds mu.
func (b *Budget) slow() (slow *Chunk) {
	for c := range b.reading {
		if c.isSlow() && !c.since.IsZero() && c.spilling == nil && !c.stuck && c.movable() > 0 && (slow == nil || c.movable() > slow.movable()) {
			slow = c
		}
	}
	return slow
}

// giveBack takes the blocks of c back, except a pinned one. The caller holds mu.
func (b *Budget) giveBack(c *Chunk) {
	n := c.movable()
	if n == 0 {
		return
	}
	if c.sealed {
		b.leaving -= n
	}
	delete(b.reading, c)
	b.takeBack(c.blocks[:n])
	c.blocks = c.blocks[n:]
}

// takeBack takes blocks back that are in use. The caller holds mu.
func (b *Budget) takeBack(blocks [][]byte) {
	b.kept = append(b.kept, blocks...)
	b.used -= len(blocks)
	b.freeSurplus()
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

// giveUp takes the blocks of c back although its bytes may be asked for again. The caller
// holds mu.
func (b *Budget) giveUp(c *Chunk) {
	c.gone = true
	b.giveBack(c)
}

// Trim frees the kept blocks if none is in use, so that an idle client holds no memory.
func (b *Budget) Trim() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used > 0 {
		return
	}
	for _, block := range b.kept {
		freeBlock(block)
	}
	b.kept = nil
}

// unspare takes c off the spare ones. The caller holds mu.
func (b *Budget) unspare(c *Chunk) {
	b.spare = slices.DeleteFunc(b.spare, func(other *Chunk) bool { return other == c })
}
