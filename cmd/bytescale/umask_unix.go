//go:build !windows

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// umask is the mask that new files get. Reading it means setting it: nothing
// else may create files meanwhile.
func umask() os.FileMode {
	mask := unix.Umask(0o077)
	unix.Umask(mask)
	return os.FileMode(mask)
}
