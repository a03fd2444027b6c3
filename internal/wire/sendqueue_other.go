//go:build !linux && !darwin

package wire

import (
	"net"
	"syscall"
)

// limitUnsent does nothing where the system has no such limit.
func limitUnsent(_, _ string, _ syscall.RawConn) error { return nil }

// sendQueue knows nothing where the system does not tell.
func sendQueue(net.Conn) (queued int64, told bool) { return 0, false }
