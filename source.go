package bytescale

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// Source is where the bytes of an upload come from. Make one with [File],
// [Bytes], [ReaderAt], [Reader] or [Stream]. A Source of File, Bytes or ReaderAt
// may be used for any number of uploads, at the same time too; one of Reader or
// Stream is read by its first upload and refused after that.
type Source struct {
	// name is the default original file name; empty for none.
	name string
	open func(ctx context.Context, b *budget) (*input, error)
}

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

// File is the file at path: a regular file, opened when the upload begins and
// closed when it ends. Its size and modification time must not change meanwhile,
// or the upload ends with [ErrSourceChanged] and no file is stored. An edit that
// keeps both is not noticed.
//
// The file is read in place, several parts at a time; memory does not grow with
// its size. The base name of path is sent as the original file name unless
// [WithOriginalFileName] says otherwise.
func File(path string) Source {
	return Source{name: filepath.Base(path), open: func(context.Context, *budget) (*input, error) {
		return openFile(path)
	}}
}

// Bytes is a file's content in memory. The slice must not be changed until the
// upload has returned.
func Bytes(content []byte) Source {
	return Source{open: func(context.Context, *budget) (*input, error) {
		return &input{
			size:   int64(len(content)),
			random: memory(content),
			verify: unchecked,
			close:  func() {},
		}, nil
	}}
}

// ReaderAt is a file of exactly size bytes that can be read at any position, by
// several goroutines at a time. It is read in place: memory does not grow with its
// size. A source that turns out shorter or longer ends the upload with
// [ErrSourceSize], a longer one before anything is sent; use [io.NewSectionReader]
// to upload a piece of a larger one.
func ReaderAt(r io.ReaderAt, size int64) Source {
	return Source{open: func(context.Context, *budget) (*input, error) {
		if r == nil {
			return nil, refuse("source", "the io.ReaderAt is nil")
		}
		if size < 0 {
			return nil, refuse("size", "%d is negative", size)
		}
		if err := endsAt(r, size); err != nil {
			return nil, fmt.Errorf("source: %w", err)
		}
		return &input{
			size:   size,
			random: r,
			verify: func(context.Context) error { return endsAt(r, size) },
			close:  func() {},
		}, nil
	}}
}

// Reader is a plain stream of exactly size bytes. Several parts are sent at a
// time, each from a buffer of the client's budget ([WithBufferBudget]); a part
// larger than the whole budget is spooled to a temporary file. The stream must
// end at size: a shorter or longer one ends the upload with [ErrSourceSize].
//
// Several streams may wait for each other's buffers, so those of one client must
// not be fed in lockstep, as by one io.MultiWriter.
//
// The reader is never closed. A Read that is under way when the upload fails or
// is cancelled is waited for, so that the reader is free when Upload returns.
func Reader(r io.Reader, size int64) Source {
	once := readOnce()
	return Source{open: func(context.Context, *budget) (*input, error) {
		if r == nil {
			return nil, refuse("source", "the io.Reader is nil")
		}
		if size < 0 {
			return nil, refuse("size", "%d is negative", size)
		}
		if err := once(); err != nil {
			return nil, err
		}
		stream := &sequence{r: r}
		return &input{
			size:   size,
			stream: stream,
			verify: func(ctx context.Context) error { return stream.endsAt(ctx, size) },
			close:  func() {},
		}, nil
	}}
}

// Stream is a plain stream of unknown size. The service needs the size first
// (BeginMultipartUploadRequest.size), so the stream is read to its end before
// anything is sent: up to 256 KiB are kept in memory, taken from the client's
// budget; a longer stream is spooled to a file in [os.TempDir], which needs room
// for all of it. The temporary file is gone when Upload returns.
//
// The reader is never closed. A Read that is under way when the upload is
// cancelled is waited for.
func Stream(r io.Reader) Source {
	once := readOnce()
	return Source{open: func(ctx context.Context, b *budget) (*input, error) {
		if r == nil {
			return nil, refuse("source", "the io.Reader is nil")
		}
		if err := once(); err != nil {
			return nil, err
		}
		return spoolStream(ctx, r, b)
	}}
}

// unchecked is the verify of a source that cannot change.
func unchecked(context.Context) error { return nil }

// readOnce returns a function that refuses its second call: a stream has been
// read then, and what would be uploaded is not what was meant.
func readOnce() func() error {
	var used atomic.Bool
	return func() error {
		if used.Swap(true) {
			return refuse("source", "a plain stream can be uploaded once; make a new Source")
		}
		return nil
	}
}

func openFile(path string) (*input, error) {
	f, err := openToRead(path)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = refuse("source", "%s is not a regular file (%s)", path, info.Mode().Type())
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("source: %w", err)
	}
	if info.Size() == 0 {
		err := endsAt(f, 0)
		if errors.Is(err, ErrSourceSize) { // as files in /proc have it
			err = fmt.Errorf("source: %w", refuse("source", "%s does not tell its size; upload it with Stream", path))
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
		return fmt.Errorf("%w: %s is gone", ErrSourceChanged, path)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrSourceChanged, err)
	case !os.SameFile(announced, now):
		return fmt.Errorf("%w: %s was replaced", ErrSourceChanged, path)
	case now.Size() != announced.Size():
		return fmt.Errorf("%w: %s had %d bytes, now %d", ErrSourceChanged, path, announced.Size(), now.Size())
	case !now.ModTime().Equal(announced.ModTime()):
		return fmt.Errorf("%w: %s was modified", ErrSourceChanged, path)
	}
	return nil
}

// endsAt says whether r has nothing at position size.
func endsAt(r io.ReaderAt, size int64) error {
	var one [1]byte
	n, err := r.ReadAt(one[:], size)
	switch {
	case n > 0:
		return fmt.Errorf("%w: it goes on after %d bytes", ErrSourceSize, size)
	case err != nil && err != io.EOF:
		return &errs.SourceError{Err: err}
	}
	return nil
}
