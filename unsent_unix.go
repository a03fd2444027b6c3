//go:build linux || darwin

package bytescale

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// maxUnsent is how much the kernel may hold of a body beyond what is in flight.
// Without that limit it swallows megabytes at once and then takes nothing for
// minutes on a slow link, which looks the same as a dead one.
const maxUnsent = 256 << 10

func limitUnsent(_, _ string, conn syscall.RawConn) error {
	// A kernel without the option only makes stalls harder to tell.
	return conn.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, maxUnsent)
	})
}
