package source

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
)

// spoolThreshold is how many bytes of a stream of unknown size lie in memory.
const spoolThreshold = 256 << 10

// OpenStream reads r to its end, into memory when it is short and the budget has room, and
// into a temporary file otherwise.
func OpenStream(ctx context.Context, r io.Reader, limit *ReadLimit, b *Budget) (*Opened, error) {
	c := b.newChunk(spoolThreshold)
	b.enter()
	free := func() {
		c.Release()
		b.leave()
		b.Trim()
	}
	whole := false
	defer func() { // also if the caller's Reader panics
		if !whole {
			free()
		}
	}()
	if err := c.fill(ctx, contextReader{ctx: ctx, r: r, limit: limit}, math.MaxInt64); !isEnd(err) {
		return nil, streamError(ctx, err)
	}
	whole = true
	c.seal()
	return &Opened{
		Size:   c.size,
		random: c.Payload.Source,
		Verify: unchecked,
		Close:  free,
	}, nil
}

// streamError returns the error of the context if that has ended, and err otherwise.
func streamError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// spoolFile is a temporary file. It is gone after remove, and, if the system can unlink an
// open file, as soon as the process dies.
type spoolFile struct{ *os.File }

func newSpoolFile() (*spoolFile, error) {
	f, err := os.CreateTemp("", "bytescale-*")
	if err != nil {
		return nil, spoolError(err)
	}
	// If this fails, remove does it.
	_ = os.Remove(f.Name())
	return &spoolFile{f}, nil
}

// spoolError says that err is about a temporary file.
func spoolError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("spool: %w", err)
}

func (s *spoolFile) remove() {
	s.Close()
	_ = os.Remove(s.Name())
}
