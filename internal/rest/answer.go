package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

const (
	// callTimeout limits the time of one API call with its answer by default.
	callTimeout = 2 * time.Minute
	// maxAnswer is the longest answer to a call that is about one file or part, in
	// bytes. With every character of a path, tags and metadata escaped, a documented
	// one can have some 100 KB.
	maxAnswer = 128 << 10
	// maxListAnswer is the longest list of parts, which is enough for 100,000 of them.
	maxListAnswer = 1 << 20
	// maxOtherAnswer is the longest answer to any other call.
	maxOtherAnswer = 16 << 20
)

// bound limits the time of a call with its answer, and the length of the answer.
func (c *Client) bound(next handler) handler {
	limit := c.Timeouts.Call
	if limit <= 0 {
		limit = callTimeout
	}
	cause := fmt.Errorf("%w in %v", errCallTimeout, limit)
	return func(req *http.Request, about call) (*http.Response, error) {
		ctx, cancel := withTimeout(req.Context(), about, limit, cause)
		resp, err := next(req.WithContext(ctx), about)
		if err != nil {
			err = timedOut(ctx, err)
			cancel()
			return nil, err
		}
		resp.Body = &boundedBody{body: resp.Body, left: about.maxAnswer(), ctx: ctx, cancel: cancel}
		return resp, nil
	}
}

// withTimeout returns a context that ends when the call has taken longer than limit, unless
// the call sends a whole file or is no known operation.
func withTimeout(ctx context.Context, about call, limit time.Duration, cause error) (context.Context, context.CancelFunc) {
	switch about.operation {
	case operation.BasicUpload, operation.FormDataUpload, "":
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, limit, cause)
}

var errCallTimeout = fmt.Errorf("%w: no complete answer", errs.ErrStalled)

// timedOut returns the reason for the end of the context in place of the error that it
// caused, if a limit of this package ended it.
func timedOut(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if err != nil && !errors.Is(err, io.EOF) && errors.Is(cause, errCallTimeout) {
		return cause
	}
	return err
}

func (c call) maxAnswer() int64 {
	switch c.operation {
	case operation.BeginMultipartUpload, operation.GetUploadPart, operation.CompleteUploadPart,
		operation.BasicUpload, operation.GetFileDetails, operation.DeleteFile:
		return maxAnswer
	case operation.ListUploadParts:
		return maxListAnswer
	}
	return maxOtherAnswer
}

// boundedBody is the body of an answer, bounded in length and time.
type boundedBody struct {
	body   io.ReadCloser
	left   int64           // bytes that may still come
	ctx    context.Context // of the call
	cancel context.CancelFunc
}

var errAnswerTooLong = fmt.Errorf("%w: the answer is too long", errs.ErrProtocol)

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		// An answer of exactly the limit may end here.
		if n, err := b.body.Read(make([]byte, 1)); n == 0 {
			return 0, timedOut(b.ctx, err)
		}
		return 0, errAnswerTooLong
	}
	n, err := b.body.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, timedOut(b.ctx, err)
}

func (b *boundedBody) Close() error {
	defer b.cancel()
	return b.body.Close()
}

// releasing is a body that frees the place of its call among those in flight when it is
// closed.
type releasing struct {
	io.ReadCloser
	release func()
	closed  sync.Once
}

func (r *releasing) Close() error {
	defer r.closed.Do(r.release)
	return r.ReadCloser.Close()
}

// Discard reads the rest of a short answer and closes it, so that the connection can be
// used again.
func Discard(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	resp.Body.Close()
}
