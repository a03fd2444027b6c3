// Package limits holds what all uses of a client share: the PUTs and the API calls
// in flight, and the pace of the API calls.
package limits

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

// Limits are the client-wide limits that all uploads of a client share. Waiters
// are served in the order in which they came.
type Limits struct {
	// MaxPuts and MaxCalls are the limits, without those of small PUTs.
	MaxPuts, MaxCalls int

	// Uploads counts the uploads under way: they share the look-ahead.
	Uploads atomic.Int64

	calls, puts, smallPuts *semaphore.Weighted
	pace                   *pace
}

// New returns limits on the PUTs and API calls in flight and on the calls per second.
// onSlowDown, if not nil, is told the new pace when the service has asked for fewer.
func New(puts, calls int, callsPerSecond float64, onSlowDown func(perSecond float64)) *Limits {
	return &Limits{
		calls:     semaphore.NewWeighted(int64(calls)),
		puts:      semaphore.NewWeighted(int64(puts)),
		smallPuts: semaphore.NewWeighted(int64(puts * smallPutsFactor)),
		MaxPuts:   puts,
		MaxCalls:  calls,
		pace:      newPace(callsPerSecond, onSlowDown),
	}
}

// Connections is how many connections may be in use with such limits.
func Connections(puts, calls int) int { return puts*smallPutsFactor + calls }

// Call waits until an API call may be sent. The caller calls release once, when the
// answer has been read.
func (l *Limits) Call(ctx context.Context) (release func(), err error) {
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

// Put waits until a PUT of size bytes may be sent. The caller calls release once.
func (l *Limits) Put(ctx context.Context, size int64) (release func(), err error) {
	if size < smallBody {
		return acquire(ctx, l.smallPuts)
	}
	return acquire(ctx, l.puts)
}

// Answered tells the pace how the service, or storage, answered.
func (l *Limits) Answered(status int) {
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
