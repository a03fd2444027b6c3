//go:build unix

// Command peak runs its arguments and prints the peak memory of that process in bytes. Its exit
// code is that of the process. It stands between the test and the command since the kernel counts
// the memory of the process that starts another one as the other one's own; this one is small.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

func main() {
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	cmd.Stdin, cmd.Stderr = os.Stdin, os.Stderr
	err := cmd.Run()
	if cmd.ProcessState == nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	peak := int64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
	if runtime.GOOS != "darwin" { // which counts in bytes, others in kilobytes
		peak *= 1024
	}
	fmt.Println(peak)
	os.Exit(cmd.ProcessState.ExitCode())
}
