package rest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// connect limits the time until the request has a connection, if that has a limit. The
// attempt to send a part has the same limit in package wire, beside its other ones.
func (c *Client) connect(next handler) handler {
	limit := c.Timeouts.Connect
	if limit <= 0 {
		return next
	}
	return func(req *http.Request, about call) (*http.Response, error) {
		ctx, cancel := context.WithCancelCause(req.Context())
		wait := &connectionWait{cut: func() { cancel(errs.NoConnection(limit)) }}
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			GetConn: func(string) { wait.begin(limit) },
			GotConn: func(httptrace.GotConnInfo) { wait.end() },
		})
		resp, err := next(req.WithContext(ctx), about)
		wait.end()
		if err != nil {
			if cause := context.Cause(ctx); errors.Is(cause, errs.ErrStalled) && req.Context().Err() == nil {
				err = cause
			}
			cancel(nil)
			return nil, err
		}
		resp.Body = &cancelling{ReadCloser: resp.Body, cancel: func() { cancel(nil) }}
		return resp, nil
	}
}

// connectionWait cuts an attempt that waits too long for a connection.
type connectionWait struct {
	cut func()

	mu    sync.Mutex
	timer *time.Timer // nil before the first wait
}

func (w *connectionWait) begin(limit time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
	w.timer = time.AfterFunc(limit, w.cut)
}

func (w *connectionWait) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
}

// cancelling is a body that ends a context when it is closed.
type cancelling struct {
	io.ReadCloser
	cancel func()
}

func (b *cancelling) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
