package main

import (
	"context"
	"time"

	"github.com/nats-io/nuid"
	"golang.org/x/time/rate"
)

// A worker shows a sign of life every beat. Without one for lifetime it counts as dead.
const (
	beat     = 5 * time.Second
	lifetime = 3 * beat
)

// join makes a worker known to the others until leave is called. share is its part of the
// account's rate: perSecond, divided by the workers that are known. Every beat it looks how many
// there are. When one joins, all of them may exceed the rate for a beat; the service then
// answers 429, and the clients slow down.
func (q *queue) join(ctx context.Context, perSecond float64, beat time.Duration) (share *rate.Limiter, leave func(), err error) {
	id := nuid.Next()
	share = rate.NewLimiter(0, 1)
	sign := func() error {
		if _, err := q.workers.Put(ctx, id, nil); err != nil {
			return err
		}
		known, err := q.workers.Keys(ctx)
		if err == nil {
			share.SetLimit(rate.Limit(perSecond / float64(len(known))))
		}
		return err
	}
	if err := sign(); err != nil {
		return nil, nil, err
	}
	ended := make(chan struct{})
	stopped, stop := context.WithCancel(ctx)
	go func() {
		defer close(ended)
		beats := time.NewTicker(beat)
		defer beats.Stop()
		for {
			select {
			case <-beats.C:
				_ = sign() // if it fails, the share stays as it is
			case <-stopped.Done():
				return
			}
		}
	}()
	return share, func() {
		stop()
		<-ended
		_ = q.workers.Delete(context.WithoutCancel(ctx), id) // if it fails, the lifetime ends
	}, nil
}
