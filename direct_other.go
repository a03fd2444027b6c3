//go:build !linux

package bytescale

import (
	"io"
	"net"
)

// sendDirectly sends nothing on other systems: the caller copies.
func sendDirectly(net.Conn, io.Reader) (sent int64) { return 0 }

// sendHead sends nothing on other systems: the caller writes.
func sendHead(net.Conn, []byte) (sent int) { return 0 }
