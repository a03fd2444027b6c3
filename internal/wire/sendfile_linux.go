package wire

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxStep is the most that one system call sends, so that cancelling and progress need
// not wait for a whole part on a fast connection.
const maxStep = 1 << 20

// sendfile sends a body over a plain connection without copying it: the kernel takes the
// bytes of a file from its page cache, and those in memory from the buffer they lie in.
// Each byte counts as sent when the kernel has taken it, so that a slow connection is
// seen to move.
//
// It returns how many bytes were sent, possibly none. The caller copies the rest, and an
// error occurs there again, where it is known whether the source or the connection is to
// blame. Encrypted connections have to read the bytes and never call sendfile.
func sendfile(conn net.Conn, r io.Reader) (sent int64) {
	left, ok := r.(*io.LimitedReader) // in which net/http wraps a body with a length
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
	// Exactly these types, because a type that wraps one may read other bytes.
	switch source := body.of.payload.Source.(type) {
	case Bytes:
		d.memory(source)
	case Blocks:
		d.blocks(source)
	case *os.File:
		d.file(source)
	}
	return d.sent
}

// socketOf returns the socket of a plain connection, and nil for any other connection.
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

// sendHead sends the head of a request whose body follows at once, and has the kernel keep
// it until then. This saves a packet and its acknowledgement, which counts for a small
// body. It returns how many bytes were sent, possibly none. The caller writes the rest.
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

// transmission is a body on its way to a socket.
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

func (d *transmission) blocks(source Blocks) {
	d.send(func(socket int, at int64, most int) (int, error) {
		return unix.Writev(socket, source.slices(at, most))
	})
}

// slices returns up to most bytes from position at on.
func (m Blocks) slices(at int64, most int) (slices [][]byte) {
	for most > 0 {
		block := m.block(at)
		if block == nil {
			break
		}
		block = block[:min(len(block), most)]
		slices = append(slices, block)
		at, most = at+int64(len(block)), most-len(block)
	}
	return slices
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

// send calls step until all bytes are sent or a call fails. step makes one system call,
// which sends up to most bytes from position at of the source.
func (d *transmission) send(step func(socket int, at int64, most int) (int, error)) {
	_ = d.socket.Write(func(fd uintptr) (done bool) {
		for d.left.N > 0 {
			n, err := d.locked(step, int(fd))
			switch {
			case n > 0:
				d.left.N -= int64(n)
				d.sent += int64(n)
			case errors.Is(err, unix.EAGAIN):
				return false // wait until the connection is ready for more
			case !errors.Is(err, unix.EINTR):
				return true
			}
		}
		return true
	})
}

// locked calls step once while it holds the lock of the body, as Read does.
func (d *transmission) locked(step func(socket int, at int64, most int) (int, error), socket int) (int, error) {
	d.body.lock()
	defer d.body.unlock()
	if d.body.closed {
		return 0, errBodyClosed
	}
	n, err := step(socket, d.body.position(), int(min(d.left.N, maxStep)))
	if n > 0 {
		d.body.advance(int64(n))
	}
	return n, err
}
