package bytescale

import (
	"bytes"
	"context"
	"fmt"
	"io"
)

// sequence is a plain stream that is read part after part, in order.
type sequence struct {
	r   io.Reader
	pos int64
}

// peek returns up to n bytes from the beginning without using them up. It must
// be called before anything was read.
func (s *sequence) peek(ctx context.Context, n int) ([]byte, error) {
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
func (s *sequence) skipTo(ctx context.Context, start int64) error {
	if start < s.pos {
		return fmt.Errorf("%w: asked again for byte %d of a stream that was read to %d", ErrProtocol, start, s.pos)
	}
	n, err := io.CopyN(io.Discard, contextReader{ctx, s.r}, start-s.pos)
	s.pos += n
	return s.explain(ctx, err, start)
}

// read returns the part p as a payload: from the budget, or spooled when it is
// larger than all of that.
func (s *sequence) read(ctx context.Context, p part, b *budget) (payload, error) {
	if p.length() > b.bytes {
		return s.spoolPart(ctx, p, b)
	}
	buffer, err := b.get(ctx, p.length())
	if err != nil {
		return payload{}, err
	}
	whole := false
	defer func() { // also when the caller's Reader panics
		if !whole {
			b.put(buffer)
		}
	}()
	if err := s.readInto(ctx, buffer, p); err != nil {
		return payload{}, err
	}
	whole = true
	held := &lease{budget: b, buffer: buffer}
	return payload{r: memory(buffer), size: p.length(), lease: held, release: held.release}, nil
}

func (s *sequence) readInto(ctx context.Context, buffer []byte, p part) error {
	if err := s.skipTo(ctx, p.start); err != nil {
		return err
	}
	n, err := io.ReadFull(contextReader{ctx, s.r}, buffer)
	s.pos += int64(n)
	return s.explain(ctx, err, p.end+1)
}

// spoolPart reads a part into a temporary file. It takes all of the budget for as
// long, so that one such part at a time lies on the disk.
func (s *sequence) spoolPart(ctx context.Context, p part, b *budget) (payload, error) {
	if err := b.acquire(ctx, b.bytes); err != nil {
		return payload{}, err
	}
	f, err := newSpool()
	if err != nil {
		b.available.Release(b.bytes)
		return payload{}, err
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
	if err := s.skipTo(ctx, p.start); err != nil {
		return payload{}, err
	}
	n, err := f.fill(io.LimitReader(contextReader{ctx, s.r}, p.length()))
	s.pos += n
	if err == nil && n < p.length() {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return payload{}, s.explain(ctx, err, p.end+1)
	}
	whole = true
	return payload{r: f.File, size: p.length(), release: release}, nil
}

// endsAt says whether the stream ends at size.
func (s *sequence) endsAt(ctx context.Context, size int64) error {
	if err := s.skipTo(ctx, size); err != nil {
		return err
	}
	var one [1]byte
	switch n, err := io.ReadFull(contextReader{ctx, s.r}, one[:]); {
	case n > 0:
		return fmt.Errorf("%w: it goes on after %d bytes", ErrSourceSize, size)
	case err != io.EOF:
		return streamError(ctx, err)
	}
	return nil
}

// explain turns an early end into ErrSourceSize.
func (s *sequence) explain(ctx context.Context, err error, wanted int64) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case isEnd(err):
		return fmt.Errorf("%w: it ended after %d bytes; %d were announced or more", ErrSourceSize, s.pos, wanted)
	default:
		return err
	}
}
