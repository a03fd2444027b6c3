package wire

import "golang.org/x/sys/unix"

// queueLength returns how many bytes of a connection were not sent or not acknowledged
// yet.
func queueLength(fd int) (int, error) { return unix.IoctlGetInt(fd, unix.TIOCOUTQ) }
