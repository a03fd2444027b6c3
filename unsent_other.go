//go:build !linux && !darwin

package bytescale

import "syscall"

// limitUnsent does nothing where the system has no such limit.
func limitUnsent(_, _ string, _ syscall.RawConn) error { return nil }
