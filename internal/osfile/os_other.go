//go:build !unix && !windows

package osfile

import (
	"errors"
	"os"
	"time"
)

// These systems need no flags for opening files.
const (
	Nonblock      = 0
	directoryOnly = 0
)

// DescriptorName returns a name that leads to an open file whatever becomes of its path,
// "" if the system has none.
func DescriptorName(*os.File) string { return "" }

// Lock would take the lock of an open file. These systems have no locks.
func Lock(*os.File) (locked bool, err error) { return false, errors.ErrUnsupported }

// IsPrivate reports whether a file is a directory of this user that nobody else can write.
// Who can write it is not known here.
func IsPrivate(os.FileInfo) bool { return false }

// IsOwn reports whether a file is a regular one of this user that nobody else can have
// written, which is not known here.
func IsOwn(os.FileInfo) bool { return false }

// isLeased reports whether a file cannot be opened because another process has a lease on it.
func isLeased(error) bool { return false }

// SetMode sets the permissions of an open file.
func SetMode(f *os.File, mode os.FileMode) error { return f.Chmod(mode) }

// SetModTime would set the modification time of an open file. These systems cannot.
func SetModTime(*os.File, time.Time) error { return errors.ErrUnsupported }
