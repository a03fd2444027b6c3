package wire

import "golang.org/x/sys/unix"

// queueLength returns how many bytes the kernel holds for a connection because they
// were not sent or not acknowledged yet.
func queueLength(fd int) (int, error) { return unix.IoctlGetInt(fd, unix.TIOCOUTQ) }
