package source

import (
	"context"
	"io"
	"time"

	"github.com/c88edac7/bytescale-go/internal/wire"
)

// scratchSize is the room for the bytes that a Read brings while a chunk does not read into
// its blocks. A chunk that is not larger needs no blocks.
const scratchSize = 8 << 10

// Chunk is the bytes of one part, and what holds them: a few bytes of its own, blocks of
// the budget, or a temporary file. The caller releases it.
type Chunk struct {
	// Payload is the bytes of a chunk that was read whole.
	Payload wire.Payload

	budget  *Budget       // nil for bytes that are read in place
	most    int64         // bytes that may lie in memory
	patient bool          // waits for a block rather than go on in a file
	onDisk  chan struct{} // holds a token for each chunk of a stream that lies in a file; may be nil
	size    int64         // bytes that were read
	small   []byte        // all of them, if they need no block

	file *spoolFile // holds all bytes if it is not nil

	// The rest is guarded by the budget's mu. While since is set, another goroutine may
	// move the blocks to a file; otherwise only the reader of the chunk changes it.
	blocks   [][]byte
	since    time.Time     // when it began to wait for its source; zero if it does not
	waited   time.Duration // before that
	spilling chan struct{} // closed when the blocks have been moved to a file; nil if they are not being moved
	stuck    bool          // they cannot be moved
	pinned   bool          // the source writes into the last block just now
	sealed   bool          // read whole
	gone     bool          // the bytes were given up, because another chunk needed the room
}

// newChunk returns a chunk of which so many bytes may lie in memory.
func (b *Budget) newChunk(most int64) *Chunk { return &Chunk{budget: b, most: most} }

// fill reads size bytes of r into the chunk. The error at an early end of r is that of
// io.ReadFull.
//
// The first bytes come by way of a scratch, so that no block is held by a chunk whose source has
// brought nothing. The rest is read into the blocks, which saves a copy, unless the source is
// slow.
func (c *Chunk) fill(ctx context.Context, r io.Reader, size int64) error {
	scratch := make([]byte, min(size, scratchSize))
	for c.size < size {
		left := size - c.size
		var err error
		if room := c.pin(); room != nil {
			err = c.readPinned(r, room[:min(int64(len(room)), left)])
		} else {
			err = c.readScratch(ctx, r, scratch[:min(int64(len(scratch)), left)], left)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readScratch reads into p and copies the bytes to the chunk. If they are all that is left,
// and the first ones, p is the chunk.
func (c *Chunk) readScratch(ctx context.Context, r io.Reader, p []byte, left int64) error {
	n, err := c.await(r, p)
	p = p[:n]
	if c.size == 0 && (isEnd(err) || int64(n) == left) {
		c.small, c.size = p, int64(n)
		return err
	}
	if writeErr := c.write(ctx, p); writeErr != nil {
		return writeErr
	}
	return err
}

// await reads from the source until p is full. Meanwhile the blocks may be moved to a file.
func (c *Chunk) await(r io.Reader, p []byte) (int, error) {
	c.beginWait()
	defer c.endWait() // also if the caller's Reader panics
	return io.ReadFull(r, p)
}

// pin returns the room in the last block, or in a new one, for the source to write into, until
// unpin; nil if it may not. A silent source may write into it at any time, so that it cannot be
// taken back. That is why only a share of the budget may be pinned, and nothing for a slow
// source.
func (c *Chunk) pin() (room []byte) {
	b := c.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(c.blocks) == 0 || c.waited >= slowAfter || b.pinned >= b.size/pinnedShare {
		return nil
	}
	if c.size == int64(len(c.blocks))*blockSize {
		if b.full() || c.size >= c.most {
			return nil
		}
		b.lend(c)
	}
	last := len(c.blocks) - 1
	room = c.blocks[last][c.size-int64(last)*blockSize:]
	c.pinned = true
	b.pinned++
	return room
}

// readPinned reads from the source until p is full, which is in the pinned block.
func (c *Chunk) readPinned(r io.Reader, p []byte) (err error) {
	n := 0
	defer func() { // also if the caller's Reader panics
		if unpinErr := c.unpin(p[:n]); unpinErr != nil {
			err = unpinErr
		}
	}()
	n, err = c.await(r, p)
	return err
}

// unpin adds the bytes that were read into the pinned block. If the other blocks were moved
// to a file meanwhile, the bytes follow them, and the block is given back.
func (c *Chunk) unpin(p []byte) error {
	b := c.budget
	b.mu.Lock()
	c.pinned = false
	b.pinned--
	b.mu.Unlock()
	if c.file == nil {
		c.size += int64(len(p))
		c.returnEmpty()
		return nil
	}
	n, err := c.file.Write(p)
	c.size += int64(n)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.giveBack(c)
	return spoolError(err)
}

// returnEmpty gives the last block back if the source has brought nothing for it.
func (c *Chunk) returnEmpty() {
	b := c.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if last := len(c.blocks) - 1; c.size == int64(last)*blockSize {
		b.takeBack(c.blocks[last:])
		c.blocks = c.blocks[:last]
	}
}

// movable returns how many blocks can be taken from the chunk. The caller holds the budget's
// mu.
func (c *Chunk) movable() int {
	if c.pinned {
		return len(c.blocks) - 1
	}
	return len(c.blocks)
}

func (c *Chunk) beginWait() {
	c.budget.mu.Lock()
	defer c.budget.mu.Unlock()
	c.since = time.Now()
}

func (c *Chunk) endWait() {
	b := c.budget
	b.mu.Lock()
	if !c.since.IsZero() {
		c.waited += time.Since(c.since)
		c.since = time.Time{}
	}
	spilling := c.spilling
	b.mu.Unlock()
	if spilling != nil {
		<-spilling
	}
}

// isSlow reports whether the chunk has waited long for its source. The caller holds the
// budget's mu.
func (c *Chunk) isSlow() bool {
	waited := c.waited
	if !c.since.IsZero() {
		waited += time.Since(c.since)
	}
	return waited >= slowAfter
}

// write adds bytes to the chunk.
func (c *Chunk) write(ctx context.Context, p []byte) error {
	for len(p) > 0 {
		if c.file == nil && c.size == int64(len(c.blocks))*blockSize {
			if err := c.grow(ctx); err != nil {
				return err
			}
		}
		if c.file != nil {
			n, err := c.file.Write(p)
			c.size += int64(n)
			return spoolError(err)
		}
		n := copy(c.blocks[c.size/blockSize][c.size%blockSize:], p)
		c.size, p = c.size+int64(n), p[n:]
	}
	return nil
}

// grow gives the chunk a block, or moves it to a file. Where no file can be made, it waits
// for a block after all.
func (c *Chunk) grow(ctx context.Context) error {
	if c.size >= c.most {
		return c.spill()
	}
	took, err := c.budget.take(ctx, c, c.patient && c.waited < slowAfter)
	if took || err != nil {
		return err
	}
	spillErr := c.spill()
	if spillErr == nil {
		return nil
	}
	if took, err = c.budget.take(ctx, c, true); took || err != nil {
		return err
	}
	return spillErr
}

// spill moves the bytes to a file. It is called by the reader of the chunk, and by others
// while that one waits for its source.
func (c *Chunk) spill() error {
	f, err := c.copyToFile()
	b := c.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		c.file = f
		b.giveBack(c)
		if c.onDisk != nil {
			c.onDisk <- struct{}{} // for which awaitDisk has seen room
		}
	}
	c.stuck = err != nil
	if c.spilling != nil {
		close(c.spilling)
		c.spilling = nil
	}
	return err
}

func (c *Chunk) copyToFile() (*spoolFile, error) {
	f, err := newSpoolFile()
	if err != nil {
		return nil, err
	}
	left := c.size
	for _, block := range c.blocks {
		n, err := f.Write(block[:min(left, blockSize)])
		if err != nil {
			f.remove()
			return nil, spoolError(err)
		}
		left -= int64(n)
	}
	return f, nil
}

// seal notes that the chunk was read whole and is to be sent.
func (c *Chunk) seal() {
	b := c.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	c.sealed = true
	b.leaving += len(c.blocks)
	c.settle()
}

// settle keeps the bytes where they are from now on. The caller holds the budget's mu.
func (c *Chunk) settle() {
	delete(c.budget.reading, c)
	c.Payload = wire.Payload{Size: c.size, Source: wire.Blocks(c.blocks)}
	switch {
	case c.file != nil:
		c.Payload.Source = c.file.File
	case c.small != nil || c.size == 0:
		c.Payload.Source = wire.Bytes(c.small)
	}
}

// content returns a reader of the bytes of a chunk that stays where it is meanwhile.
func (c *Chunk) content() io.Reader {
	c.budget.mu.Lock()
	defer c.budget.mu.Unlock()
	c.settle()
	return io.NewSectionReader(c.Payload.Source, 0, c.size)
}

// park has the bytes moved to a file when others need their room, until endWait.
func (c *Chunk) park() {
	b := c.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(c.blocks) > 0 {
		b.reading[c] = struct{}{}
	}
	c.since, c.waited = time.Now(), slowAfter
}

// Spare notes that the part is stored, so that its bytes may go when another part needs
// the room.
func (c *Chunk) Spare() {
	if c.budget == nil {
		return
	}
	b := c.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case len(c.blocks) == 0:
	case b.changed != nil:
		b.giveUp(c)
	default:
		b.spare = append(b.spare, c)
	}
}

// Retake asks for the bytes again after Spare. It reports whether they are still there.
func (c *Chunk) Retake() bool {
	if c.budget == nil {
		return true
	}
	b := c.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unspare(c)
	return !c.gone
}

// Release frees what holds the bytes.
func (c *Chunk) Release() {
	if c.budget == nil {
		return
	}
	c.endWait()
	b := c.budget
	b.mu.Lock()
	b.unspare(c)
	b.giveBack(c)
	b.mu.Unlock()
	if c.file != nil {
		c.file.remove()
		if c.onDisk != nil {
			<-c.onDisk
		}
	}
}
