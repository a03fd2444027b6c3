package wire

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// directStep is the most that one system call sends, so that cancelling and
// progress need not wait for a whole part on a fast connection.
const directStep = 1 << 20

// sendfile sends a body over a plain connection from where its bytes are:
// the kernel takes those of a file from its own cache (sendfile) and those in
// memory from there, with no buffer in between. Each byte counts as sent when
// the kernel has taken it, so that a slow connection is seen to move.
//
// It returns how many bytes were sent, possibly none: whoever calls it copies
// the rest, and whatever went wrong here goes wrong there again, where it is
// known whose fault it is. Encrypted connections have to read the bytes and do
// not come here.
func sendfile(conn net.Conn, r io.Reader) (sent int64) {
	left, ok := r.(*io.LimitedReader) // what net/http makes of a body with a length
	if !ok {
		return 0
	}
	body, ok := left.R.(*body)
	if !ok {
		return 0
	}
	socket := socketOf(conn)
	if socket == nil {
		return 0
	}
	d := &transmission{socket: socket, left: left, body: body}
	// Exactly these types: one around them may have other bytes to read.
	switch source := body.of.payload.Source.(type) {
	case Bytes:
		d.memory(source)
	case *os.File:
		d.file(source)
	}
	return d.sent
}

// socketOf is nil for a connection that is not a plain one.
func socketOf(conn net.Conn) syscall.RawConn {
	plain, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	socket, err := plain.SyscallConn()
	if err != nil {
		return nil
	}
	return socket
}

// sendHead sends the head of a request whose body comes at once, and lets the kernel
// keep it until then: one packet less for a small body, and one answer to it less. It
// returns how much was sent, possibly nothing: whoever calls it writes the rest.
func sendHead(conn net.Conn, head []byte) (sent int) {
	socket := socketOf(conn)
	if socket == nil {
		return 0
	}
	_ = socket.Write(func(fd uintptr) (done bool) {
		if n, err := unix.SendmsgN(int(fd), head, nil, nil, unix.MSG_MORE); err == nil {
			sent = n
		}
		return true
	})
	return sent
}

// direct is a body on its way to a socket.
type transmission struct {
	socket syscall.RawConn
	left   *io.LimitedReader
	body   *body
	sent   int64
}

func (d *transmission) memory(source Bytes) {
	d.send(func(socket int, at int64, most int) (int, error) {
		return unix.Write(socket, source[at:at+int64(most)])
	})
}

func (d *transmission) file(source *os.File) {
	file, err := source.SyscallConn()
	if err != nil {
		return
	}
	_ = file.Control(func(fd uintptr) {
		d.send(func(socket int, at int64, most int) (int, error) {
			return unix.Sendfile(socket, int(fd), &at, most)
		})
	})
}

// send makes system calls, each for up to most bytes from position at of the
// source, until all are sent or one fails.
func (d *transmission) send(step func(socket int, at int64, most int) (int, error)) {
	_ = d.socket.Write(func(fd uintptr) (done bool) {
		for d.left.N > 0 {
			n, err := d.locked(step, int(fd))
			switch {
			case n > 0:
				d.left.N -= int64(n)
				d.sent += int64(n)
			case errors.Is(err, unix.EAGAIN):
				return false // wait until the connection takes more
			case !errors.Is(err, unix.EINTR):
				return true
			}
		}
		return true
	})
}

// locked makes one system call, with the body held as Read has it.
func (d *transmission) locked(step func(socket int, at int64, most int) (int, error), socket int) (int, error) {
	d.body.lock()
	defer d.body.unlock()
	if d.body.closed {
		return 0, errBodyClosed
	}
	n, err := step(socket, d.body.position(), int(min(d.left.N, directStep)))
	if n > 0 {
		d.body.advance(int64(n))
	}
	return n, err
}
