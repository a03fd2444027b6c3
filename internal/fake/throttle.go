package fake

import (
	"context"
	"io"
	"net/http"
	"time"
)

// throttled returns the body of a request at a limited rate; 0 means no limit.
func (s *Server) throttled(r *http.Request, bytesPerSecond int64) io.ReadCloser {
	if bytesPerSecond <= 0 || r.Body == http.NoBody {
		return r.Body
	}
	return &slowReader{ReadCloser: r.Body, rate: bytesPerSecond, start: time.Now(), wait: func(d time.Duration) bool {
		return s.wait(r.Context(), d)
	}}
}

// slowReader reads at most rate bytes per second, in at least ten steps.
type slowReader struct {
	io.ReadCloser
	rate  int64
	start time.Time
	read  int64
	wait  func(time.Duration) bool
}

func (s *slowReader) Read(p []byte) (int, error) {
	step := max(1, s.rate/10)
	n, err := s.ReadCloser.Read(p[:min(int64(len(p)), step)])
	s.read += int64(n)
	due := s.start.Add(time.Duration(float64(s.read) / float64(s.rate) * float64(time.Second)))
	if !s.wait(time.Until(due)) {
		return n, errBodyCut
	}
	return n, err
}

// trickleWriter writes rate bytes of an answer per second.
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
