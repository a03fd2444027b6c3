package source

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// ReadLimit limits how long one Read of one plain stream may take. Nil is no limit.
type ReadLimit struct {
	Timeout time.Duration
	// SetDeadline makes a Read in progress, and later ones, fail at a time. The zero time
	// removes the limit.
	SetDeadline func(time.Time) error

	worked bool // SetDeadline did
}

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

// contextReader ends a long read between two calls of Read when the context ends, and a
// Read in progress if the limit can. It returns every error but io.EOF as an
// errs.SourceError, because a source that breaks with io.ErrUnexpectedEOF, or with an error
// that wraps io.EOF, must not be taken for one that has ended.
type contextReader struct {
	ctx   context.Context
	r     io.Reader
	limit *ReadLimit
}

func (c contextReader) Read(p []byte) (n int, err error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	if c.limit == nil {
		n, err = c.r.Read(p)
	} else {
		n, err = c.readInTime(p)
	}
	if err != nil && err != io.EOF {
		err = &errs.SourceError{Err: err}
	}
	return n, err
}

// readInTime reads within the limit, and until the context ends.
func (c contextReader) readInTime(p []byte) (int, error) {
	err := c.limit.SetDeadline(time.Now().Add(c.limit.Timeout))
	if err != nil && !c.limit.worked { // later on it means that the source is closed, which Read says better
		return 0, fmt.Errorf("the read timeout cannot be set: %w", err)
	}
	c.limit.worked = true
	ended := make(chan struct{})
	stop := context.AfterFunc(c.ctx, func() {
		defer close(ended)
		_ = c.limit.SetDeadline(longAgo)
	})
	n, err := c.r.Read(p)
	if !stop() {
		<-ended
	}
	if err == io.EOF {
		_ = c.limit.SetDeadline(time.Time{}) // the source is the caller's again
	}
	return n, err
}

// isEnd reports whether err is what io.ReadFull or io.CopyN return at the end of a
// contextReader.
func isEnd(err error) bool { return err == io.EOF || err == io.ErrUnexpectedEOF }
