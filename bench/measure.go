//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// sample is what one run of a client cost.
type sample struct {
	Seconds  float64 `json:"seconds"`            // of the whole process
	Transfer float64 `json:"transfer,omitempty"` // that the process itself measured, without its start
	CPU      float64 `json:"cpuSeconds"`         // user and system
	RSS      int64   `json:"peakRSSBytes"`
	Calls    int64   `json:"apiCalls"`
}

// runLimit is more than any run takes: a peer that hangs is told, not waited for.
const runLimit = 5 * time.Minute

// measure runs a command to its end and returns what it cost. Its output goes to a
// file: a pipe would wake this process for each line and take from the processor
// what the command could use.
func measure(cmd *exec.Cmd) (sample, error) {
	out, err := os.CreateTemp("", "bench-output-*")
	if err != nil {
		return sample{}, err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	var errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &errs

	began := time.Now()
	if err := cmd.Start(); err != nil {
		return sample{}, err
	}
	peak := watchPeak(cmd.Process.Pid)
	limit := time.AfterFunc(runLimit, func() { _ = cmd.Process.Kill() })
	err = cmd.Wait()
	took := time.Since(began)
	polled := peak()
	if !limit.Stop() {
		err = fmt.Errorf("not done after %v", runLimit)
	}
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args[:min(4, len(cmd.Args))], " "), err, tail(errs.String()))
	}

	usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	s := sample{
		Seconds: took.Seconds(),
		CPU:     (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(),
		RSS:     peakRSS(usage, polled),
	}
	var own struct {
		Seconds float64 `json:"seconds"`
	}
	text, err := os.ReadFile(out.Name())
	if err != nil {
		return sample{}, err
	}
	if json.Unmarshal(text, &own) == nil {
		s.Transfer = own.Seconds
	}
	return s, nil
}

// peakRSS chooses between two readings of the peak. What the kernel reports at
// the end is exact, but counts the memory of the process that started the
// child as the child's own (it was shared until the exec); so it is worth
// something only above that. Below, the polled value is taken.
func peakRSS(usage *syscall.Rusage, polled int64) int64 {
	if usage == nil {
		return polled
	}
	exact := int64(usage.Maxrss)  //nolint:unconvert // not an int64 on every platform
	if runtime.GOOS != "darwin" { // which counts in bytes, the others in kilobytes
		exact *= 1024
	}
	if own := highWater("self"); exact > own || polled == 0 {
		return exact
	}
	return polled
}

// watchPeak reads a process's peak memory until the returned function is called.
func watchPeak(pid int) func() int64 {
	stop, result := make(chan struct{}), make(chan int64)
	go func() {
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		var peak int64
		for {
			peak = max(peak, highWater(strconv.Itoa(pid)))
			select {
			case <-stop:
				result <- peak
				return
			case <-ticker.C:
			}
		}
	}()
	return func() int64 { close(stop); return <-result }
}

// highWater returns the peak resident set of a process in bytes, 0 where the
// system does not tell.
func highWater(pid string) int64 {
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kilobytes * 1024
		}
	}
	return 0
}

func tail(text string) string {
	const most = 2000
	return text[max(0, len(text)-most):]
}
