//go:build !linux

package wire

import (
	"io"
	"net"
)

// sendfile sends nothing on other systems: the caller copies.
func sendfile(net.Conn, io.Reader) (sent int64) { return 0 }

// sendHead sends nothing on other systems: the caller writes.
func sendHead(net.Conn, []byte) (sent int) { return 0 }
