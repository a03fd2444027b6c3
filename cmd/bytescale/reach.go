package main

import (
	"context"
	"sync"
	"time"

	bytescale "github.com/c88edac7/bytescale-go"
)

const (
	// maxUnanswered is the number of attempts, about ten seconds, after which a
	// server that has never answered is given up: its address is probably wrong. If
	// it has answered before, the network fails, and the client's own limits count.
	maxUnanswered = 6
	// firstReported is the first attempt whose retry is reported to the user.
	firstReported = 3
	// reportInterval is the minimum time between two such reports.
	reportInterval = 10 * time.Second
)

// reach observes the client's attempts. It ends the command if the server cannot be
// reached at all, and tells the user what the command is waiting for.
type reach struct {
	giveUp context.CancelCauseFunc
	note   func(format string, args ...any) // nil if quiet

	mu       sync.Mutex
	answered bool
	reported time.Time
}

// observe is the client's observer.
func (r *reach) observe(event bytescale.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answered = r.answered || event.Status != 0
	if event.Kind != bytescale.EventRetry || event.Err == nil {
		return
	}
	if !r.answered && event.Attempt >= maxUnanswered {
		r.giveUp(event.Err)
		return
	}
	if r.note != nil && event.Attempt >= firstReported && time.Since(r.reported) >= reportInterval {
		r.reported = time.Now()
		r.note("trying again in %v: %s", event.Wait.Round(time.Second), briefly(event.Err))
	}
}
