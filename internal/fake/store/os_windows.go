package store

import (
	"errors"
	"io/fs"
	"syscall"
)

// isOurs reports true, because permissions are inherited there and a FileInfo does not
// contain the owner.
func isOurs(fs.FileInfo) bool { return true }

// othersCanWrite reports false for the same reason.
func othersCanWrite(fs.FileInfo) bool { return false }

// syncDirectory does nothing, because Windows writes the names in a directory to disk
// by itself.
func (s *Disk) syncDirectory(string) error { return nil }

// Errors of Windows for a full disk.
const (
	errorHandleDiskFull syscall.Errno = 39
	errorDiskFull       syscall.Errno = 112
)

func isDiskFull(err error) bool {
	return errors.Is(err, errorDiskFull) || errors.Is(err, errorHandleDiskFull)
}
