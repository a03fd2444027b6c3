package wire

import "golang.org/x/sys/unix"

// queueLength returns how many bytes of a connection were not sent or not acknowledged
// yet.
func queueLength(fd int) (int, error) { return unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_NWRITE) }
