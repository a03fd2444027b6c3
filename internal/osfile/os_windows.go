package osfile

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// Windows needs no flags for opening files: opening a pipe does not wait.
const (
	Nonblock      = 0
	directoryOnly = 0
)

// DescriptorName returns a name that leads to an open file whatever becomes of its path,
// "" if the system has none. Windows has none.
func DescriptorName(*os.File) string { return "" }

// Lock takes the lock of an open file, unless somebody has it. Closing the file gives
// it back.
func Lock(f *os.File) (locked bool, err error) {
	const exclusive = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err = windows.LockFileEx(windows.Handle(f.Fd()), exclusive, 0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return false, nil
	}
	return err == nil, err
}

// IsPrivate reports whether a file is a directory. On Windows it is private because the
// directory above is.
func IsPrivate(info os.FileInfo) bool { return info.IsDir() }

// IsOwn reports whether a file is a regular one. On Windows it is private because the
// directory above is.
func IsOwn(info os.FileInfo) bool { return info.Mode().IsRegular() }

// isLeased reports whether a file cannot be opened because another process has a lease on it.
// Windows has no leases.
func isLeased(error) bool { return false }

// SetMode sets the permissions of an open file. On Windows they follow from the directory.
func SetMode(*os.File, os.FileMode) error { return nil }

// SetModTime sets the modification time of an open file.
func SetModTime(f *os.File, t time.Time) error {
	written := windows.NsecToFiletime(t.UnixNano())
	return windows.SetFileTime(windows.Handle(f.Fd()), nil, nil, &written)
}
