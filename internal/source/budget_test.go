package source

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// endless has zeros without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// filled returns a chunk of so many blocks that was read whole.
func filled(t *testing.T, b *Budget, blocks int64) *Chunk {
	t.Helper()
	c := b.newChunk(math.MaxInt64)
	c.patient = true
	if err := c.fill(t.Context(), endless{}, blocks*blockSize); err != nil {
		t.Fatal(err)
	}
	c.seal()
	return c
}

func wantInMemory(t *testing.T, c *Chunk, want bool) {
	t.Helper()
	if got := c.file == nil; got != want {
		t.Errorf("a chunk of %d bytes lies in memory: %v, want %v", c.size, got, want)
	}
}

// Whatever chunks are read, sent and kept, no more memory is in use than the budget has,
// and the books are right.
func TestBudgetIsNeverExceeded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const size = 2 * pinnedShare
		b := NewBudget(size * blockSize)
		var chunks []*Chunk
		for range 50 {
			if b.streams > 0 && rapid.Bool().Draw(t, "leave") {
				b.leave()
			} else {
				b.enter()
			}
			c := b.newChunk(math.MaxInt64)
			if err := c.fill(context.Background(), endless{}, rapid.Int64Range(0, size*blockSize).Draw(t, "n")); err != nil {
				t.Fatal(err)
			}
			if rapid.Bool().Draw(t, "seal") {
				c.seal()
				if rapid.Bool().Draw(t, "spare") {
					c.Spare()
				}
			}
			chunks = append(chunks, c)
			for len(chunks) > 0 && rapid.Bool().Draw(t, "release") {
				chunks[0].Release()
				chunks = chunks[1:]
			}
			used, leaving := 0, 0
			for _, c := range chunks {
				used += len(c.blocks)
				if c.sealed {
					leaving += len(c.blocks)
				}
			}
			if b.used != used || b.leaving != leaving || b.used+len(b.kept) > max(used, b.room()) || used > size {
				t.Fatalf("%d blocks in use, %d of them leave, %d are kept; want %d and %d of %d",
					b.used, b.leaving, len(b.kept), used, leaving, size)
			}
		}
		for _, c := range chunks {
			c.Release()
		}
		for b.streams > 0 {
			b.leave()
		}
		if b.Trim(); b.used != 0 || b.kept != nil || len(b.reading)+len(b.spare) != 0 {
			t.Errorf("an idle budget has %d blocks in use and keeps %d", b.used, len(b.kept))
		}
	})
}

// A part waits for the room of one that is being sent, and is told to others as waiting.
func TestBudgetMakesWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(10 * blockSize)
		began, ended := 0, 0
		b.OnWait = func(context.Context) func(error) {
			began++
			return func(error) { ended++ }
		}
		first := filled(t, b, 8)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		c := b.newChunk(math.MaxInt64)
		c.patient = true
		if err := c.fill(ctx, endless{}, 3*blockSize); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("8 + 3 of 10 blocks: %v, want it to wait", err)
		}
		c.Release()
		time.AfterFunc(time.Minute, first.Release)
		last := filled(t, b, 10)
		wantInMemory(t, last, true)
		last.Release()
		if began != 2 || ended != 2 {
			t.Errorf("%d waits began and %d ended, want 2", began, ended)
		}
	})
}

// Nobody waits for room that only comes back when a source sends more.
func TestNobodyWaitsForASource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(10 * blockSize)
		b.OnWait = func(context.Context) func(error) {
			t.Error("something waits")
			return func(error) {}
		}
		r, w := io.Pipe()
		silent := b.newChunk(math.MaxInt64)
		over := make(chan error)
		go func() { over <- silent.fill(t.Context(), r, 9*blockSize) }()
		data := bytes.Repeat([]byte("0123456789abcdef"), 9*blockSize/16)
		w.Write(data[:8*blockSize])
		synctest.Wait()

		inHaste := filled(t, b, 3) // before it is known that the source is slow
		wantInMemory(t, inHaste, false)
		inHaste.Release()
		time.Sleep(slowAfter)
		later := filled(t, b, 10)
		wantInMemory(t, later, true)
		later.Release()

		w.Write(data[8*blockSize:])
		if err := <-over; err != nil {
			t.Fatal(err)
		}
		silent.seal()
		wantInMemory(t, silent, false)
		got := make([]byte, len(data))
		if _, err := silent.Payload.Source.ReadAt(got, 0); err != nil || !bytes.Equal(got, data) {
			t.Errorf("what was moved to a file is not what was read (%v)", err)
		}
		silent.Release()
	})
}

// A source that falls silent while it writes into a block keeps that block and no other, and
// only a share of the budget can be kept so. What it brings later follows the rest to the file.
func TestPinnedBlocks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const size = 2 * pinnedShare // so that two blocks may be pinned
		b := NewBudget(size * blockSize)
		data := bytes.Repeat([]byte("0123456789abcdef"), 4*blockSize/16)
		const half = 2*blockSize + blockSize/2
		var silent []*Chunk
		var writers []*io.PipeWriter
		over := make(chan error)
		for range 3 {
			r, w := io.Pipe()
			c := b.newChunk(math.MaxInt64)
			silent, writers = append(silent, c), append(writers, w)
			go func() { over <- c.fill(t.Context(), r, int64(len(data))) }()
			w.Write(data[:half])
			synctest.Wait()
		}
		if b.pinned != 2 || b.used != 9 {
			t.Errorf("%d blocks are pinned and %d in use, want 2 and 9", b.pinned, b.used)
		}
		time.Sleep(slowAfter)
		other := filled(t, b, size-2)
		wantInMemory(t, other, true)
		other.Release()

		for i, w := range writers {
			w.Write(data[half:])
			if err := <-over; err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(data))
			silent[i].seal()
			if _, err := silent[i].Payload.Source.ReadAt(got, 0); err != nil || !bytes.Equal(got, data) {
				t.Errorf("chunk %d has other bytes than its source (%v)", i, err)
			}
			wantInMemory(t, silent[i], false)
			silent[i].Release()
		}
		if b.pinned != 0 || b.used != 0 {
			t.Errorf("%d blocks are pinned and %d in use after all", b.pinned, b.used)
		}
	})
}

// A source that panics while it writes into a block leaves the block to others.
func TestPanicUnpins(t *testing.T) {
	t.Parallel()
	b := NewBudget(pinnedShare * blockSize)
	c := b.newChunk(math.MaxInt64)
	func() {
		defer func() { _ = recover() }()
		_ = c.fill(t.Context(), io.MultiReader(io.LimitReader(endless{}, scratchSize), panics{}), blockSize)
	}()
	if c.Release(); b.pinned != 0 || b.used != 0 {
		t.Errorf("%d blocks are pinned and %d in use", b.pinned, b.used)
	}
}

// panics is a reader that panics.
type panics struct{}

func (panics) Read([]byte) (int, error) { panic("the caller's reader") }

// A small part does not wait for those that are being sent either.
func TestSmallPartNeverWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(blockSize)
		sent := filled(t, b, 1)
		defer sent.Release()
		for _, size := range []int64{1, scratchSize, scratchSize + 1, smallPart} {
			in, err := OpenReader(endless{}, size, nil, b)
			if err != nil {
				t.Fatal(err)
			}
			c, err := in.Stream.ReadChunk(t.Context(), 0, size)
			if err != nil {
				t.Fatal(err)
			}
			wantInMemory(t, c, size <= scratchSize)
			c.Release()
		}
	})
}

// Where no temporary file can be made, a part waits for room after all.
func TestWithoutATemporaryDirectory(t *testing.T) {
	t.Setenv("TMPDIR", "/does/not/exist")
	t.Setenv("TMP", "/does/not/exist")
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(blockSize)
		sent := filled(t, b, 1)
		time.AfterFunc(time.Minute, sent.Release)
		c := b.newChunk(math.MaxInt64)
		if err := c.fill(t.Context(), endless{}, blockSize); err != nil {
			t.Error(err)
		}
		other := b.newChunk(math.MaxInt64) // nothing is being sent now
		if err := other.fill(t.Context(), endless{}, blockSize); err == nil {
			t.Error("no room and no error")
		}
		other.Release()
		c.Release()
	})
}

func TestSpareBytesMakeRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(10 * blockSize)
		first := filled(t, b, 8)
		first.Spare()
		if !first.Retake() {
			t.Fatal("bytes that nobody needed the room of are gone")
		}
		first.Spare()
		second := filled(t, b, 5)
		if first.Retake() {
			t.Error("the room was given to another and the bytes are said to be there")
		}
		first.Release() // and not twice

		waiting := make(chan *Chunk)
		go func() { waiting <- filled(t, b, 10) }()
		synctest.Wait()
		second.Spare() // somebody waits already
		third := <-waiting
		if second.Retake() {
			t.Error("the room was given to a waiting one and the bytes are said to be there")
		}
		second.Release()
		third.Release()
		if b.used != 0 || b.leaving != 0 {
			t.Errorf("%d blocks are in use at the end", b.used)
		}
	})
}

// A stream of unknown size takes room for what it has, while it is open.
func TestClosedStreamLeavesTheBudget(t *testing.T) {
	t.Parallel()
	for size, want := range map[int64]int{
		0: 0, 1: 0, scratchSize: 1, blockSize: 1, spoolThreshold: spoolThreshold / blockSize, spoolThreshold + 1: 0, 2 * spoolThreshold: 0,
	} {
		b := NewBudget(1 << 20)
		in, err := OpenStream(t.Context(), io.LimitReader(endless{}, size), nil, b)
		if err != nil {
			t.Fatal(err)
		}
		if b.used != want || in.Size != size {
			t.Errorf("%d blocks of the budget are in use with a stream of %d bytes, want %d", b.used, size, want)
		}
		in.Close()
		if b.used != 0 || b.kept != nil {
			t.Errorf("%d blocks of the budget are in use after a stream of %d bytes", b.used, size)
		}
	}
}

// A stream that was identified, more than once, and then not read gives back what it took.
func TestIdentifiedStreamLeavesTheBudget(t *testing.T) {
	t.Parallel()
	b := NewBudget(1 << 20)
	const size = 1 << 20
	in, err := OpenReader(io.LimitReader(endless{}, size), size, nil, b)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := in.Identify(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if b.used == 0 {
		t.Error("the head is not kept in memory")
	}
	in.Close()
	if b.used != 0 || b.streams != 0 || len(b.reading) != 0 {
		t.Errorf("%d blocks are in use after the end", b.used)
	}
}
