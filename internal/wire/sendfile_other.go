//go:build !linux

package wire

import (
	"io"
	"net"
)

// sendfile sends nothing on other systems, so that the caller copies everything.
func sendfile(net.Conn, io.Reader) (sent int64) { return 0 }

// sendHead sends nothing on other systems, so that the caller writes everything.
func sendHead(net.Conn, []byte) (sent int) { return 0 }
