package transfer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/retry"
	"github.com/c88edac7/bytescale-go/internal/source"
)

const (
	// maxURLAge is the age at which a pre-signed URL that still waits is fetched
	// again. Its lifetime is not documented (UploadPart.uploadUrl).
	maxURLAge = time.Minute
	// maxRefreshes bounds the fresh URLs of one part that storage refuses.
	maxRefreshes = 3
	// maxSends bounds the PUTs of one part that the service could not use: one
	// answered without an etag, or with one that the completion refuses.
	maxSends = 2
)

// assignment is a part's descriptor and when it was given.
type assignment struct {
	Part
	fetchedAt time.Time
}

func assign(p Part) *assignment { return &assignment{Part: p, fetchedAt: time.Now()} }

// partUpload is the way of one part: its URL is fetched, its bytes are sent, its
// completion is confirmed.
type partUpload struct {
	*Upload
	position, index int64
	assigned        *assignment // nil until known
	rangeErr        error       // what is wrong with its range

	// For plain streams: closed when the part before, if any, and this part was read.
	previous, read chan struct{}

	waits    bool  // the window counts it as waiting for its turn
	counted  bool  // the transfer knows that its completion is due
	last     bool  // its completion makes the file exist
	doubt    bool  // a completion of it may have been carried out although nobody said so
	inFlight int64 // bytes that its last PUT sent, if they count as sent

	step *retry.Attempts // the latest step
}

// errPartDone says that the service has the part already.
var errPartDone = errors.New("the part is complete already")

func (p *partUpload) do(ctx context.Context) error {
	p.waits, p.step = true, p.retrier(operation.PutPart, p.index)
	defer p.window.leave()
	defer p.sending()

	answer, err := p.run(ctx)
	if errors.Is(err, errPartDone) {
		err = p.skip(ctx)
	}
	if err != nil {
		return p.failure(ctx, err)
	}
	p.confirmed(p.length(), p.inFlight, answer)
	return nil
}

// run brings the part to the service.
func (p *partUpload) run(ctx context.Context) (Completion, error) {
	if p.assigned == nil {
		if err := p.fetch(ctx); err != nil {
			return Completion{}, err
		}
		p.rangeErr = p.learn(p.position, p.assigned.Part)
	}
	if p.rangeErr != nil {
		return Completion{}, p.rangeErr
	}
	data, err := p.chunk(ctx)
	if err != nil {
		return Completion{}, err
	}
	defer data.Release()

	for sends := 1; ; sends++ {
		answer, then, err := p.sendOnce(ctx, data)
		if err == nil || then != retry.ResendPart || sends == maxSends {
			return answer, err
		}
		p.progress.lost(p.inFlight)
		p.inFlight = 0
		if !data.Retake() {
			return answer, fmt.Errorf("%w (and the bytes of the stream are gone)", err)
		}
	}
}

// sendOnce sends the part's bytes and its completion, with all retries that
// need no second PUT of stored bytes.
func (p *partUpload) sendOnce(ctx context.Context, data source.Chunk) (Completion, retry.Decision, error) {
	etag, err := p.put(ctx, data.Payload)
	if err != nil {
		return Completion{}, p.Policy.Decide(operation.PutPart, err), err
	}
	data.Spare()
	if !p.counted {
		p.counted = true
		p.last = p.completionDue()
	}
	if p.last {
		if err := p.proveSource(ctx); err != nil {
			return Completion{}, retry.Stop, err
		}
	}
	return p.complete(ctx, etag)
}

// chunk is the part's bytes. Those of a plain stream are read in order.
func (p *partUpload) chunk(ctx context.Context) (source.Chunk, error) {
	if p.in.Stream == nil {
		return p.in.Chunk(p.assigned.Start, p.assigned.length()), nil
	}
	if err := p.turn(ctx); err != nil {
		return source.Chunk{}, err
	}
	defer close(p.read)
	return p.in.Stream.ReadChunk(ctx, p.assigned.Start, p.assigned.length(), p.Budget)
}

// turn waits until the part before has been read from the stream.
func (p *partUpload) turn(ctx context.Context) error {
	if p.previous == nil {
		return ctx.Err()
	}
	select {
	case <-p.previous:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// skip leaves out a part that the service has already.
func (p *partUpload) skip(ctx context.Context) error {
	if !p.counted {
		p.counted = true
		p.completionDue()
	}
	if p.in.Stream == nil {
		return nil
	}
	select {
	case <-p.read:
		return nil
	default:
	}
	if err := p.turn(ctx); err != nil {
		return err
	}
	close(p.read)
	return nil
}

// sending gives the part's place in the look-ahead to the next one.
func (p *partUpload) sending() {
	if p.waits {
		p.waits = false
		p.window.sending(p.length())
	}
}

// length is the part's length in bytes, 0 while it is not known.
func (p *partUpload) length() int64 {
	if p.assigned == nil {
		return 0
	}
	return p.assigned.length()
}

// PartError is the failure of a part that ends its upload.
type PartError struct {
	Index      int64
	Start, End int64 // positions of its first and last byte; -1 if they are not known
	Attempts   int   // at the step that failed
	Err        error
}

func (e *PartError) Error() string { return fmt.Sprintf("part %d: %v", e.Index, e.Err) }
func (e *PartError) Unwrap() error { return e.Err }

func (p *partUpload) failure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	failed := &PartError{Index: p.index, Start: -1, End: -1, Attempts: p.step.Count(), Err: err}
	if p.assigned != nil {
		failed.Start, failed.End = p.assigned.Start, p.assigned.End
	}
	if errors.Is(err, errs.ErrSourceSize) && p.in.Stream == nil {
		// A file that became shorter has changed: that says more.
		if changed := p.in.Verify(ctx); changed != nil {
			failed.Err = changed
		}
	}
	return failed
}
