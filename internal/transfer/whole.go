package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/wire"
)

// Whole is a request that stores a file with all of its bytes. A second file at Path must
// replace the first or be refused, because the request is repeated when its answer is lost.
type Whole struct {
	Path string
	// Send makes one attempt. It calls body for each request that is sent.
	Send func(ctx context.Context, body func() (io.ReadCloser, error)) (File, error)
	// Arrived reports whether an attempt that failed with err may have been carried out, given
	// that all bytes were sent.
	Arrived func(ctx context.Context, err error) bool
}

// SendWhole stores the source by one request, and returns the stored file. The source must be
// one that is read in place, and not empty. It counts against the limits on PUTs and, by Send,
// against those on API calls.
func (u *Upload) SendWhole(ctx context.Context, request Whole) (File, error) {
	payload := u.in.Chunk(0, u.in.Size).Payload
	proof := &provingReader{source: payload.Source, end: payload.Offset + payload.Size, prove: func() error { return u.in.Verify(ctx) }}
	payload.Source = proof
	lost := false
	_, err := u.attempts(operation.BasicUpload, -1).Do(ctx, func(ctx context.Context) error {
		sent, err := u.sendWholeOnce(ctx, request, payload)
		switch {
		case proof.failure() != nil:
			return proof.failure()
		case err != nil && sent >= payload.Size && request.Arrived(ctx, err):
			lost = true
			u.setOutcome(unknown)
		}
		return err
	})
	switch {
	case errors.Is(err, errs.ErrSourceSize):
		// A file that became shorter has changed, which says more.
		if changed := u.in.Verify(ctx); changed != nil {
			err = changed
		}
		return File{}, err
	case err != nil:
		return File{}, err
	case lost && u.file.Path != request.Path:
		return File{}, fmt.Errorf("%w: %s: the answer to an attempt was lost, and the next one was stored at %q instead of %q",
			errs.ErrProtocol, operation.BasicUpload, u.file.Path, request.Path)
	}
	u.setOutcome(stored)
	return u.file, nil
}

// sendWholeOnce makes one attempt and returns how many bytes were sent. When it returns, nothing
// reads the payload any more.
func (u *Upload) sendWholeOnce(ctx context.Context, request Whole, payload wire.Payload) (sent int64, err error) {
	release, err := u.engine.Limits.Put(ctx, payload.Size)
	if err != nil {
		return 0, err
	}
	defer release()
	earlier := operation.AttemptOf(ctx).Number - 1
	ctx, attempt := wire.NewAttempt(ctx, payload, earlier, u.engine.Timeouts, u.progress.sent, u.engine.Link)
	attempt.AwaitTurn() // for the limits on API calls
	file, err := request.Send(ctx, attempt.Body)
	sent, err = attempt.End(err)
	if err != nil {
		if errors.Is(err, errs.ErrUnanswered) {
			u.engine.Limits.PutUnanswered(payload.Size)
		}
		u.progress.lost(sent)
		return sent, err
	}
	u.engine.Limits.PutArrived(payload.Size)
	u.progress.confirmed(payload.Size, sent)
	u.file = file
	return sent, nil
}

// provingReader holds the last bytes of a source back until the source has proved to be what
// was announced. Without them the request is not complete, so that no other file is stored.
type provingReader struct {
	source io.ReaderAt
	end    int64
	prove  func() error

	mu     sync.Mutex
	failed error
}

// ReadAt implements io.ReaderAt.
func (r *provingReader) ReadAt(p []byte, at int64) (int, error) {
	n, err := r.source.ReadAt(p, at)
	if at+int64(n) < r.end {
		return n, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed = r.prove(); r.failed != nil {
		return 0, r.failed
	}
	return n, err
}

// failure returns why the source could not be proved.
func (r *provingReader) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}
