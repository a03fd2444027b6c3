package fake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// errAnswerCut ends the writing of an answer that is cut off.
var errAnswerCut = errors.New("the answer is cut off here")

// heldAnswer keeps an answer until it is known what becomes of it.
type heldAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newHeldAnswer() *heldAnswer { return &heldAnswer{header: http.Header{}} }

func (h *heldAnswer) Header() http.Header { return h.header }

func (h *heldAnswer) WriteHeader(status int) {
	if h.status == 0 {
		h.status = status
	}
}

func (h *heldAnswer) Write(p []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(p)
}

// send answers what was held.
func (h *heldAnswer) send(w http.ResponseWriter) {
	h.WriteHeader(http.StatusOK)
	for name, values := range h.header {
		w.Header()[name] = values
	}
	w.WriteHeader(h.status)
	_, _ = w.Write(h.body.Bytes()) // the client may be gone
}

// edit changes the JSON of a held answer as the fault says.
func (s *Server) edit(held *heldAnswer, f *fault.Fault, x *exchange) {
	var answer any
	decoder := json.NewDecoder(bytes.NewReader(held.body.Bytes()))
	decoder.UseNumber()
	if decoder.Decode(&answer) != nil {
		return // an error of ours, or no JSON at all
	}
	if object, ok := answer.(map[string]any); ok {
		if id, ok := object["uploadId"].(string); ok {
			s.script.Mislead(id)
		}
	}
	for place, value := range f.Set {
		answer = setAt(answer, place, value)
	}
	data, err := json.Marshal(answer)
	if err != nil {
		s.violate(x, "the edit %s gives no JSON: %v", f, err)
		return
	}
	held.body.Reset()
	held.body.Write(data)
	held.header.Del("Content-Length")
}

// cutWriter lets only the first bytes of an answer through.
type cutWriter struct {
	http.ResponseWriter
	left int64
}

func (c *cutWriter) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	if err == nil && n < len(p) {
		err = errAnswerCut
	}
	return n, err
}

// Unwrap lets [http.ResponseController] through.
func (c *cutWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// trickleWriter writes an answer slowly.
type trickleWriter struct {
	http.ResponseWriter
	ctx  context.Context
	rate int64
	wait func(context.Context, time.Duration) bool
}

func (s *Server) slowWriter(w http.ResponseWriter, r *http.Request, bytesPerSecond int64) http.ResponseWriter {
	return &trickleWriter{ResponseWriter: w, ctx: r.Context(), rate: bytesPerSecond, wait: s.wait}
}

func (t *trickleWriter) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		step := min(max(1, t.rate/10), int64(len(p)-written))
		if !t.wait(t.ctx, time.Duration(float64(step)/float64(t.rate)*float64(time.Second))) {
			return written, io.ErrClosedPipe
		}
		n, err := t.ResponseWriter.Write(p[written : written+int(step)])
		written += n
		if err != nil {
			return written, err
		}
		if err := http.NewResponseController(t.ResponseWriter).Flush(); err != nil {
			return written, err
		}
	}
	return written, nil
}

// Unwrap lets [http.ResponseController] through.
func (t *trickleWriter) Unwrap() http.ResponseWriter { return t.ResponseWriter }
