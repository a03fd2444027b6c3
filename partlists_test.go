package bytescale

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// One call at a time, and no answer that is older than its question.
func TestPartListsAreShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var lists partLists
		var began []time.Time
		call := func(ctx context.Context, uploadID string) ([]int64, error) {
			began = append(began, time.Now())
			return []int64{int64(len(began))}, pause(ctx, time.Second)
		}
		start := time.Now()
		done := make(chan error)
		for i := range 20 {
			go func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				asked := time.Now()
				got, err := lists.ask(t.Context(), "u", call)
				switch {
				case err != nil:
				case len(got) != 1:
					err = errors.New("no answer")
				case began[got[0]-1].Before(asked):
					err = errors.New("an old answer")
				case time.Since(asked) > 2*time.Second:
					err = errors.New("two calls would have been enough")
				}
				done <- err
			}()
		}
		for range 20 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(start); len(began) != 3 || took != 3*time.Second {
			t.Errorf("%d calls in %v", len(began), took)
		}
		if len(lists.uploads) != 0 {
			t.Errorf("%d lists are left", len(lists.uploads))
		}
	})
}

// Who gives up does not keep the others from an answer, and uploads do not wait for
// each other.
func TestPartListsGoOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var lists partLists
		slow := func(ctx context.Context, uploadID string) ([]int64, error) { return nil, pause(ctx, time.Minute) }
		quick := func(context.Context, string) ([]int64, error) { return []int64{7}, nil }
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		done := make(chan error)
		for range 3 { // the one that calls, and two that wait
			go func() {
				_, err := lists.ask(ctx, "a", slow)
				done <- err
			}()
			synctest.Wait()
		}
		if got, err := lists.ask(t.Context(), "b", quick); err != nil || len(got) != 1 {
			t.Errorf("another upload: %v, %v", got, err)
		}
		if got, err := lists.ask(t.Context(), "a", quick); err != nil || len(got) != 1 {
			t.Errorf("the same upload: %v, %v", got, err)
		}
		for range 3 {
			if err := <-done; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v", err)
			}
		}
	})
}
