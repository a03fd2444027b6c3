package source

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/wire"
)

// Stream is a plain stream that is read part after part, in order.
type Stream struct {
	r   io.Reader
	pos int64
}

// peek returns up to n bytes from the beginning without using them up. It must
// be called before anything was read.
func (s *Stream) peek(ctx context.Context, n int) ([]byte, error) {
	head := make([]byte, n)
	got, err := io.ReadFull(contextReader{ctx, s.r}, head)
	if err != nil && !isEnd(err) {
		return nil, streamError(ctx, err)
	}
	head = head[:got]
	s.r = io.MultiReader(bytes.NewReader(head), s.r)
	return head, nil
}

// skipTo reads past the bytes before start, which the service has already.
func (s *Stream) skipTo(ctx context.Context, start int64) error {
	if start < s.pos {
		return fmt.Errorf("%w: asked again for byte %d of a stream that was read to %d", errs.ErrProtocol, start, s.pos)
	}
	n, err := io.CopyN(io.Discard, contextReader{ctx, s.r}, start-s.pos)
	s.pos += n
	return s.explain(ctx, err, start)
}

// ReadChunk returns the size bytes from start on: in a buffer of the budget, or spooled
// when they are more than all of that.
func (s *Stream) ReadChunk(ctx context.Context, start, size int64, b *Budget) (Chunk, error) {
	if size > b.bytes {
		return s.spoolPart(ctx, start, size, b)
	}
	buffer, err := b.get(ctx, size)
	if err != nil {
		return Chunk{}, err
	}
	whole := false
	defer func() { // also when the caller's Reader panics
		if !whole {
			b.put(buffer)
		}
	}()
	if err := s.readInto(ctx, buffer, start); err != nil {
		return Chunk{}, err
	}
	whole = true
	held := &lease{budget: b, buffer: buffer}
	return Chunk{Payload: wire.Payload{Source: wire.Bytes(buffer), Size: size}, lease: held, free: held.release}, nil
}

func (s *Stream) readInto(ctx context.Context, buffer []byte, start int64) error {
	if err := s.skipTo(ctx, start); err != nil {
		return err
	}
	n, err := io.ReadFull(contextReader{ctx, s.r}, buffer)
	s.pos += int64(n)
	return s.explain(ctx, err, start+int64(len(buffer)))
}

// spoolPart reads a part into a temporary file. It takes all of the budget for as
// long, so that one such part at a time lies on the disk.
func (s *Stream) spoolPart(ctx context.Context, start, size int64, b *Budget) (Chunk, error) {
	if err := b.acquire(ctx, b.bytes); err != nil {
		return Chunk{}, err
	}
	f, err := newSpoolFile()
	if err != nil {
		b.available.Release(b.bytes)
		return Chunk{}, err
	}
	release := func() {
		f.remove()
		b.available.Release(b.bytes)
	}
	whole := false
	defer func() { // also when the caller's Reader panics
		if !whole {
			release()
		}
	}()
	if err := s.skipTo(ctx, start); err != nil {
		return Chunk{}, err
	}
	n, err := f.fill(io.LimitReader(contextReader{ctx, s.r}, size))
	s.pos += n
	if err == nil && n < size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return Chunk{}, s.explain(ctx, err, start+size)
	}
	whole = true
	return Chunk{Payload: wire.Payload{Source: f.File, Size: size}, free: release}, nil
}

// endsAt says whether the stream ends at size.
func (s *Stream) endsAt(ctx context.Context, size int64) error {
	if err := s.skipTo(ctx, size); err != nil {
		return err
	}
	var one [1]byte
	switch n, err := io.ReadFull(contextReader{ctx, s.r}, one[:]); {
	case n > 0:
		return fmt.Errorf("%w: it goes on after %d bytes", errs.ErrSourceSize, size)
	case err != io.EOF:
		return streamError(ctx, err)
	}
	return nil
}

// explain turns an early end into errs.ErrSourceSize.
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
