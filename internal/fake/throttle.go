package fake

import (
	"io"
	"net/http"
	"time"
)

// throttled gives the body of a request at a limited rate; 0 is no limit.
func (s *Server) throttled(r *http.Request, bytesPerSecond int64) io.ReadCloser {
	if bytesPerSecond <= 0 || r.Body == http.NoBody {
		return r.Body
	}
	return &slowReader{ReadCloser: r.Body, rate: bytesPerSecond, start: time.Now(), wait: func(d time.Duration) bool {
		return s.wait(r.Context(), d)
	}}
}

// slowReader reads no more than rate bytes per second, in ten steps or more.
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
