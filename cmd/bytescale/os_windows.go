package main

import (
	"errors"
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

// Windows needs no flags for opening files: opening a pipe does not wait.
const (
	openNonblock      = 0
	openDirectoryOnly = 0
)

// descriptorName returns a name that leads to an open file whatever becomes of its path,
// "" if the system has none. Windows has none.
func descriptorName(*os.File) string { return "" }

// isClosed reports whether a standard stream was closed when the process started. On
// Windows that is an error of the first read or write.
func isClosed(*os.File) bool { return false }

// setMode sets the permissions of an open file. On Windows they follow from the directory.
func setMode(*os.File, os.FileMode) error { return nil }

// umask returns the file mode creation mask. Windows has none.
func umask() os.FileMode { return 0 }
