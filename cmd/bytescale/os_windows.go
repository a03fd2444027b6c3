package main

import (
	"errors"
	"math"
	"os"
	"syscall"
)

// The system's codes for a full disk, which package syscall does not name.
const (
	errorHandleDiskFull = syscall.Errno(39)
	errorDiskFull       = syscall.Errno(112)
)

func isDiskFull(err error) bool {
	return errors.Is(err, errorDiskFull) || errors.Is(err, errorHandleDiskFull)
}

// openFilesLimit is how many files and connections the process may have open:
// on Windows more than it ever has.
func openFilesLimit() int { return math.MaxInt32 }

// umask is the mask that new files get; Windows has none.
func umask() os.FileMode { return 0 }
