//go:build linux || darwin

package wire

import (
	"crypto/tls"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxUnsent is how much the kernel may hold of a body beyond what is in flight.
// Without that limit it swallows megabytes at once and then takes nothing for
// minutes on a slow link, which looks the same as a dead one. It asks for more
// when half of this is gone: with 256 KiB, each of four parts on a link of
// 20 kB/s seemed to stand still for 26 s and longer, and was cut.
const maxUnsent = 64 << 10

func limitUnsent(_, _ string, conn syscall.RawConn) error {
	// A kernel without the option only makes stalls harder to tell.
	return conn.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, maxUnsent)
	})
}

// sendQueue returns how many bytes were written to a connection and have not
// arrived on the other side yet, and whether the kernel told; 0 where nobody does.
func sendQueue(conn net.Conn) (queued int64, told bool) {
	switch c := conn.(type) {
	case *bodyConn:
		return sendQueue(c.Conn)
	case *tls.Conn:
		if c.ConnectionState().NegotiatedProtocol == "h2" {
			return 0, false // shared with others
		}
		return sendQueue(c.NetConn())
	case syscall.Conn:
		raw, err := c.SyscallConn()
		if err != nil {
			return 0, false
		}
		_ = raw.Control(func(fd uintptr) {
			if n, err := queueLength(int(fd)); err == nil {
				queued, told = int64(n), true
			}
		})
	}
	return queued, told
}
