package bytescale

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

// input is an opened source. Either random or stream is set.
type input struct {
	size    int64
	modTime time.Time // zero when the source has none
	random  io.ReaderAt
	stream  *sequence

	// verify says whether the source still is what was announced when the
	// upload began. It is called when all its bytes were sent, before the
	// completion that makes the file exist.
	verify func(ctx context.Context) error
	close  func()
}

// at returns size bytes of a source that is read in place, from start on.
func (in *input) at(start, size int64) chunk {
	return chunk{payload: wire.Payload{Source: in.random, Offset: start, Size: size}, free: func() {}}
}

// openBytes opens what lies in memory.
func openBytes(content []byte) *input {
	return &input{
		size:   int64(len(content)),
		random: wire.Bytes(content),
		verify: unchecked,
		close:  func() {},
	}
}

// openReaderAt opens what can be read at any position.
func openReaderAt(r io.ReaderAt, size int64) (*input, error) {
	if err := endsAt(r, size); err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	return &input{
		size:   size,
		random: r,
		verify: func(context.Context) error { return endsAt(r, size) },
		close:  func() {},
	}, nil
}

// openReader opens a plain stream of known size.
func openReader(r io.Reader, size int64) *input {
	stream := &sequence{r: r}
	return &input{
		size:   size,
		stream: stream,
		verify: func(ctx context.Context) error { return stream.endsAt(ctx, size) },
		close:  func() {},
	}
}

// unchecked is the verify of a source that cannot change.
func unchecked(context.Context) error { return nil }

func openFile(path string) (*input, error) {
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
	return &input{
		size:    info.Size(),
		modTime: info.ModTime(),
		random:  f,
		verify:  func(context.Context) error { return unchanged(path, info) },
		close:   func() { f.Close() },
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
