package bytescale

import (
	"context"
	"net/http"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

const (
	// smallBody is the size below which a PUT is all latency: such bodies have
	// their own, larger limit and do not queue behind the big ones.
	smallBody       = 1 << 20
	smallPutsFactor = 8
)

// limits are the client-wide limits that all uploads of a client share. Waiters
// are served in the order in which they came.
type limits struct {
	calls, puts, smallPuts *semaphore.Weighted
	maxPuts, maxCalls      int
	pace                   *pace

	// uploads counts the uploads under way: they share the look-ahead.
	uploads atomic.Int64
}

func newLimits(puts, calls int, callsPerSecond float64, onSlowDown func(perSecond float64)) *limits {
	return &limits{
		calls:     semaphore.NewWeighted(int64(calls)),
		puts:      semaphore.NewWeighted(int64(puts)),
		smallPuts: semaphore.NewWeighted(int64(puts * smallPutsFactor)),
		maxPuts:   puts,
		maxCalls:  calls,
		pace:      newPace(callsPerSecond, onSlowDown),
	}
}

// connections is how many connections may be in use with such limits.
func connections(puts, calls int) int { return puts*smallPutsFactor + calls }

// api waits until an API call may be sent. The caller calls release once, when the
// answer has been read.
func (l *limits) api(ctx context.Context) (release func(), err error) {
	release, err = acquire(ctx, l.calls)
	if err != nil {
		return nil, err
	}
	if err := l.pace.wait(ctx); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// put waits until a PUT of size bytes may be sent. The caller calls release once.
func (l *limits) put(ctx context.Context, size int64) (release func(), err error) {
	if size < smallBody {
		return acquire(ctx, l.smallPuts)
	}
	return acquire(ctx, l.puts)
}

// answered tells the pace how the service, or storage, answered.
func (l *limits) answered(status int) {
	switch {
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		l.pace.slowDown()
	case status < 400:
		l.pace.recover()
	}
}

func acquire(ctx context.Context, s *semaphore.Weighted) (release func(), err error) {
	if err := s.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	return func() { s.Release(1) }, nil
}
