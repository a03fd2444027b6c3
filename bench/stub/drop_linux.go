package main

import (
	"errors"
	"net"

	"golang.org/x/sys/unix"
)

// nowhere is where bytes would go that are not copied.
var nowhere [1 << 20]byte

// dropUncopied has the kernel drop up to n bytes of a plain connection as they
// come, and returns how many those were.
func dropUncopied(conn net.Conn, n int64) (dropped int64) {
	plain, ok := conn.(*net.TCPConn)
	if !ok {
		return 0
	}
	socket, err := plain.SyscallConn()
	if err != nil {
		return 0
	}
	_ = socket.Read(func(fd uintptr) (done bool) {
		for dropped < n {
			got, _, err := unix.Recvfrom(int(fd), nowhere[:min(n-dropped, int64(len(nowhere)))], unix.MSG_TRUNC)
			switch {
			case got > 0:
				dropped += int64(got)
			case errors.Is(err, unix.EAGAIN):
				return false // wait for more
			case !errors.Is(err, unix.EINTR):
				return true // the end, or a failure that reading meets too
			}
		}
		return true
	})
	return dropped
}
