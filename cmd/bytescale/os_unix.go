//go:build !windows

package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

func isDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// openFilesLimit returns the number of files and connections that the process may
// have open.
func openFilesLimit() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return math.MaxInt32
	}
	return int(min(uint64(limit.Cur), math.MaxInt32)) //nolint:unconvert // signed on some systems
}

// Flags for opening files: openNonblock does not wait for the other end of a pipe,
// openDirectoryOnly fails on everything but a directory.
const (
	openNonblock      = unix.O_NONBLOCK
	openDirectoryOnly = unix.O_DIRECTORY
)

// descriptorName returns a name that leads to an open file whatever becomes of its path,
// "" if the system has none.
func descriptorName(f *os.File) string {
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

// isClosed reports whether a standard stream was closed when the process started. The
// runtime opens /dev/null for reading and writing in its place, which is all that can
// be seen; shells open /dev/null for one of the two.
func isClosed(stream *os.File) bool {
	flags, err := unix.FcntlInt(stream.Fd(), unix.F_GETFL, 0)
	if err != nil || flags&unix.O_ACCMODE != unix.O_RDWR {
		return false
	}
	is, err := stream.Stat()
	if err != nil {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err == nil && os.SameFile(is, null)
}

// lockFile takes the lock of an open file, unless somebody has it. Closing the file gives
// it back.
func lockFile(f *os.File) (locked bool, err error) {
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// isPrivate reports whether a file is a directory of this user that nobody else can write.
func isPrivate(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.IsDir() && int(stat.Uid) == os.Geteuid() && info.Mode().Perm()&0o022 == 0
}

// setMode sets the permissions of an open file.
func setMode(f *os.File, mode os.FileMode) error { return f.Chmod(mode) }

// umask returns the file mode creation mask. It can only be read by setting it, so no
// other goroutine may create files during the call.
func umask() os.FileMode {
	mask := unix.Umask(0o077)
	unix.Umask(mask)
	return os.FileMode(mask)
}
