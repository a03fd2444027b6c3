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
	// maxAttempts is how often one step is tried. With the waits between them, a step
	// outlives an outage of a minute or two. With jitter, some of many parallel steps
	// reach maxAttempts early. They go on, up to twice as often, until patience has
	// passed since the first failure.
	maxAttempts = 16
	patience    = time.Minute
	// maxMalformed is how often a malformed answer is tolerated: a broken proxy may be
	// repaired, a server that speaks another protocol will not change. Once an upload
	// has begun, the service has given a sound answer before, so malformed answers are
	// tolerated for malformedPatience at least, as while a gateway is replaced.
	maxMalformed      = 3
	malformedPatience = 15 * time.Second

	firstWait   = 500 * time.Millisecond
	longestWait = 30 * time.Second
	// longestRetryAfter is the longest wait that a server may ask for.
	longestRetryAfter = 2 * time.Minute

	// retriesPerStep is how many retries the parts of one upload share, for each PUT
	// and API call that may be in flight. That is enough for all steps under way to
	// outlive an outage together. Each confirmed part gives back as many retries as
	// one step may take, so that a long upload over a bad link goes on, while one that
	// makes no progress ends.
	retriesPerStep = 20
)

// Attempts makes and counts the attempts of one step, and waits between them.
type Attempts struct {
	Policy    Policy
	OnRetry   func(Retried) // called before each wait
	Budget    *Budget       // nil for a step that shares none
	Operation string
	UploadID  string // empty for a step outside of an upload
	Part      int64  // -1 for a step that is not about one

	made      int
	malformed int       // attempts with a malformed answer
	since     time.Time // the first failure
	last      error     // the last failure that was not due to the end of the context
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
	if a.since.IsZero() {
		a.since = time.Now()
	}
	failing := time.Since(a.since)
	often := a.made >= maxAttempts && failing >= patience || a.made >= 2*maxAttempts
	malformed := a.malformed >= maxMalformed && (a.UploadID == "" || failing >= malformedPatience)
	failed := a.Policy(err)
	wait := failed.RetryAfter
	switch {
	case often, malformed:
		return fmt.Errorf("%w (after %d attempts)", err, a.made)
	case wait > longestRetryAfter:
		return fmt.Errorf("%w (asked to wait %v, the limit is %v)", err, wait, longestRetryAfter)
	case a.Budget != nil && !a.Budget.take():
		return fmt.Errorf("%w (and %d retries of this upload are used up)", err, a.Budget.size)
	}
	// A Retry-After is only the least wait. With many short ones, all attempts would be
	// used up before a short outage is over.
	wait = max(wait, backoff(a.made))
	a.OnRetry(Retried{Context: ctx, Attempt: a.attempt(), Status: failed.Status, Wait: wait, Err: err})
	if sleep(ctx, wait) != nil {
		return a.ended(ctx, err)
	}
	return nil
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
	for {
		err := attempt(a.next(ctx))
		if err == nil {
			return Stop, nil
		}
		if ctx.Err() != nil {
			return Stop, a.ended(ctx, err)
		}
		if decision := a.Policy.Decide(a.Operation, err); decision != Retry {
			return decision, err
		}
		if err := a.Wait(ctx, err); err != nil {
			return Stop, err
		}
	}
}

// backoff returns an exponential wait with full jitter, so that clients that failed
// together do not come back together.
func backoff(attempt int) time.Duration {
	ceiling := longestWait
	if attempt < 7 {
		ceiling = min(longestWait, firstWait<<(attempt-1))
	}
	return rand.N(ceiling)
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

// GiveBack adds the retries that one step may take, because a part is confirmed.
func (b *Budget) GiveBack() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(b.size, b.left+maxAttempts)
}
