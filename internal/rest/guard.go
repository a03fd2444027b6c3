package rest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// guard returns the answer of a transport with a body that ends with the context. It
// refuses, and closes, what is no answer: a status below 200, and a body that can be
// written to. Such a body is a connection that has left HTTP (101 Switching Protocols),
// and no context ends that.
func (c *Client) guard(ctx context.Context, resp *http.Response) (*http.Response, error) {
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	_, writes := resp.Body.(io.Writer)
	switch {
	case resp.StatusCode < 200:
		resp.Body.Close()
		return nil, fmt.Errorf("%w: status %d is not that of an answer", errs.ErrProtocol, resp.StatusCode)
	case writes:
		resp.Body.Close()
		return nil, fmt.Errorf("%w: status %d, and the connection is handed over", errs.ErrProtocol, resp.StatusCode)
	case resp.Body != http.NoBody && !endsBodies(c.Transport):
		resp.Body = guardBody(ctx, resp.Body)
	}
	return resp, nil
}

// endsBodies reports whether a transport itself ends the bodies of its answers with the
// context, as that of net/http does.
func endsBodies(t http.RoundTripper) bool {
	_, is := t.(*http.Transport)
	return is
}

// guardedBody is the body of an answer that is closed when the context ends, so that no
// read of it lasts longer, whatever the transport does about the context.
type guardedBody struct {
	io.ReadCloser
	ctx    context.Context
	ended  atomic.Bool // the context has ended, and closes the body
	detach func() bool // from the context
	once   sync.Once
	err    error // of closing
}

func guardBody(ctx context.Context, body io.ReadCloser) *guardedBody {
	b := &guardedBody{ReadCloser: body, ctx: ctx}
	b.detach = context.AfterFunc(ctx, func() {
		b.ended.Store(true)
		b.once.Do(b.close)
	})
	return b
}

func (b *guardedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && b.ended.Load() {
		err = context.Cause(b.ctx) // closing is what the read failed by
	}
	return n, err
}

func (b *guardedBody) Close() error {
	b.detach()
	b.once.Do(b.close)
	return b.err
}

func (b *guardedBody) close() { b.err = b.ReadCloser.Close() }
