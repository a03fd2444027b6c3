//go:build linux || darwin

package wire

import (
	"crypto/tls"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxUnsent is how many bytes of a body the kernel may hold beyond those in flight.
// Without a limit, it takes megabytes at once and then nothing for minutes on a slow
// link, which looks like a dead one. The kernel asks for more when half of this is sent.
// With 256 KiB, each of four parts on a link of 20 kB/s seemed to stand still for 26 s and
// longer, and was cut.
const maxUnsent = 64 << 10

func limitSendQueue(_, _ string, conn syscall.RawConn) error {
	// An error is ignored, because without the option stalls are only harder to see.
	return conn.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, maxUnsent)
	})
}

// sendQueue returns how many bytes were written to a connection and were not acknowledged
// by the other side yet, and whether the kernel could say so.
func sendQueue(conn net.Conn) (queued int64, visible bool) {
	switch c := conn.(type) {
	case *bodyConn:
		return sendQueue(c.Conn)
	case *tls.Conn:
		if c.ConnectionState().NegotiatedProtocol == "h2" {
			return 0, false // the connection is shared with other requests
		}
		return sendQueue(c.NetConn())
	case syscall.Conn:
		raw, err := c.SyscallConn()
		if err != nil {
			return 0, false
		}
		_ = raw.Control(func(fd uintptr) {
			if n, err := queueLength(int(fd)); err == nil {
				queued, visible = int64(n), true
			}
		})
	}
	return queued, visible
}
