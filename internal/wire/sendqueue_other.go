//go:build !linux && !darwin

package wire

import (
	"net"
	"syscall"
)

// limitSendQueue does nothing, because the system has no such limit.
func limitSendQueue(_, _ string, _ syscall.RawConn) error { return nil }

// sendQueue returns nothing, because the send queue is not visible.
func sendQueue(net.Conn) (queued int64, visible bool) { return 0, false }
