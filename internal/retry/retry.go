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
	// maxAttempts is how often one step is tried. With the waits between them, a
	// step outlives an outage of a minute or two. Of a thousand parallel steps, some
	// draw short waits: those are tried on, up to twice as often, until patience has
	// passed since the first failure.
	maxAttempts = 16
	patience    = time.Minute
	// maxNonsense is how often an answer may make no sense: a broken proxy can
	// pass, a server that speaks another language does not. One that made sense
	// when the upload began has nonsensePatience on top, for a gateway that is
	// being replaced, say.
	maxNonsense      = 3
	nonsensePatience = 15 * time.Second
	firstWait        = 500 * time.Millisecond
	longestWait      = 30 * time.Second
	// longestRetryAfter is the longest wait that a server may ask for.
	longestRetryAfter = 2 * time.Minute

	// retriesPerPart is how many retries the parts of one upload share, for each PUT
	// and API call that may be in flight: enough for all that is under way to outlive
	// an outage together. Each part that is done gives back as many as one step may
	// take, so that a long upload over a bad link goes on, while one that gets
	// nowhere ends.
	retriesPerPart = 20
)

// Attempts counts the attempts of one step and waits between them.
type Attempts struct {
	Policy    Policy
	OnRetry   func(Retried)
	Budget    *Budget // nil for a step that shares none
	Operation string
	UploadID  string
	Part      int64
	attempts  int
	nonsense  int       // attempts whose answer made no sense
	since     time.Time // the first failure
}

// next counts an attempt and returns the context for it.
func (r *Attempts) next(ctx context.Context) context.Context {
	r.attempts++
	return operation.WithAttempt(ctx, r.attempt())
}

// Count returns how many attempts were made.
func (r *Attempts) Count() int { return r.attempts }

func (r *Attempts) attempt() operation.Attempt {
	return operation.Attempt{UploadID: r.UploadID, Part: r.Part, Number: r.attempts}
}

// Retried says that an attempt failed and that another one follows after wait.
type Retried struct {
	Operation string
	Attempt   operation.Attempt
	Status    int // of the answer; 0 if there was none
	Wait      time.Duration
	Err       error
}

// Wait waits before the next attempt. It returns an error when there is to be
// none: err itself, or the context's.
func (r *Attempts) Wait(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, errs.ErrProtocol) {
		r.nonsense++
	}
	if r.since.IsZero() {
		r.since = time.Now()
	}
	failing := time.Since(r.since)
	often := r.attempts >= maxAttempts && failing >= patience || r.attempts >= 2*maxAttempts
	nonsense := r.nonsense >= maxNonsense && (r.UploadID == "" || failing >= nonsensePatience)
	failed := r.Policy(err)
	wait := failed.RetryAfter
	switch {
	case often, nonsense:
		return fmt.Errorf("%w (after %d attempts)", err, r.attempts)
	case wait > longestRetryAfter:
		return fmt.Errorf("%w (asked to wait %v, the limit is %v)", err, wait, longestRetryAfter)
	case r.Budget != nil && !r.Budget.take():
		return fmt.Errorf("%w (and %d retries of this upload are used up)", err, r.Budget.size)
	}
	// The server's wait is the least one: with many short ones, all attempts would
	// be over before a short outage is.
	wait = max(wait, backoff(r.attempts))
	r.OnRetry(Retried{Operation: r.Operation, Attempt: r.attempt(), Status: failed.Status, Wait: wait, Err: err})
	return sleep(ctx, wait)
}

// Do makes attempts as long as the policy decides for Retry, with the waits between
// them. It returns the error of the last attempt and what the policy decided about it:
// Stop when the context ended, and when the attempts are used up.
func (r *Attempts) Do(ctx context.Context, attempt func(context.Context) error) (Decision, error) {
	for {
		err := attempt(r.next(ctx))
		if err == nil {
			return Stop, nil
		}
		if ctx.Err() != nil {
			return Stop, ctx.Err()
		}
		if decision := r.Policy.Decide(r.Operation, err); decision != Retry {
			return decision, err
		}
		if err := r.Wait(ctx, err); err != nil {
			return Stop, err
		}
	}
}

// backoff is exponential with full jitter: clients that failed together do not
// come back together.
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

// Budget is shared by the parts of an upload.
type Budget struct {
	size int
	mu   sync.Mutex
	left int
}

// NewBudget is for inFlight calls and PUTs at a time.
func NewBudget(inFlight int) *Budget {
	size := retriesPerPart * inFlight
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

// GiveBack returns the retries of a part that is done.
func (b *Budget) GiveBack() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(b.size, b.left+maxAttempts)
}
