package download

import (
	"context"
	"io"
	"net/http"

	"github.com/c88edac7/bytescale-go/internal/rest"
	"github.com/c88edac7/bytescale-go/internal/retry"
)

// Range is the bytes to read of a file. A length of -1 means to the end.
type Range struct{ Offset, Length int64 }

// Stream reads a file, or a range of it, in order. It continues after a break if the file
// has a strong etag and its size is known. It is not safe for concurrent use.
type Stream struct {
	Info

	engine   *Engine
	file     File
	ctx      context.Context
	attempts *retry.Attempts
	answer   *answer
	read     int64 // bytes so far
	advanced int64 // of these when it was opened last
	broken   error // what the answer failed by
}

// Stream opens a file for reading. A nil range is the whole file. ctx applies to the
// reading too.
func (e *Engine) Stream(ctx context.Context, f File, r *Range) (*Stream, error) {
	w := want{}
	if r != nil {
		w = want{ranged: true, offset: r.Offset, length: r.Length}
	}
	s := &Stream{engine: e, file: f, ctx: ctx, attempts: e.attempts(-1, nil)}
	_, err := s.attempts.Do(ctx, func(ctx context.Context) error { return s.open(ctx, w) })
	if err != nil {
		return nil, err
	}
	s.Info = s.answer.Info
	if !s.continues() && s.Size != 0 {
		e.OnNoContinuation(NoContinuation{Context: ctx, Err: errNoETag})
	}
	return s, nil
}

// open makes one attempt to open what is wanted.
func (s *Stream) open(ctx context.Context, w want) error {
	a, err := s.engine.open(ctx, s.file, w)
	if err != nil {
		return err
	}
	if w.ranged && a.whole {
		a.close()
		return rest.ProtocolError(s.engine.Operation, http.StatusOK, "the CDN ignored the range")
	}
	a.watch.cutSlow = a.watch.cutSlow && a.Size > 0
	s.answer, s.broken, s.advanced = a, nil, s.read
	return nil
}

// Read reads the next bytes.
func (s *Stream) Read(p []byte) (int, error) {
	for {
		if s.broken != nil {
			if err := s.reopen(); err != nil {
				return 0, err
			}
		}
		n, err := s.answer.next(p)
		s.read += int64(n)
		if err == nil || err == io.EOF {
			return n, err
		}
		s.broken = err
		if n > 0 {
			return n, nil // the error comes with the next read, if it stays one
		}
	}
}

// reopen continues where the answer broke.
func (s *Stream) reopen() error {
	s.answer.close()
	if !s.continues() || s.read == s.Size {
		return s.broken
	}
	if s.read-s.advanced >= leastProgress {
		s.attempts.Advance()
		s.advanced = s.read
	}
	rest := want{
		ranged: true, offset: s.Offset + s.read, length: s.Size - s.read,
		version: version{s.ETag, s.FileSize},
	}
	_, err := s.attempts.Again(s.ctx, s.broken, func(ctx context.Context) error { return s.open(ctx, rest) })
	if err != nil {
		s.broken = err
	}
	return err
}

// continues reports whether the stream can be continued after a break.
func (s *Stream) continues() bool { return isStrong(s.ETag) && s.FileSize >= 0 }

// Close ends the download, also an incomplete one, and frees its connection.
func (s *Stream) Close() error { return s.answer.close() }
