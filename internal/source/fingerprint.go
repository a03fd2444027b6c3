package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// fingerprintSize is how many bytes of the head and of the tail of a source are hashed.
const fingerprintSize = 64 << 10

// ContentID identifies the content of a source. The root package documents its fields in
// Fingerprint.
type ContentID struct {
	Size       int64
	ModTime    time.Time
	Head, Tail string
}

// Identify reads the head of the source, and the tail if it can be read in place.
func (in *Opened) Identify(ctx context.Context) (ContentID, error) {
	f := ContentID{Size: in.Size, ModTime: in.modTime}
	length := min(in.Size, fingerprintSize)
	if in.Stream != nil {
		var err error
		f.Head, err = in.Stream.sumHead(ctx, length)
		return f, err
	}
	buffer := make([]byte, length)
	if err := readFull(in.random, buffer, in.base); err != nil {
		return f, err
	}
	f.Head = hexSum(buffer)
	if in.headOnly {
		return f, nil
	}
	if err := readFull(in.random, buffer, in.base+in.Size-length); err != nil {
		return f, err
	}
	f.Tail = hexSum(buffer)
	return f, nil
}

func readFull(r io.ReaderAt, buffer []byte, at int64) error {
	for len(buffer) > 0 {
		n, err := r.ReadAt(buffer, at)
		buffer, at = buffer[n:], at+int64(n)
		switch {
		case len(buffer) == 0:
		case err == io.EOF:
			return fmt.Errorf("%w: it ended at byte %d", errs.ErrSourceSize, at)
		case err != nil:
			return &errs.SourceError{Err: err}
		case n == 0:
			return &errs.SourceError{Err: io.ErrNoProgress}
		}
	}
	return nil
}

func hexSum(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
