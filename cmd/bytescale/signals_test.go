package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A command ends after a signal even if it blocks where no context reaches, such as on a
// pipe that nobody reads. A second signal ends it at once.
func TestSignalsEndWhatBlocks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		signals []os.Signal
		after   time.Duration
		code    int
	}{
		{[]os.Signal{os.Interrupt}, exitGraceUser, 130},
		{[]os.Signal{syscall.SIGTERM}, exitGrace, 143},
		{[]os.Signal{syscall.SIGHUP}, exitGrace, 129},
		{[]os.Signal{os.Interrupt, os.Interrupt}, 0, 130},
		{[]os.Signal{syscall.SIGTERM, os.Interrupt}, 0, 143},
	} {
		synctest.Test(t, func(t *testing.T) {
			signals := make(chan os.Signal, len(test.signals))
			for _, sig := range test.signals {
				signals <- sig
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			began, code := time.Now(), -1
			var said strings.Builder
			obey(signals, cancel, &said, func(c int) { code = c })
			var stop stopped
			if !errors.As(context.Cause(ctx), &stop) || stop.signal != test.signals[0] {
				t.Errorf("%v: the context ended with %v", test.signals, context.Cause(ctx))
			}
			if took := time.Since(began); code != test.code || took != test.after {
				t.Errorf("%v: exit code %d after %v, want %d after %v", test.signals, code, took, test.code, test.after)
			}
			if told := strings.Contains(said.String(), "still under way"); told != (test.after > 0) {
				t.Errorf("%v: it said %q", test.signals, &said)
			}
		})
	}
}
