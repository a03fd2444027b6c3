package retry

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

const (
	// maxMalformed is how often a malformed answer is tolerated: a broken proxy may be
	// repaired, a server that speaks another protocol will not change. Once an upload
	// has begun, the service has given a sound answer before, so malformed answers are
	// tolerated while the step has waited less than malformedPatience, as while a gateway
	// is replaced.
	maxMalformed      = 3
	malformedPatience = 15 * time.Second

	// retriesPerStep is how many retries the parts of one upload share, for each PUT
	// and API call that may be in flight. That is enough for all steps under way to
	// outlive an outage together. Each confirmed part gives back as many, so that a long
	// upload over a bad link goes on, while one that makes no progress ends.
	retriesPerStep = 20
)

// Limits bounds the attempts of one step. The root package documents the fields in
// RetryPolicy. A field that is zero or negative has its default.
type Limits struct {
	MaxAttempts            int // no default: as many as the waits allow
	TotalWait              time.Duration
	FirstWait, LongestWait time.Duration
}

// The defaults of Limits. With them, a step outlives an outage of two minutes.
const (
	totalWait   = 2 * time.Minute
	firstWait   = 500 * time.Millisecond
	longestWait = 30 * time.Second
)

func (l Limits) orDefaults() Limits {
	l.TotalWait = orDefault(l.TotalWait, totalWait)
	l.FirstWait = orDefault(l.FirstWait, firstWait)
	l.LongestWait = orDefault(l.LongestWait, longestWait)
	return l
}

func orDefault(d, standard time.Duration) time.Duration {
	if d <= 0 {
		return standard
	}
	return d
}

// used reports whether a step may not be tried again after so many attempts and waits.
func (l Limits) used(attempts int, waited time.Duration) bool {
	return waited >= l.TotalWait || l.MaxAttempts > 0 && attempts >= l.MaxAttempts
}

// backoff returns an exponential wait with full jitter, so that clients that failed
// together do not come back together.
func (l Limits) backoff(attempt int) time.Duration {
	ceiling := min(l.FirstWait, l.LongestWait)
	for ; attempt > 1 && ceiling < l.LongestWait; attempt-- {
		ceiling += min(ceiling, l.LongestWait-ceiling)
	}
	return rand.N(ceiling)
}

// Attempts makes and counts the attempts of one step, and waits between them.
type Attempts struct {
	Policy    Policy
	Limits    Limits
	OnRetry   func(Retried) // called before each wait
	Budget    *Budget       // nil for a step that shares none
	Operation string
	UploadID  string // empty for a step outside of an upload
	Part      int64  // -1 for a step that is not about one

	made      int
	malformed int           // attempts with a malformed answer
	waited    time.Duration // between the attempts, without what servers asked for beyond that
	last      error         // the last failure that was not due to the end of the context
}

// next counts an attempt and returns its context.
func (a *Attempts) next(ctx context.Context) context.Context {
	a.made++
	return operation.WithAttempt(ctx, a.attempt())
}

// Count returns how many attempts were made.
func (a *Attempts) Count() int { return a.made }

func (a *Attempts) attempt() operation.Attempt {
	return operation.Attempt{Operation: a.Operation, UploadID: a.UploadID, Part: a.Part, Number: a.made}
}

// Retried is an event: an attempt failed with Err, and another one follows after Wait.
type Retried struct {
	Context context.Context
	Attempt operation.Attempt
	Status  int // of the answer; 0 if there was none
	Wait    time.Duration
	Err     error
}

// Wait waits after an attempt that failed with err. It returns an error if no other
// attempt is to follow: err itself with the reason, or an errs.ContextError.
func (a *Attempts) Wait(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return a.ended(ctx, err)
	}
	a.last = err
	if errors.Is(err, errs.ErrProtocol) && !errors.Is(err, errs.ErrKnownHost) {
		a.malformed++
	}
	limits, failed := a.Limits.orDefaults(), a.Policy(err)
	malformed := a.malformed >= maxMalformed && (a.UploadID == "" || a.waited >= malformedPatience)
	switch {
	case malformed, limits.used(a.made, a.waited):
		return fmt.Errorf("%w (after %s)", err, attempts(a.made))
	case failed.RetryAfter > limits.TotalWait:
		return fmt.Errorf("%w (asked to wait %v, the limit is %v)", err, failed.RetryAfter, limits.TotalWait)
	case a.Budget != nil && !a.Budget.take():
		return fmt.Errorf("%w (and %d retries of this transfer are used up)", err, a.Budget.size)
	}
	// A Retry-After is only the least wait. With many short ones, all attempts would be
	// used up before a short outage is over.
	wait := min(limits.backoff(a.made), limits.TotalWait-a.waited)
	a.waited += wait
	wait = max(wait, failed.RetryAfter)
	a.OnRetry(Retried{Context: ctx, Attempt: a.attempt(), Status: failed.Status, Wait: wait, Err: err})
	if sleep(ctx, wait) != nil {
		return a.ended(ctx, err)
	}
	return nil
}

// attempts says how many attempts there were.
func attempts(n int) string {
	if n == 1 {
		return "1 attempt"
	}
	return fmt.Sprintf("%d attempts", n)
}

// ended returns the error of a step whose context has ended, in or after an attempt that
// failed with err.
func (a *Attempts) ended(ctx context.Context, err error) error {
	var inner *errs.ContextError // of a step within this one
	if errors.As(err, &inner) && inner.Last != nil {
		return inner
	}
	if !errs.IsEndOf(ctx, err) {
		a.last = err
	}
	return errs.NewContextError(ctx, a.Operation, a.made, a.last)
}

// Do makes attempts as long as the policy decides for Retry, with the waits between
// them. It returns the error of the last attempt and what the policy decided about it:
// Stop when the context ended, and when the attempts are used up.
func (a *Attempts) Do(ctx context.Context, attempt func(context.Context) error) (Decision, error) {
	return a.Again(ctx, attempt(a.next(ctx)), attempt)
}

// Again is Do after an attempt that ended with err, which may be nil.
func (a *Attempts) Again(ctx context.Context, err error, attempt func(context.Context) error) (Decision, error) {
	for err != nil {
		if ctx.Err() != nil {
			return Stop, a.ended(ctx, err)
		}
		if decision := a.Policy.Decide(a.Operation, err); decision != Retry {
			return decision, err
		}
		if err := a.Wait(ctx, err); err != nil {
			return Stop, err
		}
		err = attempt(a.next(ctx))
	}
	return Stop, nil
}

// Advance notes that an attempt has brought the step forward before it failed, so that the
// next one continues where it ended. It counts as the first attempt of a new step.
func (a *Attempts) Advance() {
	a.made, a.malformed, a.waited = 1, 0, 0
	if a.Budget != nil {
		a.Budget.GiveBack()
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Budget is the retries that the parts of one upload share.
type Budget struct {
	size int
	mu   sync.Mutex
	left int
}

// NewBudget returns the budget of an upload with so many calls and PUTs in flight.
func NewBudget(inFlight int) *Budget {
	size := retriesPerStep * inFlight
	return &Budget{size: size, left: size}
}

func (b *Budget) take() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left == 0 {
		return false
	}
	b.left--
	return true
}

// GiveBack adds retries, because a part is confirmed.
func (b *Budget) GiveBack() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(b.size, b.left+retriesPerStep)
}
