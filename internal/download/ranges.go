package download

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/retry"
)

// ranges is a download in parts over several connections.
type ranges struct {
	engine   *Engine
	file     File
	version  version
	target   target
	retries  *retry.Budget
	progress *progress

	mu      sync.Mutex
	todo    []span  // that no part covers yet, in ascending order
	parts   []*part // under way
	nextOne int64
}

// part is a part of the file on its way. The span is what is missing of it.
type part struct {
	span
	index  int64
	opened *opening // the answer, if there is one already
}

// run downloads all that is to do. The answer of o is that to the first part.
func (r *ranges) run(ctx context.Context, o *opening) error {
	first := r.take(o.Size)
	first.opened = o
	workers := min(int64(r.engine.Limits.MaxPuts), 1+(total(r.todo)+r.partSize()-1)/r.partSize())
	if workers == 1 {
		return r.work(ctx, first) // most small files are one part, which needs no goroutine
	}
	group, ctx := errgroup.WithContext(ctx)
	for range workers {
		p := first
		first = nil
		group.Go(func() error { return r.work(ctx, p) })
	}
	return group.Wait()
}

func (r *ranges) partSize() int64 { return r.engine.partSize(r.version.size) }

// work downloads a part, if it is not nil, and then those that are to do, one after another.
func (r *ranges) work(ctx context.Context, p *part) error {
	if p == nil {
		p = r.take(r.partSize())
	}
	for ; p != nil; p = r.take(r.partSize()) {
		if err := r.fetch(ctx, p); err != nil {
			return err
		}
		r.done(p)
	}
	return nil
}

// take returns the next part, of at most length bytes, or nil if nothing is to do.
func (r *ranges) take(length int64) *part {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.todo) == 0 {
		return nil
	}
	next := &r.todo[0]
	p := &part{index: r.nextOne, span: span{next.start, min(next.end, next.start+length)}}
	if next.start = p.end; next.length() == 0 {
		r.todo = r.todo[1:]
	}
	r.nextOne++
	r.parts = append(r.parts, p)
	return p
}

func (r *ranges) done(p *part) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts = slices.DeleteFunc(r.parts, func(other *part) bool { return other == p })
	r.retries.GiveBack()
}

// missing returns what is not written yet. The caller holds mu.
func (r *ranges) missing() []span {
	spans := slices.Clone(r.todo)
	for _, p := range r.parts {
		spans = append(spans, p.span)
	}
	return sorted(spans)
}

// fetch downloads a part. A failed attempt is followed by one that begins where it ended.
func (r *ranges) fetch(ctx context.Context, p *part) error {
	attempts := r.engine.attempts(p.index, r.retries)
	_, err := attempts.Do(ctx, func(ctx context.Context) error {
		before := p.start
		err := r.attempt(ctx, p)
		if err != nil && p.start-before >= leastProgress {
			attempts.Advance()
		}
		return err
	})
	return err
}

// attempt makes one attempt at what is missing of a part.
func (r *ranges) attempt(ctx context.Context, p *part) error {
	if opened := p.opened; opened != nil {
		p.opened = nil
		defer opened.close()
		release, err := r.engine.Limits.Rest(ctx, p.length())
		if err != nil {
			return err
		}
		defer release()
		return r.copy(p, opened.answer)
	}
	release, err := r.engine.Limits.Get(ctx, p.length())
	if err != nil {
		return err
	}
	defer release()
	a, err := r.engine.open(ctx, r.file, want{ranged: true, offset: p.start, length: p.length(), version: r.version})
	if err != nil {
		return err
	}
	defer a.close()
	return r.copy(p, a)
}

// copy writes an answer to the target.
func (r *ranges) copy(p *part, a *answer) error {
	buffer := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(buffer)
	for {
		n, err := a.next(buffer[:])
		if n > 0 {
			if err := r.write(p, buffer[:n]); err != nil {
				return err
			}
		}
		switch {
		case err == io.EOF, err != nil && p.length() == 0 && !errors.Is(err, errs.ErrProtocol):
			return nil
		case err != nil:
			return err
		}
	}
}

const bufferSize = 64 << 10

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// write writes the next bytes of a part.
func (r *ranges) write(p *part, data []byte) error {
	if err := write(r.target, data, p.start); err != nil {
		return err
	}
	n := int64(len(data))
	r.mu.Lock()
	p.start += n
	r.target.note(n, r.missing)
	r.mu.Unlock()
	r.progress.written(n)
	return nil
}
