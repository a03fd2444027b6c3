package main

import (
	"errors"
	"math"
	"os"
	"syscall"

	"golang.org/x/sys/windows"
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

// lockFile takes the lock of an open file, unless somebody has it. Closing the file gives
// it back.
func lockFile(f *os.File) (locked bool, err error) {
	const exclusive = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err = windows.LockFileEx(windows.Handle(f.Fd()), exclusive, 0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return false, nil
	}
	return err == nil, err
}

// isPrivate reports whether a file is a directory. On Windows it is private because the
// directory above is.
func isPrivate(info os.FileInfo) bool { return info.IsDir() }

// setMode sets the permissions of an open file. On Windows they follow from the directory.
func setMode(*os.File, os.FileMode) error { return nil }

// umask returns the file mode creation mask. Windows has none.
func umask() os.FileMode { return 0 }
