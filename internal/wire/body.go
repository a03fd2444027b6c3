// Package wire brings the bytes of one attempt to a socket. It makes the request bodies
// and knows when the last of them is out of use, cuts an attempt that stalls, and on
// Linux sends files and memory over plain connections without copying them.
//
// A request body is in use until net/http closes it, which may be after the error was
// returned. An attempt has ended when no body is open, and only then may the buffer or
// the caller's source be used again. A transport that forgets to close a body gets five
// seconds; then the attempt closes it.
//
// An attempt that moves less than 1 KiB/s over 30 s is cut. On Linux and macOS a byte
// has moved when the other side has acknowledged it; elsewhere when it was handed to the
// kernel. If all PUTs of a client together are slow because they share a slow link, one
// of them may be slower than that, and only two minutes of silence are a stall. The time
// in which the transport waits for a connection, or in which the source is read, does not
// count. After the last byte, the answer may take as long as the body would at that
// speed, or at 256 KiB/s if the kernel says that everything has arrived, and a minute at
// least.
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

// Payload is the bytes of one part: Size bytes of Source from Offset on. Every attempt
// reads them anew.
type Payload struct {
	Source io.ReaderAt
	Offset int64
	Size   int64
}

// Bytes is a source in memory.
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

// Blocks is a source in memory, in blocks that all have the length of the first one, except
// that the last one may be shorter.
type Blocks [][]byte

// ReadAt implements io.ReaderAt.
func (m Blocks) ReadAt(p []byte, at int64) (n int, _ error) {
	for n < len(p) {
		block := m.block(at + int64(n))
		if block == nil {
			return n, io.EOF
		}
		n += copy(p[n:], block)
	}
	return n, nil
}

// block returns the rest of a block from position at on, nil at the end.
func (m Blocks) block(at int64) []byte {
	if at < 0 || len(m) == 0 {
		return nil
	}
	size := int64(len(m[0]))
	i := at / size
	if i >= int64(len(m)) || at%size >= int64(len(m[i])) {
		return nil
	}
	return m[i][at%size:]
}

// attemptBodies makes the request bodies of one attempt and knows when the last of them
// is out of use. net/http may read a body after it has returned an error, and asks for
// another one when it repeats a request on a fresh connection. After wait there are no
// further bodies.
type attemptBodies struct {
	payload Payload
	onRead  func(n int64)
	onEnd   func() // called when a body was read to its end; may be nil

	moved atomic.Int64 // bytes read, over all bodies
	ended atomic.Bool  // the last body was read to its end
	reads atomic.Int64 // reads of the source in progress

	mu     sync.Mutex
	failed error // the failure to read the source
	open   []*body
	over   bool          // no further body is made
	none   chan struct{} // closed when no body is open; nil until wait is called
}

func newAttemptBodies(p Payload, onRead func(n int64)) *attemptBodies {
	b := &attemptBodies{payload: p, onRead: onRead}
	b.ended.Store(p.Size == 0)
	return b
}

// body returns a new request body, which net/http closes.
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

// closeGrace is how long a transport has to close the bodies of an attempt that is over.
// Otherwise one that forgets a body would stop the upload for ever.
const closeGrace = 5 * time.Second

// wait waits until every body is closed, and closes those that the transport forgot.
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

// closed notes that a body is out of use.
func (b *attemptBodies) closed(gone *body) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open = slices.DeleteFunc(b.open, func(body *body) bool { return body == gone })
	if b.none != nil && len(b.open) == 0 {
		close(b.none)
	}
}

// sourceErr returns the failure to read the source, or nil.
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

// body is one request body. It reads the payload once, from the beginning.
type body struct {
	of  *attemptBodies
	pos int64

	// free is a mutex as a channel. Close must wait for a Read in progress, because
	// the buffer may be reused after Close returns; HTTP/2 closes bodies while another
	// goroutine reads them. It is not a sync.Mutex, because a goroutine that blocks on
	// one keeps the clock of a synctest bubble from advancing.
	free   chan struct{}
	closed bool
	idle   int // reads in a row without a byte
}

// maxIdle is how many reads of a source in a row may return neither a byte nor an error.
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

// position returns the position of the next byte in the source. The caller holds the
// lock.
func (r *body) position() int64 { return r.of.payload.Offset + r.pos }

// advance notes that n more bytes are on their way. The caller holds the lock.
func (r *body) advance(n int64) {
	r.pos += n
	r.of.moved.Add(n)
	if n > 0 {
		r.of.onRead(n)
	}
	if r.pos == r.of.payload.Size {
		r.of.ended.Store(true)
		if r.of.onEnd != nil {
			r.of.onEnd()
		}
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
