//go:build linux

// Command swap plays somebody who can write to a directory that another user works in. It
// exchanges each name with the next one, again and again, until it is killed:
//
//	swap NAME OTHER [NAME OTHER]...
//
// An exchange is one system call, so that each name exists at any time. A name that is
// missing, because it is not there yet, is tried again. One with a * is a pattern.
package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

func main() {
	names := os.Args[1:]
	for {
		for i := 0; i+1 < len(names); i += 2 {
			found := []string{names[i]}
			if strings.Contains(names[i], "*") {
				found, _ = filepath.Glob(names[i])
			}
			for _, name := range found {
				_ = unix.Renameat2(unix.AT_FDCWD, name, unix.AT_FDCWD, names[i+1], unix.RENAME_EXCHANGE)
			}
			runtime.Gosched()
		}
	}
}
