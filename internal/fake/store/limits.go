package store

import (
	"errors"
	"fmt"
	"sync/atomic"
)

// Limits are what a store may grow to. Zero means no limit.
type Limits struct {
	// Bytes limits the bytes of all files and uploads together, including what is
	// known about them.
	Bytes int64
	// Uploads limits the uploads in progress.
	Uploads int
}

// ErrTooManyUploads reports that the limit of uploads in progress is reached.
var ErrTooManyUploads = errors.New("too many uploads in progress")

// usage counts bytes against a limit.
type usage struct {
	limit int64 // 0 means no limit
	used  atomic.Int64
}

// take counts bytes. It returns an error and counts nothing if they are too many.
func (u *usage) take(n int64) error {
	if used := u.used.Add(n); u.limit > 0 && used > u.limit {
		u.used.Add(-n)
		return u.full()
	}
	return nil
}

func (u *usage) release(n int64) { u.used.Add(-n) }

func (u *usage) full() error { return fmt.Errorf("%w: its limit is %d bytes", ErrFull, u.limit) }
