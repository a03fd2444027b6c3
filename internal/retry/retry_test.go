package retry

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

// refusal is an unsuccessful answer.
type refusal Failure

func (*refusal) Error() string { return "refused" }

func failureOfRefusal(err error) Failure {
	var answer *refusal
	if errors.As(err, &answer) {
		return Failure{Answered: true, Status: answer.Status, RetryAfter: answer.RetryAfter}
	}
	return Failure{}
}

func testAttempts(events *[]Retried) *Attempts {
	return &Attempts{
		Policy: failureOfRefusal, OnRetry: func(r Retried) { *events = append(*events, r) }, Budget: NewBudget(72),
		Operation: operation.BeginMultipartUpload, Part: -1,
	}
}

func TestRetryWaits(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name string
		err  error
		want time.Duration // exact; 0 for the backoff
		stop bool
	}{
		{name: "as asked", err: &refusal{Status: 429, RetryAfter: 7 * time.Second}, want: 7 * time.Second},
		{name: "the longest allowed", err: &refusal{Status: 503, RetryAfter: totalWait}, want: totalWait},
		{name: "longer than allowed", err: &refusal{Status: 503, RetryAfter: totalWait + 1}, stop: true},
		{name: "not asked", err: &refusal{Status: 503}},
	}
	for _, row := range rows {
		synctest.Test(t, func(t *testing.T) {
			var events []Retried
			r := testAttempts(&events)
			r.next(t.Context())
			began := time.Now()
			err := r.Wait(t.Context(), row.err)
			waited := time.Since(began)
			switch {
			case row.stop:
				if !errors.Is(err, row.err) || waited != 0 || len(events) != 0 {
					t.Errorf("%s: waited %v, %v; want the error at once", row.name, waited, err)
				}
			case err != nil:
				t.Errorf("%s: %v", row.name, err)
			case row.want != 0 && waited != row.want, row.want == 0 && waited > firstWait:
				t.Errorf("%s: waited %v", row.name, waited)
			case len(events) != 1 || events[0].Wait != waited || events[0].Attempt.Number != 1:
				t.Errorf("%s: events %+v", row.name, events)
			}
		})
	}
}

func TestRetryEnds(t *testing.T) {
	t.Parallel()
	overload := &refusal{Status: 503}
	for _, test := range []struct {
		name     string
		limits   Limits
		err      error
		upload   string
		waits    time.Duration // in all; -1 for any
		attempts [2]int        // least and most
	}{
		{"defaults", Limits{}, overload, "", totalWait, [2]int{9, 32}},
		{"defaults, in an upload", Limits{}, overload, "id", totalWait, [2]int{9, 32}},
		{"less than nothing is the default", Limits{-1, -1, -1, -1}, overload, "", totalWait, [2]int{9, 32}},
		{"one attempt", Limits{MaxAttempts: 1}, overload, "", 0, [2]int{1, 1}},
		{"three attempts", Limits{MaxAttempts: 3}, overload, "", -1, [2]int{3, 3}},
		{"ten seconds", Limits{TotalWait: 10 * time.Second}, overload, "", 10 * time.Second, [2]int{5, 20}},
		{"ten seconds of short waits", Limits{TotalWait: 10 * time.Second, LongestWait: time.Second}, overload, "", 10 * time.Second, [2]int{11, 50}},
		{"as long as asked", Limits{MaxAttempts: 4}, &refusal{Status: 503, RetryAfter: time.Minute}, "", 3 * time.Minute, [2]int{4, 4}},
		{"what is asked does not count", Limits{}, &refusal{Status: 503, RetryAfter: time.Minute}, "", -1, [2]int{9, 32}},
		{"asked for too much", Limits{TotalWait: 10 * time.Second}, &refusal{Status: 503, RetryAfter: 11 * time.Second}, "", 0, [2]int{1, 1}},
		{"malformed", Limits{}, fmt.Errorf("%w: <html>", errs.ErrProtocol), "", -1, [2]int{maxMalformed, maxMalformed}},
		{"malformed, in an upload", Limits{}, fmt.Errorf("%w: <html>", errs.ErrProtocol), "id", -1, [2]int{5, 16}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var events []Retried
				made := 0
				a := testAttempts(&events)
				a.Limits, a.UploadID = test.limits, test.upload
				began := time.Now()
				_, err := a.Do(t.Context(), func(context.Context) error {
					made++
					return test.err
				})
				waited := time.Since(began)
				if !errors.Is(err, test.err) || made < test.attempts[0] || made > test.attempts[1] {
					t.Errorf("%v after %d attempts, want %v attempts", err, made, test.attempts)
				}
				if test.waits >= 0 && waited != test.waits {
					t.Errorf("waited %v in all, want %v", waited, test.waits)
				}
			})
		})
	}
}

// A wait is anything up to its ceiling, so that clients that failed together do not come back
// together.
func TestBackoffHasFullJitter(t *testing.T) {
	t.Parallel()
	for attempt, ceiling := range map[int]time.Duration{1: firstWait, 3: 4 * firstWait, 20: longestWait} {
		least, most := ceiling, time.Duration(0)
		for range 1000 {
			wait := (Limits{}).orDefaults().backoff(attempt)
			least, most = min(least, wait), max(most, wait)
		}
		if least > ceiling/10 || most < ceiling*9/10 || most > ceiling {
			t.Errorf("attempt %d: waits from %v to %v, want up to %v", attempt, least, most, ceiling)
		}
	}
}

func TestRetryBudgetIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(72)
		taken := 0
		for b.take() {
			taken++
		}
		if taken != b.size {
			t.Errorf("%d retries, want %d", taken, b.size)
		}
		var events []Retried
		r := testAttempts(&events)
		r.Budget = b
		overload := &refusal{Status: 503}
		r.next(t.Context())
		if err := r.Wait(t.Context(), overload); !errors.Is(err, overload) {
			t.Errorf("%v, want the error: the budget is used up", err)
		}
		b.GiveBack()
		if b.left != retriesPerStep {
			t.Errorf("%d retries were given back, want %d", b.left, retriesPerStep)
		}
		if err := r.Wait(t.Context(), overload); err != nil {
			t.Errorf("%v after a part was done", err)
		}
	})
}

func TestSleepEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var events []Retried
		r := testAttempts(&events)
		began := time.Now()
		r.next(ctx)
		err := r.Wait(ctx, &refusal{Status: 503, RetryAfter: time.Minute})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestBackoffGrowsToItsBound(t *testing.T) {
	t.Parallel()
	for attempt := 1; attempt < 100; attempt++ {
		ceiling := longestWait
		if attempt <= 6 {
			ceiling = firstWait << (attempt - 1)
		}
		for range 100 {
			if wait := (Limits{}).orDefaults().backoff(attempt); wait < 0 || wait > ceiling {
				t.Fatalf("attempt %d waits %v, want at most %v", attempt, wait, ceiling)
			}
		}
	}
}
