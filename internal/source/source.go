// Package source opens what an upload reads. A file, memory and an io.ReaderAt are read in
// place, by several parts at a time. A stream of known size is read part after part, each
// into memory of the client's budget. A stream of unknown size is read to its end before the
// upload begins, into a temporary file if it is long. Every source can prove that it still is
// what was announced, and identify its content for a checkpoint.
//
// The budget bounds the memory of all streams of a client. It is charged for the bytes that
// have arrived. A part whose source is slow is moved to a temporary file when others need
// its room, and a part that finds no room goes on in one, so that no stream waits for the
// source of another one. A part that is larger than the whole budget lies in a temporary
// file from its beginning. The bytes of a part that is stored and not confirmed yet are kept
// only until another part needs the room, because otherwise the latency of the API would
// limit a fast stream.
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

// Opened is an opened source. The caller closes it.
type Opened struct {
	Size     int64
	modTime  time.Time   // zero if the source has none
	random   io.ReaderAt // nil for a plain stream
	base     int64       // where the source begins in random
	headOnly bool        // only the head identifies the content
	Stream   *Stream     // nil for a source that is read in place

	// Verify returns an error if the source is no longer what was announced when the
	// upload began. It is called after all bytes were sent, before the completion that
	// makes the file.
	Verify func(ctx context.Context) error
	Close  func()
}

// Chunk returns size bytes of a source that is read in place, from start on.
func (in *Opened) Chunk(start, size int64) *Chunk {
	return &Chunk{Payload: wire.Payload{Source: in.random, Offset: in.base + start, Size: size}}
}

// OpenBytes opens content in memory.
func OpenBytes(content []byte) *Opened {
	return &Opened{
		Size:   int64(len(content)),
		random: wire.Bytes(content),
		Verify: unchecked,
		Close:  func() {},
	}
}

// OpenReaderAt opens an io.ReaderAt of size bytes.
func OpenReaderAt(r io.ReaderAt, size int64) (*Opened, error) {
	if err := endsAt(r, size); err != nil {
		return nil, err
	}
	return &Opened{
		Size:   size,
		random: r,
		Verify: func(context.Context) error { return endsAt(r, size) },
		Close:  func() {},
	}, nil
}

// OpenReader opens a plain stream of known size. One that can be read in place is.
func OpenReader(r io.Reader, size int64, limit *ReadLimit, b *Budget) (*Opened, error) {
	if in, err := openInPlace(r, size); in != nil || err != nil {
		return in, err
	}
	b.enter()
	stream := &Stream{r: r, limit: limit, budget: b, onDisk: make(chan struct{}, maxOnDisk)}
	return &Opened{
		Size:   size,
		Stream: stream,
		Verify: func(ctx context.Context) error { return stream.endsAt(ctx, size) },
		Close:  stream.close,
	}, nil
}

// unchecked is the Verify of a source that cannot change.
func unchecked(context.Context) error { return nil }

// OpenFile opens the regular file at path.
func OpenFile(path string) (*Opened, error) {
	f, err := openToRead(path)
	if err != nil {
		return nil, &errs.SourceError{Err: err}
	}
	info, err := statRegular(f, path)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &Opened{
		Size:    info.Size(),
		modTime: info.ModTime(),
		random:  f,
		Verify:  func(context.Context) error { return unchanged(path, info) },
		Close:   func() { f.Close() },
	}, nil
}

// UseFile returns a source for a regular file that the caller has opened and closes.
func UseFile(f *os.File) (*Opened, error) {
	info, err := statRegular(f, f.Name())
	if err != nil {
		return nil, err
	}
	return &Opened{
		Size:    info.Size(),
		modTime: info.ModTime(),
		random:  f,
		Verify: func(context.Context) error {
			now, err := f.Stat()
			if err != nil {
				return &errs.SourceError{Err: err}
			}
			return sameContent(f.Name(), info, now)
		},
		Close: func() {},
	}, nil
}

// statRegular returns the size and the time of a file, and refuses a file that an upload
// cannot read by its size.
func statRegular(f *os.File, path string) (fs.FileInfo, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, &errs.SourceError{Err: err}
	case !info.Mode().IsRegular():
		return nil, errs.Refuse("source", "%s is not a regular file (%s)", path, info.Mode().Type())
	case info.Size() > 0:
		return info, nil
	}
	err = endsAt(f, 0)
	if errors.Is(err, errs.ErrSourceSize) { // like files in /proc
		err = errs.Refuse("source", "%s does not tell its size; upload it with Stream", path)
	}
	return info, err
}

// unchanged returns an error unless path still leads to the same file with the same size
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
	}
	return sameContent(path, announced, now)
}

// sameContent returns an error unless a file has the announced size and modification time.
func sameContent(path string, announced, now fs.FileInfo) error {
	switch {
	case now.Size() != announced.Size():
		return fmt.Errorf("%w: %s had %d bytes, now %d", errs.ErrSourceChanged, path, announced.Size(), now.Size())
	case !now.ModTime().Equal(announced.ModTime()):
		return fmt.Errorf("%w: %s was modified", errs.ErrSourceChanged, path)
	}
	return nil
}

// endsAt returns an error if r has a byte at position size.
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
