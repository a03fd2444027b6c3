package main

import (
	"bytes"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// dropProgramPages gives back the pages of the program's own file that its start
// has touched, many of them for packages that only the emulator uses. Pages of a
// read-only file mapping cannot be lost: those still needed come back from the
// page cache at the next touch. Where something fails, nothing is given back.
func dropProgramPages() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return
	}
	for line := range bytes.Lines(maps) {
		var start, end uintptr
		var mode string
		n, _ := fmt.Sscanf(string(line), "%x-%x %s", &start, &end, &mode)
		if n == 3 && mode[1] == '-' && bytes.Contains(line, []byte(program)) {
			adviseDontNeed(start, end-start)
		}
	}
}

func adviseDontNeed(start, length uintptr) {
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, start, length, unix.MADV_DONTNEED)
}
