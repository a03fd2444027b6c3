package bytescale

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/c88edac7/bytescale-go/internal/source"
)

// Source is where the bytes of an upload come from. Make one with [File], [OpenedFile],
// [Bytes], [ReaderAt], [Reader] or [Stream]. A Source of Reader or Stream is consumed by its
// first upload and refused after that. Any other may be used for any number of uploads, also
// at the same time.
type Source struct {
	// name is the default for the original file name; empty for none.
	name string
	open func(ctx context.Context, with reading) (*source.Opened, error)
}

// reading is how plain streams are read.
type reading struct {
	budget *source.Budget
	limit  *source.ReadLimit
}

// input opens the source.
func (s Source) input(ctx context.Context, with reading) (*source.Opened, error) {
	if s.open == nil {
		return nil, argumentError("source", "it is empty; make one with File, OpenedFile, Bytes, ReaderAt, Reader or Stream")
	}
	in, err := s.open(ctx, with)
	return in, publicError(err)
}

// File returns a Source for the regular file at path. It is opened when the upload begins
// and closed when it ends. If its size or modification time changes meanwhile, the upload
// ends with [ErrSourceChanged] and no file is stored. An edit that keeps both is not
// detected.
//
// The file is read in place, several parts at a time, so that memory does not grow with its
// size. The base name of path is sent as the original file name unless
// [WithOriginalFileName] sets another one.
func File(path string) Source {
	return Source{name: filepath.Base(path), open: func(context.Context, reading) (*source.Opened, error) {
		return source.OpenFile(path)
	}}
}

// OpenedFile returns a Source for a regular file that is open for reading, such as one of an
// [os.Root]. All of it is uploaded, from its first byte, and its position for reading and
// writing stays where it is. The caller closes the file when the upload has returned.
//
// In all else it is a [File], except that f is watched and not a path: if its size or
// modification time changes, the upload ends with [ErrSourceChanged], and if it is renamed or
// removed, nothing happens. The base name of f.Name() is sent as the original file name unless
// [WithOriginalFileName] sets another one. For standard input that may be a pipe, use
// [Stream].
func OpenedFile(f *os.File) Source {
	if f == nil {
		return Source{open: func(context.Context, reading) (*source.Opened, error) {
			return nil, argumentError("source", "the *os.File is nil")
		}}
	}
	return Source{name: filepath.Base(f.Name()), open: func(context.Context, reading) (*source.Opened, error) {
		return source.UseFile(f)
	}}
}

// Bytes returns a Source for content in memory. The slice must not be changed until the
// upload has returned.
func Bytes(content []byte) Source {
	return Source{open: func(context.Context, reading) (*source.Opened, error) {
		return source.OpenBytes(content), nil
	}}
}

// ReaderAt returns a Source for the size bytes of r. They are read in place, by several
// goroutines at a time, so that memory does not grow with the size. If r is shorter or
// longer, the upload ends with [ErrSourceSize]; if it is longer, before anything is sent. Use
// [io.NewSectionReader] to upload a section of a larger file.
func ReaderAt(r io.ReaderAt, size int64) Source {
	return Source{open: func(context.Context, reading) (*source.Opened, error) {
		if r == nil {
			return nil, argumentError("source", "the io.ReaderAt is nil")
		}
		if size < 0 {
			return nil, argumentError("size", "%d is negative", size)
		}
		return source.OpenReaderAt(r, size)
	}}
}

// Reader returns a Source for a plain stream of size bytes. Several parts are sent at a
// time. The bytes that have arrived lie in memory of the client's budget
// ([WithBufferBudget]). When others need that memory while this source is slow, and for a
// part that is larger than the whole budget, they lie in temporary files in [os.TempDir], at
// most two parts of a stream at a time. If the stream is shorter or longer, the upload ends
// with [ErrSourceSize].
//
// An [*os.File] that is a regular file of that size from its present position on, a
// [*bytes.Reader], a [*strings.Reader] and an [*io.SectionReader] are read in place, as with
// [ReaderAt], and are at their end when Upload returns. If such a file is modified meanwhile,
// the upload ends with [ErrSourceChanged].
//
// A stream that is slow or silent delays no other upload. Streams that are fast wait for each
// other's parts to be sent, so those of one client must not be fed in lockstep, as by one
// [io.MultiWriter].
//
// The reader is never closed. If the upload fails or its context ends, it waits for a Read in
// progress, so that the reader is free when Upload returns. [WithReadTimeout] limits and
// interrupts that Read, and a service should set it for what its callers send; see Contexts
// in the package documentation.
func Reader(r io.Reader, size int64) Source {
	once := readOnce()
	return Source{open: func(_ context.Context, with reading) (*source.Opened, error) {
		if r == nil {
			return nil, argumentError("source", "the io.Reader is nil")
		}
		if size < 0 {
			return nil, argumentError("size", "%d is negative", size)
		}
		if err := once(); err != nil {
			return nil, err
		}
		return source.OpenReader(r, size, with.limit, with.budget)
	}}
}

// Stream returns a Source for a plain stream of unknown size. The service needs the size
// first (BeginMultipartUploadRequest.size), so the stream is read to its end before anything
// is sent. Up to 256 KiB are kept in memory of the client's budget, if that has room. A longer
// stream is spooled to a file in [os.TempDir], which needs room for all of it. The temporary
// file is gone when Upload returns.
//
// The reader is never closed. If the context ends, the upload waits for a Read in progress, as
// for a [Reader].
func Stream(r io.Reader) Source {
	once := readOnce()
	return Source{open: func(ctx context.Context, with reading) (*source.Opened, error) {
		if r == nil {
			return nil, argumentError("source", "the io.Reader is nil")
		}
		if err := once(); err != nil {
			return nil, err
		}
		return source.OpenStream(ctx, r, with.limit, with.budget)
	}}
}

// readOnce returns a function that refuses its second call, because a stream can be read
// only once.
func readOnce() func() error {
	var used atomic.Bool
	return func() error {
		if used.Swap(true) {
			return argumentError("source", "a plain stream can be uploaded once; make a new Source")
		}
		return nil
	}
}
