// Package limits bounds what all transfers and calls of a client have under way: the PUTs
// of parts and the GETs of ranges in flight, the API calls in flight, and the API calls per
// second. Callers wait in the
// order in which they came. An answer 429 or 503 halves the pace that was really kept,
// and a PUT without an answer halves the PUTs in flight. Successes restore both.
package limits

import (
	"cmp"
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// smallBody is the size below which a PUT costs latency rather than bandwidth.
	// Small PUTs have a limit of their own, smallPutsFactor times as large, so that
	// they do not queue behind large ones.
	smallBody       = 1 << 20
	smallPutsFactor = 8
)

// Limits are the limits of one client.
type Limits struct {
	// MaxPuts and MaxCalls are the highest limits on large PUTs, of which there may be as many
	// GETs beside them, and on API calls in flight.
	MaxPuts, MaxCalls int

	// Uploads counts the uploads under way, which share the API calls among them.
	Uploads atomic.Int64

	// Shared is called before each call, after the other limits, and returns when the call may
	// be sent. It must be set before the first use; nil is none.
	Shared func(ctx context.Context) error

	// OnWait is called when a caller has to wait for one of the limits, which it
	// names. The limits call done when the wait is over; the error is that of the
	// context. OnWait must be set before the first use if it is not nil.
	OnWait func(ctx context.Context, limit string) (done func(error))

	calls           *callLimit
	puts, smallPuts *putLimit
	gets, smallGets *semaphore.Weighted
	setPuts         int // 0 if none is set
	pace            *pace
}

// The names of the limits.
const (
	PutsInFlight     = "putsInFlight"
	APICallsInFlight = "apiCallsInFlight"
	APIRate          = "apiRate"
	SharedLimiter    = "limiter"
)

// DefaultPuts is the limit on PUTs in flight if none is set.
const DefaultPuts = 8

// New returns limits on the PUTs and API calls in flight and on the calls per second. 0 API
// calls in flight stand for an automatic limit, from FewestCalls to MostCalls. 0 PUTs stand for
// DefaultPuts, and for as many small ones as API calls, because small files take little but
// latency. onSlowDown, if it is not nil, is called with the new pace when the service has asked
// for fewer calls.
func New(puts, calls int, callsPerSecond float64, onSlowDown func(perSecond float64)) *Limits {
	large, small := cmp.Or(puts, DefaultPuts), smallPuts(puts, cmp.Or(calls, FewestCalls))
	return &Limits{
		calls:     newCallLimit(calls),
		puts:      newPutLimit(large, large),
		smallPuts: newPutLimit(small, smallPuts(puts, cmp.Or(calls, MostCalls))),
		gets:      semaphore.NewWeighted(int64(large)),
		smallGets: semaphore.NewWeighted(int64(large * smallPutsFactor)),
		MaxPuts:   large,
		MaxCalls:  cmp.Or(calls, MostCalls),
		setPuts:   puts,
		pace:      newPace(callsPerSecond, onSlowDown),
	}
}

// smallPuts returns the limit on small PUTs. puts is 0 if none is set.
func smallPuts(puts, calls int) int {
	if puts > 0 {
		return puts * smallPutsFactor
	}
	return max(DefaultPuts*smallPutsFactor, calls)
}

// Connections returns how many connections can be in use under such limits.
func Connections(puts, calls int) int {
	calls = cmp.Or(calls, MostCalls)
	return smallPuts(puts, calls) + calls
}

// Calls returns how many API calls may be in flight now.
func (l *Limits) Calls() int { return l.calls.limit() }

// Took notes that an API call succeeded and was answered after latency.
func (l *Limits) Took(latency time.Duration) {
	if l.calls.answered(latency, float64(l.pace.limiter.Limit())) {
		l.smallPuts.setTop(smallPuts(l.setPuts, l.Calls()))
	}
}

// Call waits until an API call may be sent: for a place in flight, for the pace, and for the
// shared limiter, in this order, so that what the limiter grants is used at once. The caller
// calls release once, after the answer was read.
func (l *Limits) Call(ctx context.Context) (release func(), err error) {
	free, err := l.acquirePlace(ctx, APICallsInFlight, l.calls.places)
	if err != nil {
		return nil, err
	}
	sends := false
	defer func() {
		if !sends { // also if the limiter panics, which is the caller's
			free()
		}
	}()
	if err := l.keepPace(ctx); err != nil {
		return nil, err
	}
	if err := l.askShared(ctx); err != nil {
		return nil, err
	}
	sends = true
	return free, nil
}

// Put waits until a PUT of size bytes may be sent. The caller calls release once.
func (l *Limits) Put(ctx context.Context, size int64) (release func(), err error) {
	return l.acquirePlace(ctx, PutsInFlight, l.putLimit(size).places)
}

// PutArrived notes that a PUT of size bytes was answered.
func (l *Limits) PutArrived(size int64) { l.putLimit(size).widen() }

// PutUnanswered notes that a PUT of size bytes had no answer although all of it was sent.
func (l *Limits) PutUnanswered(size int64) { l.putLimit(size).narrow() }

func (l *Limits) putLimit(size int64) *putLimit {
	if size < smallBody {
		return l.smallPuts
	}
	return l.puts
}

// Get waits until size bytes of a file may be asked for, or a whole file if size is 0. The
// caller calls release once. GETs have the limit of PUTs, and it holds for both apart.
func (l *Limits) Get(ctx context.Context, size int64) (release func(), err error) {
	if size < smallBody {
		return l.acquire(ctx, PutsInFlight, l.smallGets)
	}
	return l.acquire(ctx, PutsInFlight, l.gets)
}

// Rest waits until the size bytes of an answer may be read that came to a GET whose size was
// not known, and whose place is kept. A small one has its place already: if it had to wait for
// another, all that have one could wait for each other.
func (l *Limits) Rest(ctx context.Context, size int64) (release func(), err error) {
	if size < smallBody {
		return func() {}, nil
	}
	return l.acquire(ctx, PutsInFlight, l.gets)
}

// Answered adjusts the pace to the status of an answer, of the API or of storage.
func (l *Limits) Answered(status int) {
	switch {
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		l.pace.slowDown()
	case status < 400:
		l.pace.recover()
	}
}

func (l *Limits) acquirePlace(ctx context.Context, limit string, p *places) (release func(), err error) {
	if err := l.wait(ctx, limit, p.free); err != nil {
		return nil, err
	}
	return p.release, nil
}

func (l *Limits) acquire(ctx context.Context, limit string, s *semaphore.Weighted) (release func(), err error) {
	if err := l.wait(ctx, limit, s); err != nil {
		return nil, err
	}
	return func() { s.Release(1) }, nil
}

// wait waits for one place of a semaphore.
func (l *Limits) wait(ctx context.Context, limit string, s *semaphore.Weighted) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case s.TryAcquire(1):
		return nil
	}
	done := l.waits(ctx, limit)
	err := s.Acquire(ctx, 1)
	done(err)
	return err
}

// keepPace waits until the pace allows another call.
func (l *Limits) keepPace(ctx context.Context) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case l.pace.try():
		return nil
	}
	done := l.waits(ctx, APIRate)
	err := l.pace.wait(ctx)
	done(err)
	return err
}

// askShared waits for the shared limiter. It cannot tell before whether it will have to wait.
func (l *Limits) askShared(ctx context.Context) error {
	if l.Shared == nil {
		return nil
	}
	done := l.waits(ctx, SharedLimiter)
	err := l.Shared(ctx)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	done(err)
	return err
}

// waits reports that a caller waits for a limit.
func (l *Limits) waits(ctx context.Context, limit string) (done func(error)) {
	if l.OnWait == nil {
		return func(error) {}
	}
	return l.OnWait(ctx, limit)
}
