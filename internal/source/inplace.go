package source

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// openInPlace opens a reader whose next size bytes can be read in place. It returns nil for
// any other reader. Only types of the standard library count, because a type that wraps one
// of them may read other bytes than it.
func openInPlace(r io.Reader, size int64) (*Opened, error) {
	switch r := r.(type) {
	case *os.File:
		return openRest(r, size), nil
	case *bytes.Reader:
		return openSeeker(r, size)
	case *strings.Reader:
		return openSeeker(r, size)
	case *io.SectionReader:
		return openSeeker(r, size)
	}
	return nil, nil
}

// openRest opens the rest of a regular file from its present position on. If that has not
// size bytes, it is left to be read as a stream: its size may not be what stat says.
func openRest(f *os.File, size int64) *Opened {
	before, err := f.Stat()
	if err != nil || !before.Mode().IsRegular() || size == 0 {
		return nil
	}
	in, err := openSeeker(f, size)
	if in == nil || err != nil || before.Size()-in.base != size {
		return nil
	}
	in.Verify = func(context.Context) error { return unmodified(f, before) }
	return in
}

// unmodified returns an error if a file has another size or modification time than before.
func unmodified(f *os.File, before fs.FileInfo) error {
	now, err := f.Stat()
	switch {
	case err != nil:
		return &errs.SourceError{Err: err}
	case now.Size() != before.Size() || !now.ModTime().Equal(before.ModTime()):
		return fmt.Errorf("%w: %s was modified", errs.ErrSourceChanged, f.Name())
	}
	return nil
}

type readAtSeeker interface {
	io.ReaderAt
	io.Seeker
}

// openSeeker opens what r has from its present position on. When that is closed, r is at its
// end, as if it had been read.
func openSeeker(r readAtSeeker, size int64) (*Opened, error) {
	base, err := r.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, &errs.SourceError{Err: err}
	}
	if base > math.MaxInt64-size {
		return nil, nil
	}
	if err := endsAt(r, base+size); err != nil {
		return nil, err
	}
	return &Opened{
		Size:     size,
		random:   r,
		base:     base,
		headOnly: true,
		Verify:   func(context.Context) error { return endsAt(r, base+size) },
		Close:    func() { _, _ = r.Seek(base+size, io.SeekStart) },
	}, nil
}
