package bytescale

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// sendFileStep is the most that one system call sends, so that progress and the
// watch over stalls hear of it in between.
const sendFileStep = 1 << 20

// sendFile lets the kernel copy a body from its file to a plain connection,
// which spares the bytes the way through this process. It returns how many were
// sent, possibly none: whoever calls it copies the rest, and whatever went wrong
// here goes wrong there again, where it is known whose fault it is.
//
// Encrypted connections have to see the bytes and do not come here.
func sendFile(conn net.Conn, r io.Reader) (sent int64) {
	limited, ok := r.(*io.LimitedReader) // what net/http makes of a body with a length
	if !ok {
		return 0
	}
	body, ok := limited.R.(*body)
	if !ok {
		return 0
	}
	// Exactly a file: a type around one may read other bytes than the file's.
	file, ok := body.of.payload.r.(*os.File)
	if !ok {
		return 0
	}
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return 0
	}
	from, err := file.SyscallConn()
	if err != nil {
		return 0
	}
	to, err := socket.SyscallConn()
	if err != nil {
		return 0
	}
	// Both calls hold their descriptor open until they return.
	_ = from.Control(func(source uintptr) {
		_ = to.Write(func(target uintptr) (done bool) {
			for limited.N > 0 {
				at := body.position()
				n, err := unix.Sendfile(int(target), int(source), &at, int(min(limited.N, sendFileStep)))
				switch {
				case n > 0:
					limited.N -= int64(n)
					sent += int64(n)
					body.advance(int64(n))
				case errors.Is(err, unix.EAGAIN):
					return false // wait until the connection takes more
				case !errors.Is(err, unix.EINTR):
					return true
				}
			}
			return true
		})
	})
	return sent
}
