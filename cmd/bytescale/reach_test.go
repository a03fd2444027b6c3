package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	bytescale "github.com/c88edac7/bytescale-go"
)

var errDown = errors.New("down")

func retry(attempt int) bytescale.Event {
	return bytescale.Event{Kind: bytescale.EventRetry, Attempt: attempt, Wait: 2 * time.Second, Err: errDown}
}

// A server that has never answered is given up. One that has answered is not.
func TestReachGivesUp(t *testing.T) {
	for _, answered := range []bool{false, true} {
		ctx, cancel := context.WithCancelCause(t.Context())
		r := &reach{giveUp: cancel}
		if answered {
			r.observe(bytescale.Event{Kind: bytescale.EventAttempt, Status: 503})
		}
		for attempt := 1; attempt < maxUnanswered; attempt++ {
			r.observe(retry(attempt))
		}
		if ctx.Err() != nil {
			t.Errorf("answered %v: given up too early", answered)
		}
		r.observe(retry(maxUnanswered))
		if given := errors.Is(context.Cause(ctx), errDown); given == answered {
			t.Errorf("answered %v, given up %v", answered, given)
		}
	}
}

// Retries are reported if they go on, and at most every ten seconds.
func TestReachReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var notes []string
		r := &reach{answered: true, note: func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }}
		for attempt := 1; attempt <= 8; attempt++ {
			r.observe(retry(attempt))
			time.Sleep(4 * time.Second)
		}
		want := []string{"trying again in 2s: down", "trying again in 2s: down"}
		if diff := cmp.Diff(want, notes); diff != "" {
			t.Error(diff)
		}
	})
}
