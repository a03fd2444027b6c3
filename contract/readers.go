package contract

import (
	"encoding/json"
	"fmt"
	"io"
)

// readCloser reads from one thing and closes another.
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

func tooLarge(limit int64) breach {
	return breach{"", RuleTooLarge, fmt.Sprintf("must have at most %d bytes", limit)}
}

func integer(value any) (int64, bool) {
	number, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	n, err := number.Int64()
	return n, err == nil
}
