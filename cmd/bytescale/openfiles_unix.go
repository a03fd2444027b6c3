//go:build !windows

package main

import (
	"math"

	"golang.org/x/sys/unix"
)

// openFilesLimit is how many files and connections the process may have open.
func openFilesLimit() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return math.MaxInt32
	}
	return int(min(uint64(limit.Cur), math.MaxInt32)) //nolint:unconvert // signed on some systems
}
