package source

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/wire"
)

// Stream is a plain stream of known size, which is read part after part.
type Stream struct {
	r   io.Reader
	pos int64
}

// peek returns up to n bytes from the beginning, which stay to be read. It must be called
// before anything else was read.
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

// skipTo reads and drops the bytes before start, which the service has already.
func (s *Stream) skipTo(ctx context.Context, start int64) error {
	if start < s.pos {
		return fmt.Errorf("%w: asked again for byte %d of a stream that was read to %d", errs.ErrProtocol, start, s.pos)
	}
	n, err := io.CopyN(io.Discard, contextReader{ctx, s.r}, start-s.pos)
	s.pos += n
	return s.explain(ctx, err, start)
}

// ReadChunk returns the size bytes from start on: in a buffer of the budget, or in a
// temporary file if they are more than the whole budget. It waits until the budget has
// room. Calls must come in the order of the parts.
func (s *Stream) ReadChunk(ctx context.Context, start, size int64, b *Budget) (Chunk, error) {
	if size > b.bytes {
		return s.spoolPart(ctx, start, size, b)
	}
	buffer, err := b.get(ctx, size)
	if err != nil {
		return Chunk{}, err
	}
	whole := false
	defer func() { // also if the caller's Reader panics
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

// spoolPart reads a part into a temporary file. The part takes the whole budget, so that
// only one such part lies on the disk at a time.
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
	defer func() { // also if the caller's Reader panics
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

// endsAt returns an error unless the stream ends at size.
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
