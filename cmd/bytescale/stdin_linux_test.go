package main

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Ctrl-C ends a command that waits for standard input.
func TestCtrlCBlockedInput(t *testing.T) {
	t.Parallel()
	i := newInterruption(t)
	in, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer feed.Close()
	p := i.start(in, "upload", "-")
	if _, err := feed.Write(make([]byte, 100_000)); err != nil {
		t.Fatal(err)
	}
	i.until("an empty pipe", func() bool {
		unread, err := unix.IoctlGetInt(int(feed.Fd()), unix.TIOCINQ)
		return err == nil && unread == 0
	})
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := p.finish(); code != 130 || p.err.String() != "bytescale: interrupted; 0 files were uploaded\n" {
		t.Errorf("exit code %d: %s", code, &p.err)
	}
	if n := i.service.count("BeginMultipartUpload"); n != 0 {
		t.Errorf("%d uploads begun", n)
	}
}
