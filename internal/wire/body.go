// Package wire brings the bytes of one attempt to a socket, watches that they move,
// and knows when nobody reads them any more.
package wire

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// Payload is the bytes of one part. It is read from the source, or from a buffer
// that holds a piece of a stream, as often as attempts need.
type Payload struct {
	Source io.ReaderAt
	Offset int64
	Size   int64
}

// Bytes is a source of which all bytes lie in memory.
type Bytes []byte

// ReadAt implements io.ReaderAt.
func (m Bytes) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 || at >= int64(len(m)) {
		return 0, io.EOF
	}
	n := copy(p, m[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// bodies makes the request bodies of one attempt to send a payload and knows
// when the last of them is no longer in use. net/http may still read a body
// after Do has returned an error, and asks for another one when it repeats a
// request on a fresh connection. Once the attempt is over there is no further one.
type attemptBodies struct {
	payload Payload
	onRead  func(n int64)

	moved atomic.Int64 // bytes that were read, of all bodies
	ended atomic.Bool  // the last body was read to its end
	reads atomic.Int64 // of the source, that are under way

	mu     sync.Mutex
	failed error
	open   []*body
	over   bool          // there is to be no other body
	none   chan struct{} // closed when none is open any more; nil until somebody waits
}

func newAttemptBodies(p Payload, onRead func(n int64)) *attemptBodies {
	b := &attemptBodies{payload: p, onRead: onRead}
	b.ended.Store(p.Size == 0)
	return b
}

// body returns a new request body. Closing it is up to net/http.
func (b *attemptBodies) body() (io.ReadCloser, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return nil, errBodyClosed
	}
	made := newBody(b)
	b.open = append(b.open, made)
	b.ended.Store(false)
	return made, nil
}

// closeGrace is how long a transport has to close the bodies of an attempt that
// is over. Those that forget it would hold up the upload for ever.
const closeGrace = 5 * time.Second

// wait returns when every body was closed.
func (b *attemptBodies) wait() {
	b.mu.Lock()
	b.over = true
	open := slices.Clone(b.open)
	if len(open) > 0 {
		b.none = make(chan struct{})
	}
	b.mu.Unlock()
	if len(open) == 0 {
		return
	}
	select {
	case <-b.none:
	case <-time.After(closeGrace):
		for _, forgotten := range open {
			forgotten.Close()
		}
	}
}

// closed notes that a body is in use no longer.
func (b *attemptBodies) closed(gone *body) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open = slices.DeleteFunc(b.open, func(body *body) bool { return body == gone })
	if b.none != nil && len(b.open) == 0 {
		close(b.none)
	}
}

// sourceErr is the failure to read the source, if there was one.
func (b *attemptBodies) sourceErr() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failed
}

func (b *attemptBodies) fail(err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failed == nil {
		b.failed = err
	}
	return err
}

// body is one request body: the payload's bytes once, from the beginning.
type body struct {
	of  *attemptBodies
	pos int64

	// free holds a token while nobody reads the payload. HTTP/2 closes a body to
	// interrupt the goroutine that reads it: Close has to wait for that one, and
	// nothing may be read afterwards, when the buffer may be somebody else's. (A
	// source that sleeps in a synctest bubble would stop the clock with a Mutex.)
	free   chan struct{}
	closed bool
	idle   int // reads in a row that brought nothing
}

// maxIdle is how many reads of a source in a row may bring nothing.
const maxIdle = 100

func newBody(of *attemptBodies) *body {
	r := &body{of: of, free: make(chan struct{}, 1)}
	r.unlock()
	return r
}

func (r *body) lock()   { <-r.free }
func (r *body) unlock() { r.free <- struct{}{} }

var errBodyClosed = errors.New("the request body was closed")

func (r *body) Read(p []byte) (int, error) {
	r.lock()
	defer r.unlock()
	left := r.of.payload.Size - r.pos
	switch {
	case r.closed:
		return 0, errBodyClosed
	case left == 0:
		return 0, io.EOF
	case int64(len(p)) > left:
		p = p[:left]
	}
	r.of.reads.Add(1)
	n, err := r.of.payload.Source.ReadAt(p, r.position())
	r.of.reads.Add(-1)
	if n < 0 || n > len(p) {
		return 0, r.of.fail(&errs.SourceError{Err: fmt.Errorf("ReadAt was given room for %d bytes and says that it read %d", len(p), n)})
	}
	if r.idle++; n > 0 || len(p) == 0 {
		r.idle = 0
	}
	r.advance(int64(n))
	switch {
	case err == nil && r.idle >= maxIdle:
		return 0, r.of.fail(&errs.SourceError{Err: io.ErrNoProgress})
	case r.pos == r.of.payload.Size, err == nil, n == len(p):
		return n, nil
	case err == io.EOF:
		return n, r.of.fail(fmt.Errorf("%w: it ended at byte %d", errs.ErrSourceSize, r.position()))
	default:
		return n, r.of.fail(&errs.SourceError{Err: err})
	}
}

// position is where in the source the next byte is. The caller has the body locked.
func (r *body) position() int64 { return r.of.payload.Offset + r.pos }

// advance notes that n more bytes are on their way. The caller has the body locked.
func (r *body) advance(n int64) {
	r.pos += n
	r.of.moved.Add(n)
	if n > 0 {
		r.of.onRead(n)
	}
	if r.pos == r.of.payload.Size {
		r.of.ended.Store(true)
	}
}

func (r *body) Close() error {
	r.lock()
	defer r.unlock()
	if !r.closed {
		r.closed = true
		r.of.closed(r)
	}
	return nil
}
