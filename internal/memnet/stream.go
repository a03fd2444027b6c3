package memnet

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

var errEOF = io.EOF

// stream is one direction of a connection: a ring of bytes.
type stream struct {
	mu      sync.Mutex
	changed sync.Cond

	ring     [bufferSize]byte
	start, n int // position and number of the buffered bytes

	writerClosed, readerClosed  bool
	readDeadline, writeDeadline deadline
}

func newStream() *stream {
	s := &stream{}
	s.changed.L = &s.mu
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.readerClosed:
			return 0, net.ErrClosed
		case s.readDeadline.over:
			return 0, os.ErrDeadlineExceeded
		case s.n > 0 || len(p) == 0:
			n := s.take(p)
			s.changed.Broadcast()
			return n, nil
		case s.writerClosed:
			return 0, errEOF
		}
		s.changed.Wait()
	}
}

func (s *stream) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	written := 0
	for {
		switch {
		case s.writerClosed:
			return written, net.ErrClosed
		case s.readerClosed:
			return written, errBroken
		case s.writeDeadline.over:
			return written, os.ErrDeadlineExceeded
		case written == len(p):
			return written, nil
		}
		if n := s.put(p[written:]); n > 0 {
			written += n
			s.changed.Broadcast()
			continue
		}
		s.changed.Wait()
	}
}

// take moves bytes from the ring to p, at most up to the end of the ring.
func (s *stream) take(p []byte) int {
	n := copy(p, s.ring[s.start:min(s.start+s.n, bufferSize)])
	s.start, s.n = (s.start+n)%bufferSize, s.n-n
	if s.n == 0 {
		s.start = 0
	}
	return n
}

// put moves bytes from p to the ring, at most up to its end.
func (s *stream) put(p []byte) int {
	end := (s.start + s.n) % bufferSize
	limit := bufferSize
	if end < s.start || s.n == bufferSize {
		limit = s.start
	}
	n := copy(s.ring[end:max(end, limit)], p)
	s.n += n
	return n
}

func (s *stream) closeWriter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writerClosed = true
	s.writeDeadline.stop()
	s.changed.Broadcast()
}

func (s *stream) closeReader() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readerClosed = true
	s.readDeadline.stop()
	s.changed.Broadcast()
}

// deadline is the time after which the reads or writes of one end fail.
type deadline struct {
	over  bool
	timer *time.Timer // nil if no deadline is ahead
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

// set changes the deadline of one end of s. The zero time means none.
func (d *deadline) set(s *stream, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.stop()
	wait := time.Until(at)
	d.over = !at.IsZero() && wait <= 0
	if !at.IsZero() && !d.over {
		var timer *time.Timer
		timer = time.AfterFunc(wait, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if d.timer == timer { // set was not called again meanwhile
				d.over, d.timer = true, nil
				s.changed.Broadcast()
			}
		})
		d.timer = timer
	}
	s.changed.Broadcast()
}
