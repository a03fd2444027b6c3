package fake

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"sync/atomic"
)

// answerWriter records status, size and error code of an answer.
type answerWriter struct {
	http.ResponseWriter
	exchange *exchange
	status   int
	bytes    int64
	head     []byte // start of the body of an error
}

// maxErrorHead is the number of bytes of an error body that are kept to find its
// code.
const maxErrorHead = 8 << 10

// WriteHeader records the status unless it is informational.
func (w *answerWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
		w.exchange.note(func(x *Exchange) { x.Status = status })
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *answerWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	if w.status >= 400 {
		w.head = append(w.head, p[:min(len(p), maxErrorHead-len(w.head))]...)
	}
	return n, err
}

// Unwrap lets [http.ResponseController] through.
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// started reports whether some of the answer was sent.
func (w *answerWriter) started() bool { return w.status != 0 }

// code returns the error code of the answer, or "" if there is none.
func (w *answerWriter) code() string {
	if bytes.HasPrefix(w.head, []byte("<?xml")) {
		var body storageError
		if xml.Unmarshal(w.head, &body) == nil {
			return body.Code
		}
		return ""
	}
	var body struct {
		Error struct {
			Code string `json:"code"`
		} `json:"error"`
	}
	if json.Unmarshal(w.head, &body) != nil {
		return ""
	}
	return body.Error.Code
}

// countedBody counts the bytes that are read of a request body.
type countedBody struct {
	io.ReadCloser
	count atomic.Int64
}

// countBody replaces the body of the request by one that counts. A request without a
// body keeps http.NoBody, because handlers compare with it.
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
