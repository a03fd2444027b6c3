//go:build linux

// Command swap plays somebody who can write to a directory that another user works in. It
// exchanges each name with the next one, again and again, until it is killed:
//
//	swap NAME OTHER [NAME OTHER]...
//
// An exchange is one system call, so that each name exists at any time. A name that is
// missing, because it is not there yet, is tried again.
package main

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

func main() {
	names := os.Args[1:]
	for {
		for i := 0; i+1 < len(names); i += 2 {
			_ = unix.Renameat2(unix.AT_FDCWD, names[i], unix.AT_FDCWD, names[i+1], unix.RENAME_EXCHANGE)
			runtime.Gosched()
		}
	}
}
