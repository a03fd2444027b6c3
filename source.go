package bytescale

import (
	"context"
	"io"
	"path/filepath"
	"sync/atomic"

	"github.com/c88edac7/bytescale-go/internal/source"
)

// Source is where the bytes of an upload come from. Make one with [File],
// [Bytes], [ReaderAt], [Reader] or [Stream]. A Source of File, Bytes or ReaderAt
// may be used for any number of uploads, at the same time too; one of Reader or
// Stream is read by its first upload and refused after that.
type Source struct {
	// name is the default original file name; empty for none.
	name string
	open func(ctx context.Context, b *source.Budget) (*source.Opened, error)
}

// input opens the source.
func (s Source) input(ctx context.Context, b *source.Budget) (*source.Opened, error) {
	if s.open == nil {
		return nil, argumentError("source", "it is empty; make one with File, Bytes, ReaderAt, Reader or Stream")
	}
	in, err := s.open(ctx, b)
	return in, publicError(err)
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
	return Source{name: filepath.Base(path), open: func(context.Context, *source.Budget) (*source.Opened, error) {
		return source.OpenFile(path)
	}}
}

// Bytes is a file's content in memory. The slice must not be changed until the
// upload has returned.
func Bytes(content []byte) Source {
	return Source{open: func(context.Context, *source.Budget) (*source.Opened, error) {
		return source.OpenBytes(content), nil
	}}
}

// ReaderAt is a file of exactly size bytes that can be read at any position, by
// several goroutines at a time. It is read in place: memory does not grow with its
// size. A source that turns out shorter or longer ends the upload with
// [ErrSourceSize], a longer one before anything is sent; use [io.NewSectionReader]
// to upload a piece of a larger one.
func ReaderAt(r io.ReaderAt, size int64) Source {
	return Source{open: func(context.Context, *source.Budget) (*source.Opened, error) {
		if r == nil {
			return nil, argumentError("source", "the io.ReaderAt is nil")
		}
		if size < 0 {
			return nil, argumentError("size", "%d is negative", size)
		}
		return source.OpenReaderAt(r, size)
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
	return Source{open: func(context.Context, *source.Budget) (*source.Opened, error) {
		if r == nil {
			return nil, argumentError("source", "the io.Reader is nil")
		}
		if size < 0 {
			return nil, argumentError("size", "%d is negative", size)
		}
		if err := once(); err != nil {
			return nil, err
		}
		return source.OpenReader(r, size), nil
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
	return Source{open: func(ctx context.Context, b *source.Budget) (*source.Opened, error) {
		if r == nil {
			return nil, argumentError("source", "the io.Reader is nil")
		}
		if err := once(); err != nil {
			return nil, err
		}
		return source.OpenStream(ctx, r, b)
	}}
}

// readOnce returns a function that refuses its second call: a stream has been
// read then, and what would be uploaded is not what was meant.
func readOnce() func() error {
	var used atomic.Bool
	return func() error {
		if used.Swap(true) {
			return argumentError("source", "a plain stream can be uploaded once; make a new Source")
		}
		return nil
	}
}
