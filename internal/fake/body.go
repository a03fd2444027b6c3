package fake

import (
	"io"
	"net/http"
	"sync/atomic"
)

// countedBody counts what is read of a request body.
type countedBody struct {
	io.ReadCloser
	count atomic.Int64
}

// countBody puts a counter under the request. A request without a body keeps
// http.NoBody, which handlers look for.
func countBody(r *http.Request) *countedBody {
	body := &countedBody{ReadCloser: r.Body}
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = body
	}
	return body
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.count.Add(int64(n))
	return n, err
}

func (b *countedBody) bytes() int64 { return b.count.Load() }
