package fake

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// errBodyCut reports that the request body ended too early.
var errBodyCut = errors.New("the request body was cut off")

// readBuffers are used to copy from a connection to the store. They are large because
// a read of a busy connection fills them.
var readBuffers = sync.Pool{New: func() any { return new([256 << 10]byte) }}

// received are bytes that have arrived and belong to nothing yet. They must be
// handed to the store or abandoned.
type received struct {
	store.Receiver        // nil if bytes are discarded
	size           int64  // how many there are
	etag           string // of exactly these bytes; "" if they are discarded
}

func (r *received) abandon() {
	if r.Receiver != nil {
		r.Receiver.Abandon()
	}
}

// receive reads a body to its end into the store, and refuses more bytes than a file
// may have. size is the number of bytes that are expected, -1 if it is unknown. A body
// that ends before its Content-Length returns an error from Read.
func (s *Server) receive(ctx context.Context, body io.Reader, size int64) (_ *received, err error) {
	got := &received{}
	var digest hash.Hash
	if !s.options.Discard {
		if got.Receiver, err = s.store.Receive(size); err != nil {
			return nil, fmt.Errorf("opening the store: %w", err)
		}
		digest = md5.New()
		defer func() {
			if err != nil {
				got.abandon()
			}
		}()
	}
	buffer := readBuffers.Get().(*[256 << 10]byte)
	defer readBuffers.Put(buffer)
	for {
		n, readErr := body.Read(buffer[:])
		got.size += int64(n)
		if got.size > s.options.MaxFileSize {
			return nil, &refusal.Error{Code: refusal.FileTooLarge}
		}
		if digest != nil {
			digest.Write(buffer[:n])
			if _, err := got.Write(buffer[:n]); err != nil {
				return nil, fmt.Errorf("writing to the store: %w", err)
			}
		}
		if readErr == io.EOF {
			break
		}
		if readErr != nil {
			return nil, fmt.Errorf("%w: %w", errBodyCut, readErr)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if digest != nil {
		got.etag = hex.EncodeToString(digest.Sum(nil))
	}
	return got, nil
}

// textETag returns an etag of a text, for files whose bytes are discarded.
func textETag(format string, args ...any) string {
	sum := md5.Sum(fmt.Appendf(nil, format, args...))
	return hex.EncodeToString(sum[:])
}

// wholeETag returns the etag of a file made of parts, in the form of object storage.
func wholeETag(parts []store.Part) string {
	if len(parts) == 1 {
		return parts[0].ETag
	}
	digest := md5.New()
	for _, part := range parts {
		_, _ = io.WriteString(digest, part.ETag) // writing to a hash never fails
	}
	return fmt.Sprintf("%s-%d", hex.EncodeToString(digest.Sum(nil)), len(parts))
}
