package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

const (
	// smallPart is the size up to which a part never waits for a block. If none is free,
	// it goes into a temporary file.
	smallPart = 64 << 10
	// maxOnDisk is how many parts of one stream may lie in temporary files at a time: one
	// can be read while the other one is sent.
	maxOnDisk = 2
)

// Stream is a plain stream of known size, which is read part after part.
type Stream struct {
	r      io.Reader
	limit  *ReadLimit
	budget *Budget
	pos    int64
	onDisk chan struct{} // holds a token for each part that lies in a file
	heads  []*headReader // what sumHead has read
}

// reader returns the rest of the stream, as a reader that ends with the context.
func (s *Stream) reader(ctx context.Context) io.Reader {
	return contextReader{ctx: ctx, r: s.r, limit: s.limit}
}

// sumHead returns the SHA-256 of the first n bytes, or of all if they are fewer, in hex. The
// bytes stay to be read. It must be called before anything else was read.
func (s *Stream) sumHead(ctx context.Context, n int64) (string, error) {
	head := &headReader{chunk: s.budget.newChunk(n)}
	s.heads = append(s.heads, head)
	if err := head.chunk.fill(ctx, s.reader(ctx), n); err != nil && !isEnd(err) {
		return "", streamError(ctx, err)
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, head.chunk.content()); err != nil {
		return "", spoolError(err)
	}
	head.chunk.park()
	s.r = io.MultiReader(head, s.r)
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// headReader reads a parked chunk once and releases it at its end.
type headReader struct {
	chunk   *Chunk
	content io.Reader // nil before the first Read
	over    bool
}

func (h *headReader) Read(p []byte) (int, error) {
	if h.over {
		return 0, io.EOF
	}
	if h.content == nil {
		h.chunk.endWait()
		h.content = h.chunk.content()
	}
	n, err := h.content.Read(p)
	if err == io.EOF {
		h.release()
	}
	return n, err
}

func (h *headReader) release() {
	if !h.over {
		h.over = true
		h.chunk.Release()
	}
}

// close ends the stream and frees what it holds itself.
func (s *Stream) close() {
	for _, head := range s.heads {
		head.release()
	}
	s.budget.leave()
}

// skipTo reads and drops the bytes before start, which the service has already.
func (s *Stream) skipTo(ctx context.Context, start int64) error {
	if start < s.pos {
		return fmt.Errorf("%w: asked again for byte %d of a stream that was read to %d", errs.ErrProtocol, start, s.pos)
	}
	n, err := io.CopyN(io.Discard, s.reader(ctx), start-s.pos)
	s.pos += n
	return s.explain(ctx, err, start)
}

// ReadChunk reads the size bytes from start on. They lie in memory unless the budget is
// used up or smaller than the part. Calls must come in the order of the parts.
func (s *Stream) ReadChunk(ctx context.Context, start, size int64) (*Chunk, error) {
	if err := s.awaitDisk(ctx); err != nil {
		return nil, err
	}
	c := s.budget.newChunk(size)
	c.onDisk, c.patient = s.onDisk, size > smallPart
	if size > int64(s.budget.size)*blockSize {
		c.most = 0
	}
	whole := false
	defer func() { // also if the caller's Reader panics
		if !whole {
			c.Release()
		}
	}()
	if err := s.skipTo(ctx, start); err != nil {
		return nil, err
	}
	err := c.fill(ctx, s.reader(ctx), size)
	s.pos += c.size
	if err := s.explain(ctx, err, start+size); err != nil {
		return nil, err
	}
	whole = true
	c.seal()
	return c, nil
}

// awaitDisk waits until another part of the stream may lie on the disk. It is read only
// then, because it may have to be moved there at any time.
func (s *Stream) awaitDisk(ctx context.Context) error {
	select {
	case s.onDisk <- struct{}{}:
		<-s.onDisk
		return nil
	default:
	}
	done := s.budget.waits(ctx)
	var err error
	select {
	case s.onDisk <- struct{}{}:
		<-s.onDisk
	case <-ctx.Done():
		err = ctx.Err()
	}
	done(err)
	return err
}

// endsAt returns an error unless the stream ends at size.
func (s *Stream) endsAt(ctx context.Context, size int64) error {
	if err := s.skipTo(ctx, size); err != nil {
		return err
	}
	var one [1]byte
	switch n, err := io.ReadFull(s.reader(ctx), one[:]); {
	case n > 0:
		return fmt.Errorf("%w: it goes on after %d bytes", errs.ErrSourceSize, size)
	case err != io.EOF:
		return streamError(ctx, err)
	}
	return nil
}

// explain returns errs.ErrSourceSize for an early end of the stream.
func (s *Stream) explain(ctx context.Context, err error, wanted int64) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case isEnd(err):
		return fmt.Errorf("%w: it ended after %d bytes; %d were announced or more", errs.ErrSourceSize, s.pos, wanted)
	default:
		return err
	}
}
