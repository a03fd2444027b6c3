//go:build unix

package source

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// openToRead opens a file. It does not wait for the other end of a pipe, which is refused
// as a source anyway. Opening a regular file as non-blocking also saves four system calls
// of the runtime, which count if files are small.
func openToRead(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return os.Open(path) // wait until another process gives up its lease
	}
	return f, err
}
