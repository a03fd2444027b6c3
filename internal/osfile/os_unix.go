//go:build unix

package osfile

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Flags for opening files: Nonblock does not wait for the other end of a pipe,
// directoryOnly fails on everything but a directory.
const (
	Nonblock      = unix.O_NONBLOCK
	directoryOnly = unix.O_DIRECTORY
)

// DescriptorName returns a name that leads to an open file whatever becomes of its path,
// "" if the system has none.
func DescriptorName(f *os.File) string {
	name := fmt.Sprintf("/dev/fd/%d", f.Fd())
	is, err := f.Stat()
	if err != nil {
		return ""
	}
	leads, err := os.Stat(name)
	if err != nil || !os.SameFile(is, leads) {
		return ""
	}
	return name
}

// Lock takes the lock of an open file, unless somebody has it. Closing the file gives
// it back.
func Lock(f *os.File) (locked bool, err error) {
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// IsPrivate reports whether a file is a directory of this user that nobody else can write.
func IsPrivate(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.IsDir() && int(stat.Uid) == os.Geteuid() && info.Mode().Perm()&0o022 == 0
}

// IsOwn reports whether a file is a regular one of this user that nobody else can read or
// write and that has one name.
func IsOwn(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.Mode().IsRegular() && int(stat.Uid) == os.Geteuid() && info.Mode().Perm()&0o077 == 0 && stat.Nlink == 1
}

// isLeased reports whether a file cannot be opened because another process has a lease on it.
func isLeased(err error) bool { return errors.Is(err, unix.EWOULDBLOCK) }

// SetMode sets the permissions of an open file.
func SetMode(f *os.File, mode os.FileMode) error { return f.Chmod(mode) }

// SetModTime sets the modification time of an open file.
func SetModTime(f *os.File, t time.Time) error {
	name := DescriptorName(f)
	if name == "" {
		return errors.ErrUnsupported
	}
	return os.Chtimes(name, time.Time{}, t)
}
