// Package source opens what an upload reads: a file, memory, or a stream, whose
// buffers come from a budget. It proves that the bytes are the ones announced.
package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/wire"
)

// Opened is an opened source. Either random or stream is set.
type Opened struct {
	Size    int64
	modTime time.Time // zero when the source has none
	random  io.ReaderAt
	Stream  *Stream

	// Verify says whether the source still is what was announced when the
	// upload began. It is called when all its bytes were sent, before the
	// completion that makes the file exist.
	Verify func(ctx context.Context) error
	Close  func()
}

// Chunk returns size bytes of a source that is read in place, from start on.
func (in *Opened) Chunk(start, size int64) Chunk {
	return Chunk{Payload: wire.Payload{Source: in.random, Offset: start, Size: size}, free: func() {}}
}

// OpenBytes opens what lies in memory.
func OpenBytes(content []byte) *Opened {
	return &Opened{
		Size:   int64(len(content)),
		random: wire.Bytes(content),
		Verify: unchecked,
		Close:  func() {},
	}
}

// OpenReaderAt opens what can be read at any position.
func OpenReaderAt(r io.ReaderAt, size int64) (*Opened, error) {
	if err := endsAt(r, size); err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	return &Opened{
		Size:   size,
		random: r,
		Verify: func(context.Context) error { return endsAt(r, size) },
		Close:  func() {},
	}, nil
}

// OpenReader opens a plain stream of known size.
func OpenReader(r io.Reader, size int64) *Opened {
	stream := &Stream{r: r}
	return &Opened{
		Size:   size,
		Stream: stream,
		Verify: func(ctx context.Context) error { return stream.endsAt(ctx, size) },
		Close:  func() {},
	}
}

// unchecked is the verify of a source that cannot change.
func unchecked(context.Context) error { return nil }

// OpenFile opens the regular file at path.
func OpenFile(path string) (*Opened, error) {
	f, err := openToRead(path)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errs.Refuse("source", "%s is not a regular file (%s)", path, info.Mode().Type())
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("source: %w", err)
	}
	if info.Size() == 0 {
		err := endsAt(f, 0)
		if errors.Is(err, errs.ErrSourceSize) { // as files in /proc have it
			err = fmt.Errorf("source: %w", errs.Refuse("source", "%s does not tell its size; upload it with Stream", path))
		}
		if err != nil {
			f.Close()
			return nil, err
		}
	}
	return &Opened{
		Size:    info.Size(),
		modTime: info.ModTime(),
		random:  f,
		Verify:  func(context.Context) error { return unchanged(path, info) },
		Close:   func() { f.Close() },
	}, nil
}

// unchanged says whether path still leads to the same file with the same size
// and modification time.
func unchanged(path string, announced fs.FileInfo) error {
	now, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s is gone", errs.ErrSourceChanged, path)
	case err != nil:
		return fmt.Errorf("%w: %w", errs.ErrSourceChanged, err)
	case !os.SameFile(announced, now):
		return fmt.Errorf("%w: %s was replaced", errs.ErrSourceChanged, path)
	case now.Size() != announced.Size():
		return fmt.Errorf("%w: %s had %d bytes, now %d", errs.ErrSourceChanged, path, announced.Size(), now.Size())
	case !now.ModTime().Equal(announced.ModTime()):
		return fmt.Errorf("%w: %s was modified", errs.ErrSourceChanged, path)
	}
	return nil
}

// endsAt says whether r has nothing at position size.
func endsAt(r io.ReaderAt, size int64) error {
	var one [1]byte
	n, err := r.ReadAt(one[:], size)
	switch {
	case n > 0:
		return fmt.Errorf("%w: it goes on after %d bytes", errs.ErrSourceSize, size)
	case err != nil && err != io.EOF:
		return &errs.SourceError{Err: err}
	}
	return nil
}
