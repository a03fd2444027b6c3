package contract

import "io"

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
