package limits

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const testRate = 800.0

// callFor makes calls from n goroutines for a span of virtual time and returns
// the number of calls in each second of it.
func callFor(t *testing.T, l *Limits, n int, span time.Duration) []int {
	t.Helper()
	began := time.Now()
	perSecond := make([]int, int(span/time.Second)+1)
	var mu sync.Mutex
	var all sync.WaitGroup
	ctx, cancel := context.WithTimeout(t.Context(), span)
	defer cancel()
	for range n {
		all.Go(func() {
			for {
				release, err := l.Call(ctx)
				if err != nil {
					return
				}
				mu.Lock()
				perSecond[int(time.Since(began)/time.Second)]++
				mu.Unlock()
				time.Sleep(time.Millisecond)
				release()
			}
		})
	}
	all.Wait()
	return perSecond
}

func TestRateHoldsInEverySecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		counts := callFor(t, New(8, 32, testRate, nil), 64, 10*time.Second)
		for second, n := range counts[:10] {
			if n > 1000 {
				t.Errorf("%d calls in second %d, the account allows 1000", n, second)
			}
			if n < testRate-1 {
				t.Errorf("%d calls in second %d, %v are allowed", n, second, testRate)
			}
		}
	})
}

func TestCallsInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// 4 calls at a time of one millisecond each: 4000 a second.
		counts := callFor(t, New(8, 4, 1e6, nil), 64, time.Second)
		if counts[0] < 3900 || counts[0] > 4000 {
			t.Errorf("%d calls in a second, want 4000", counts[0])
		}
	})
}

func TestPutsInFlight(t *testing.T) {
	t.Parallel()
	l := New(2, 32, 800, nil)
	for range 2 {
		if _, err := l.Put(t.Context(), smallBody); err != nil {
			t.Fatal(err)
		}
	}
	full, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Put(full, smallBody); !errors.Is(err, context.Canceled) {
		t.Errorf("third PUT of 1 MiB: %v, want it to wait", err)
	}
	for range 2 * smallPutsFactor {
		if _, err := l.Put(t.Context(), smallBody-1); err != nil {
			t.Fatalf("a small PUT queued behind the large ones: %v", err)
		}
	}
	if _, err := l.Put(full, smallBody-1); !errors.Is(err, context.Canceled) {
		t.Errorf("one small PUT too many: %v, want it to wait", err)
	}
}

func TestTooManyRequestsSlowsDownAndRecovers(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		synctest.Test(t, func(t *testing.T) {
			var paces []float64
			l := New(8, 32, 400, func(perSecond float64) { paces = append(paces, perSecond) })
			callFor(t, l, 64, 2*time.Second)
			for range 20 { // the answers to calls that were under way together
				l.Answered(status)
			}
			if len(paces) != 1 || paces[0] > 210 || paces[0] < 190 {
				t.Fatalf("paces %v, want one slow-down to 200 calls per second", paces)
			}
			if slow := callFor(t, l, 64, time.Second)[0]; slow > 200+200/4+1 {
				t.Errorf("%d calls in the second after, want about 200 and the burst", slow)
			}
			for range paceRecovery / paceStep {
				time.Sleep(paceStep)
				l.Answered(http.StatusOK)
			}
			if got := l.pace.limiter.Limit(); got != 400 {
				t.Errorf("%v calls per second after %v, want 400 again", got, paceRecovery)
			}
		})
	}
}

// Calls that were saved up at the fast pace are not sent after a slow-down.
func TestSlowDownTakesTheBurst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New(8, 64, testRate, nil)
		for range 100 { // 20 a second, so that the burst is there
			release, err := l.Call(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			release()
			time.Sleep(time.Second / 20)
		}
		l.Answered(http.StatusTooManyRequests)
		if n := callFor(t, l, 64, time.Second)[0]; n > 10+10/4+1 {
			t.Errorf("%d calls in the second after, want about 10", n)
		}
	})
}

// The time without calls, while all wait as the service asked, does not count as success.
func TestPaceRecoversWithSuccessOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New(8, 64, testRate, nil)
		callFor(t, l, 64, time.Second)
		l.Answered(http.StatusTooManyRequests)
		low := l.pace.limiter.Limit()
		time.Sleep(10 * time.Minute)
		l.Answered(http.StatusOK)
		if got := l.pace.limiter.Limit(); got > low+testRate/20 {
			t.Errorf("one success lifts %v calls per second to %v", low, got)
		}
	})
}

func TestSlowDownNeverSpeedsUp(t *testing.T) {
	t.Parallel()
	l := New(8, 64, 0.1, nil)
	l.Answered(http.StatusTooManyRequests)
	if got := l.pace.limiter.Limit(); got > 0.1 {
		t.Errorf("0.1 calls per second became %v", got)
	}
}

func TestSlowDownStartsFromTheKeptPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New(8, 1, 1e6, nil)
		callFor(t, l, 1, 2*time.Second) // 1000 a second
		l.Answered(http.StatusTooManyRequests)
		if got := l.pace.limiter.Limit(); got > 501 {
			t.Errorf("%v calls per second, want half of the 1000 that were made", got)
		}
	})
}

func TestPaceNeverStopsAltogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := New(8, 32, 800, nil)
		for range 60 {
			l.Answered(http.StatusTooManyRequests)
			time.Sleep(slowDownGap)
		}
		if got := l.pace.limiter.Limit(); got != slowestPace {
			t.Errorf("%v calls per second, want %d", got, slowestPace)
		}
	})
}

// PUTs without an answer halve the PUTs in flight, those with one restore them.
func TestUnansweredPutsNarrowTheWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const puts = 8
		l := New(puts, 32, 800, nil)
		fits := func() (n int) { // while none is in flight
			for l.puts.free.TryAcquire(1) {
				n++
			}
			l.puts.free.Release(int64(n))
			return n
		}
		var under []func()
		for range puts {
			release, err := l.Put(t.Context(), smallBody)
			if err != nil {
				t.Fatal(err)
			}
			under = append(under, release)
		}
		for range puts { // all that are under way go unanswered together
			l.PutUnanswered(smallBody)
		}
		for _, release := range under {
			release()
		}
		if n := fits(); n != puts/2 {
			t.Errorf("%d PUTs in flight after they went unanswered, want %d", n, puts/2)
		}
		for range 10 {
			time.Sleep(narrowGap)
			l.PutUnanswered(smallBody)
		}
		if n := fits(); n != 1 {
			t.Errorf("%d PUTs in flight at the least, want 1", n)
		}
		for i := range 2 * puts {
			for range widenAfter {
				l.PutArrived(smallBody)
			}
			if n := fits(); n != min(puts, i+2) {
				t.Errorf("%d PUTs in flight after %d arrived", n, (i+1)*widenAfter)
			}
		}
	})
}

// The shared limiter is asked last, so that what it grants is used at once.
func TestSharedLimiterComesLast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const own = 4.0
		l := New(8, 2, own, nil)
		var granted []time.Time
		l.Shared = func(context.Context) error {
			granted = append(granted, time.Now())
			return nil
		}
		for range 3 {
			release, err := l.Call(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if asked := granted[len(granted)-1]; !asked.Equal(time.Now()) {
				t.Errorf("the limiter was asked %v before the call could be sent", time.Since(asked))
			}
			release()
		}
		if span := granted[2].Sub(granted[0]); span != time.Second/2 {
			t.Errorf("three calls in %v, want %v at %v calls per second", span, time.Second/2, own)
		}
	})
}

// A call that the shared limiter refuses, or panics about, gives its place back. The end of the
// context is told as such, whatever the limiter says about it.
func TestSharedLimiterFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	ended, cancel := context.WithCancelCause(t.Context())
	for name, c := range map[string]struct {
		ctx  context.Context
		wait func() error
		want error
	}{
		"an error":               {t.Context(), func() error { return broken }, broken},
		"the end of the context": {ended, func() error { cancel(broken); return broken }, context.Canceled},
		"a panic":                {t.Context(), func() error { panic(broken) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			l := New(8, 2, testRate, nil)
			l.Shared = func(context.Context) error { return c.wait() }
			func() {
				defer func() { _ = recover() }()
				if _, err := l.Call(c.ctx); !errors.Is(err, c.want) {
					t.Errorf("error %v, want %v", err, c.want)
				}
			}()
			if !l.calls.free.TryAcquire(2) {
				t.Error("the place of the call is lost")
			}
		})
	}
}

// service is a service that answers after latency and makes so many calls per second at the most.
type service struct {
	latency  time.Duration
	capacity float64 // 0 for no limit
	unsteady bool    // the capacity is another one every quarter of a second

	mu   sync.Mutex
	free time.Time // when it has done what it was asked for so far
}

// call returns when the service has answered.
func (s *service) call() {
	s.mu.Lock()
	latency, wait := s.latency, time.Duration(0)
	if s.capacity > 0 {
		if now := time.Now(); s.free.Before(now) {
			s.free = now
		}
		capacity := s.capacity
		if s.unsteady && time.Now().UnixMilli()/250%2 == 0 {
			capacity *= 2
		}
		s.free = s.free.Add(time.Duration(float64(time.Second) / capacity))
		wait = time.Until(s.free)
	}
	s.mu.Unlock()
	time.Sleep(wait + latency)
}

func (s *service) setLatency(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency = d
}

// load calls the service from as many goroutines as there may be calls in flight, as the files
// of a directory do, and tells the limits how long each call took. It returns how many calls
// succeeded per second, and the most calls in flight.
func load(t *testing.T, l *Limits, s *service, span time.Duration) (perSecond float64, most int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), span)
	defer cancel()
	var all sync.WaitGroup
	var mu sync.Mutex
	calls, inFlight := 0, 0
	for range MostCalls + 1 {
		all.Go(func() {
			for {
				release, err := l.Call(ctx)
				if err != nil {
					return
				}
				mu.Lock()
				inFlight++
				most = max(most, inFlight)
				mu.Unlock()
				began := time.Now()
				s.call()
				l.Took(time.Since(began))
				mu.Lock()
				inFlight--
				calls++
				mu.Unlock()
				release()
			}
		})
	}
	all.Wait()
	return float64(calls) / span.Seconds(), most
}

// TestCallsFollowLittlesLaw makes as many calls as the rate of the account allows, at each
// latency, and has no more in flight than that takes.
func TestCallsFollowLittlesLaw(t *testing.T) {
	t.Parallel()
	for latency, want := range map[time.Duration]int{
		5 * time.Millisecond:   FewestCalls, // 4 calls would do
		50 * time.Millisecond:  FewestCalls, // 40
		200 * time.Millisecond: 200,
		500 * time.Millisecond: 500,
		5 * time.Second:        MostCalls, // 5000
	} {
		synctest.Test(t, func(t *testing.T) {
			l, s := New(0, 0, 1000/callHeadroom, nil), &service{latency: latency}
			load(t, l, s, 10*time.Second+20*latency)
			if got := l.Calls(); got < want*95/100 || got > want*105/100 {
				t.Errorf("%v: %d calls in flight, want %d", latency, got, want)
			}
			rate := min(1000/callHeadroom, MostCalls/latency.Seconds())
			got, most := load(t, l, s, 20*time.Second+20*latency)
			if got < 0.9*rate || got > 1.05*rate {
				t.Errorf("%v: %v calls per second, want %v", latency, got, rate)
			}
			if most > want*105/100 {
				t.Errorf("%v: %d calls were in flight, want at most %d", latency, most, want)
			}
		})
	}
}

// The limit follows a latency that changes in the middle, up and down.
func TestCallsFollowTheLatency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, s := New(0, 0, 1000/callHeadroom, nil), &service{}
		for _, step := range []struct {
			latency time.Duration
			want    int
		}{{50 * time.Millisecond, 64}, {400 * time.Millisecond, 400}, {150 * time.Millisecond, 150}, {10 * time.Millisecond, 64}} {
			s.setLatency(step.latency)
			load(t, l, s, 20*time.Second)
			if got := l.Calls(); got < step.want*8/10 || got > step.want*11/10 {
				t.Errorf("%v: %d calls in flight, want %d", step.latency, got, step.want)
			}
			if perSecond, _ := load(t, l, s, 10*time.Second); perSecond < 0.95*1000/callHeadroom {
				t.Errorf("%v: %v calls per second", step.latency, perSecond)
			}
		}
	})
}

// A service that cannot make as many calls as the rate allows gets no more calls in flight than
// it needs, although its latency rises with them.
func TestCallsDoNotFollowABusyService(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{800, 1e6} {
		for _, unsteady := range []bool{false, true} { // so that a raise seems to bring something
			synctest.Test(t, func(t *testing.T) {
				l, s := New(0, 0, rate, nil), &service{latency: 20 * time.Millisecond, capacity: 300, unsteady: unsteady}
				perSecond, most := load(t, l, s, time.Minute)
				if most > 2*FewestCalls {
					t.Errorf("rate %v, unsteady %v: %d calls were in flight, of which %d would do", rate, unsteady, most, FewestCalls)
				}
				if perSecond < 295 {
					t.Errorf("rate %v: %v calls per second, want 300", rate, perSecond)
				}
			})
		}
	}
}

// Calls in flight that are set stay so, and slow-downs lower an automatic limit.
func TestCallsThatAreSetStay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, s := New(0, 100, 800, nil), &service{latency: time.Second}
		if _, most := load(t, l, s, time.Minute); most != 100 || l.Calls() != 100 {
			t.Errorf("%d calls were in flight and %d may be, want 100", most, l.Calls())
		}
		l = New(0, 0, 800, nil)
		load(t, l, s, time.Minute)
		before := l.Calls()
		l.Answered(http.StatusTooManyRequests)
		load(t, l, s, 5*time.Second)
		if got := l.Calls(); got > before*7/10 {
			t.Errorf("%d calls in flight after a slow-down, %d before", got, before)
		}
	})
}

// Small PUTs are as many as API calls, unless the PUTs are set.
func TestSmallPutsFollowTheCalls(t *testing.T) {
	t.Parallel()
	for puts, want := range map[int]int{0: 400, 1: 8, 16: 128} {
		synctest.Test(t, func(t *testing.T) {
			l := New(puts, 0, 800, nil)
			load(t, l, &service{latency: 400 * time.Millisecond}, 30*time.Second)
			if got := l.smallPuts.limit(); got < want*95/100 || got > want*105/100 {
				t.Errorf("%d PUTs set: %d small ones, want %d", puts, got, want)
			}
			if got := l.puts.limit(); got != l.MaxPuts {
				t.Errorf("%d PUTs set: %d large ones, want %d", puts, got, l.MaxPuts)
			}
		})
	}
}
