package limits

import (
	"math"
	"sync"
	"time"
)

const (
	// FewestCalls is the lower bound of an automatic limit on the API calls in flight.
	FewestCalls = 64
	// MostCalls is its upper bound. Each call in flight has a connection of its own.
	MostCalls = 1024

	// callHeadroom is what an automatic limit has beyond the calls that are in flight on
	// average, because latencies vary.
	callHeadroom = 1.25
	// measureFor is the least time to measure before an automatic limit changes. It is also
	// twice the latency at least. After a change the measurement begins one latency later,
	// because that is when the change shows.
	measureFor = 250 * time.Millisecond
	// queueing is how many times as many calls may be in flight as the lowest latency of the last
	// lowestFor to twice that explains. The rest waits in a queue of the service, and more of them
	// would only make it longer.
	queueing  = 4
	lowestFor = 5 * time.Second
	// raiseGap is how long the limit is not raised after a raise that brought nothing.
	raiseGap = 5 * time.Second
)

// callLimit is the limit on the API calls in flight. An automatic one follows from the rate
// and the measured latency by Little's law: to make R calls per second that take L seconds
// each, R·L of them have to be in flight. If more calls in flight do not make more calls per
// second, or if calls take much longer than the fastest one, it is the service that is busy: the
// limit goes back, because otherwise it would rise with the latency that it causes itself.
type callLimit struct {
	*places
	fewest int

	mu      sync.Mutex
	since   time.Time // begin of the measurement, which may be to come; zero before the first answer
	answers int
	took    time.Duration // by all answers together
	lowest  lowest
	raised  *raise    // the last raise, until it is judged
	held    time.Time // there is no raise before that
}

// raise is a raise of the limit.
type raise struct {
	from      int     // the limit before
	perSecond float64 // answers before
}

// newCallLimit returns the limit n, or an automatic one if n is 0.
func newCallLimit(n int) *callLimit {
	if n == 0 {
		return &callLimit{places: newPlaces(FewestCalls, MostCalls), fewest: FewestCalls}
	}
	return &callLimit{places: newPlaces(n, n), fewest: n}
}

// answered notes that a call was answered after latency, while perSecond calls may be made. It
// reports whether the limit has changed.
func (c *callLimit) answered(latency time.Duration, perSecond float64) (changed bool) {
	if c.fewest == c.most {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.lowest.note(now, latency)
	switch {
	case c.since.IsZero():
		c.since = now
	case now.Before(c.since):
		return false
	}
	c.answers++
	c.took += latency
	span, mean := now.Sub(c.since), c.took/time.Duration(c.answers)
	if span < max(measureFor, 2*mean) {
		return false
	}
	changed = c.adjust(now, span, mean, perSecond)
	c.since, c.answers, c.took = now, 0, 0
	if changed {
		c.since = now.Add(mean)
	}
	return changed
}

// adjust sets the limit to what was measured over a span, and reports whether it has changed.
// The caller holds mu.
func (c *callLimit) adjust(now time.Time, span, mean time.Duration, perSecond float64) bool {
	limit, answers, last := c.limit(), float64(c.answers)/span.Seconds(), c.raised
	used := c.took.Seconds()/span.Seconds() >= float64(limit)/2 // of the places, on average
	c.raised = nil
	if last != nil && used {
		gain := float64(limit)/float64(last.from) - 1
		if answers < last.perSecond*(1+gain/4) {
			c.held = now.Add(raiseGap)
			c.resize(last.from)
			return true
		}
	}
	wanted := max(c.fewest, int(math.Ceil(min(callHeadroom*perSecond*mean.Seconds(), float64(c.most)))))
	if used {
		wanted = max(c.fewest, int(min(float64(wanted), queueing*answers*c.lowest.get().Seconds())))
	}
	switch {
	case wanted < limit*4/5:
		c.resize(wanted)
	case wanted > limit*11/10 && used && !now.Before(c.held):
		c.raised = &raise{from: limit, perSecond: answers}
		c.resize(min(wanted, 2*limit))
	default:
		return false
	}
	return true
}

// lowest is the lowest latency of the last lowestFor to twice that.
type lowest struct {
	since         time.Time
	last, current time.Duration // in the span before since, and from then on
}

func (l *lowest) note(now time.Time, latency time.Duration) {
	switch age := now.Sub(l.since); {
	case age >= 2*lowestFor:
		l.since, l.last, l.current = now, latency, latency
	case age >= lowestFor:
		l.since, l.last, l.current = now, l.current, latency
	}
	l.current = min(l.current, latency)
}

func (l *lowest) get() time.Duration { return min(l.last, l.current) }
