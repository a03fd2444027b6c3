//go:build unix

package source

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// openToRead opens a file without waiting for the other end of a pipe, which is no
// source. It also spares the runtime to switch a regular file to non-blocking and back:
// four system calls, which count where files are small.
func openToRead(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return os.Open(path) // another process has to give up its lease first
	}
	return f, err
}
