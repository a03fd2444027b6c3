package main

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"syscall"
)

// The system's error codes for a full disk. Package syscall has no names for them.
const (
	errorHandleDiskFull = syscall.Errno(39)
	errorDiskFull       = syscall.Errno(112)
)

func isDiskFull(err error) bool {
	return errors.Is(err, errorDiskFull) || errors.Is(err, errorHandleDiskFull)
}

// openFilesLimit returns the number of files and connections that the process may
// have open. On Windows it is higher than any number that the command needs.
func openFilesLimit() int { return math.MaxInt32 }

// takesRoom reports whether a file is known to take room on a disk or in memory. Windows does
// not tell.
func takesRoom(fs.FileInfo) bool { return false }

// isClosed reports whether a standard stream was closed when the process started. On
// Windows that is an error of the first read or write.
func isClosed(*os.File) bool { return false }
