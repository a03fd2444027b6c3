package contract

import (
	"errors"
	"io"
	"sync/atomic"
)

// readCloser reads from one body and closes another.
type readCloser struct {
	io.Reader
	io.Closer
}

// failingReader fails every read.
type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

func closeBody(c io.Closer) {
	if c != nil {
		_ = c.Close() // nothing can be done about it, and nothing depends on it
	}
}

// maxHeld limits the memory for the JSON bodies that a handler reads at the same time.
const maxHeld = 16 << 20

// errNoRoom is the error of reading a body when others take all of the memory.
var errNoRoom = errors.New("contract: too many large requests at once")

// room is the part of a limited memory that one request takes.
type room struct {
	held  *atomic.Int64 // by all requests
	bytes int64         // by this one
}

// take reserves memory, and reports false if there is not enough.
func (r *room) take(bytes int64) bool {
	if r.held.Add(bytes) > maxHeld {
		r.held.Add(-bytes)
		return false
	}
	r.bytes += bytes
	return true
}

func (r *room) giveBack() { r.held.Add(-r.bytes) }

// read reads at most limit+1 bytes of a body. It takes memory for bytes that have arrived, not for those
// that are announced.
func (r *room) read(body io.Reader, limit int64) ([]byte, error) {
	body = io.LimitReader(body, limit+1)
	var data []byte
	for {
		if len(data) == cap(data) {
			grown := max(1024, 2*cap(data))
			if !r.take(int64(grown - cap(data))) {
				return data, errNoRoom
			}
			data = append(make([]byte, 0, grown), data...)
		}
		n, err := body.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if errors.Is(err, io.EOF) {
			return data, nil
		}
		if err != nil {
			return data, err
		}
	}
}
