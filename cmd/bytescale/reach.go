package main

import (
	"context"
	"sync"
	"time"

	bytescale "github.com/c88edac7/bytescale-go"
)

const (
	// hopeless is after how many attempts, some ten seconds, a server that has
	// never answered is given up. One that has answered is waited for longer:
	// then it is the network that fails, not the address that is wrong.
	hopeless = 6
	// worthTelling is from which attempt on the user is told of retries.
	worthTelling = 3
	// tellAgain is the least time between two such lines.
	tellAgain = 10 * time.Second
)

// reach watches whether the server can be reached at all, and tells the user
// what the uploads are waiting for.
type reach struct {
	giveUp context.CancelCauseFunc
	note   func(format string, args ...any) // nil when quiet

	mu       sync.Mutex
	answered bool
	told     time.Time
}

// observe is the client's observer.
func (r *reach) observe(event bytescale.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answered = r.answered || event.Status != 0
	if event.Kind != bytescale.EventRetry || event.Err == nil {
		return
	}
	if !r.answered && event.Attempt >= hopeless {
		r.giveUp(event.Err)
		return
	}
	if r.note != nil && event.Attempt >= worthTelling && time.Since(r.told) >= tellAgain {
		r.told = time.Now()
		r.note("trying again in %v: %s", event.Wait.Round(time.Second), briefly(event.Err))
	}
}
