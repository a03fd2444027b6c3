//go:build linux

// Command swap plays somebody who can write to a directory that another user works in. It
// exchanges each name with the next one, again and again, until it is told to end:
//
//	swap NAME OTHER [NAME OTHER]...
//
// An exchange is one system call, so that each name exists at any time. A name that is
// missing, because it is not there yet, is tried again. One with a * is a pattern. At the
// end it prints for each pair how often it was exchanged.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

func main() {
	names := os.Args[1:]
	swaps := make([]int, len(names)/2)
	end := make(chan os.Signal, 1)
	signal.Notify(end, unix.SIGTERM)
	for len(end) == 0 {
		for i := range swaps {
			name, other := names[2*i], names[2*i+1]
			found := []string{name}
			if strings.Contains(name, "*") {
				found, _ = filepath.Glob(name)
			}
			for _, name := range found {
				if unix.Renameat2(unix.AT_FDCWD, name, unix.AT_FDCWD, other, unix.RENAME_EXCHANGE) == nil {
					swaps[i]++
				}
			}
			runtime.Gosched()
		}
	}
	for i, n := range swaps {
		fmt.Println(names[2*i], n)
	}
}
