package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/wire"
)

// spoolThreshold is the size from which a stream of unknown size is spooled to a file.
const spoolThreshold = 256 << 10

// OpenStream reads r to its end, into a buffer of the budget when it is short
// and into a temporary file otherwise.
func OpenStream(ctx context.Context, r io.Reader, b *Budget) (*Opened, error) {
	head, err := b.get(ctx, spoolThreshold)
	if err != nil {
		return nil, err
	}
	giveBack := func() { b.put(head); b.Trim() }
	short := false
	defer func() { // also if the caller's Reader panics
		if !short {
			giveBack()
		}
	}()
	r = contextReader{ctx, r}
	n, err := io.ReadFull(r, head)
	if isEnd(err) {
		short = true
		return &Opened{
			Size:   int64(n),
			random: wire.Bytes(head[:n]),
			Verify: unchecked,
			Close:  giveBack,
		}, nil
	}
	if err != nil {
		return nil, streamError(ctx, err)
	}
	f, err := newSpoolFile()
	if err != nil {
		return nil, err
	}
	whole := false
	defer func() {
		if !whole {
			f.remove()
		}
	}()
	size, err := f.fill(io.MultiReader(bytes.NewReader(head), r))
	if err != nil {
		return nil, streamError(ctx, err)
	}
	whole = true
	return &Opened{
		Size:   size,
		random: f.File,
		Verify: unchecked,
		Close:  f.remove,
	}, nil
}

// streamError returns the error of the context if that has ended, and err otherwise.
func streamError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// contextReader ends a long read between two calls of Read when the context ends. It
// returns every error but io.EOF as an errs.SourceError, because a source that breaks with
// io.ErrUnexpectedEOF, or with an error that wraps io.EOF, must not be taken for one that
// has ended.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	if err != nil && err != io.EOF {
		err = &errs.SourceError{Err: err}
	}
	return n, err
}

// isEnd reports whether err is what io.ReadFull or io.CopyN return at the end of a
// contextReader.
func isEnd(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }

// spoolFile is a temporary file. It is gone after remove, and, if the system can unlink an
// open file, as soon as the process dies.
type spoolFile struct{ *os.File }

func newSpoolFile() (*spoolFile, error) {
	f, err := os.CreateTemp("", "bytescale-*")
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	// If this fails, remove does it.
	_ = os.Remove(f.Name())
	return &spoolFile{f}, nil
}

func (s *spoolFile) fill(r io.Reader) (int64, error) {
	n, err := io.Copy(s.File, r)
	var fromSource *errs.SourceError
	if err != nil && !errors.As(err, &fromSource) {
		err = fmt.Errorf("spool: %w", err)
	}
	return n, err
}

func (s *spoolFile) remove() {
	s.Close()
	_ = os.Remove(s.Name())
}
