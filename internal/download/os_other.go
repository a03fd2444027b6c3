//go:build !linux

package download

import "os"

// bootID returns a name for the time since the machine was started, "" if it has none.
func bootID() string { return "" }

// allocate gives a file its size.
func allocate(f *os.File, size int64) error { return f.Truncate(size) }
