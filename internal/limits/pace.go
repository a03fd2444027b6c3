package limits

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// paceRecovery is the time for a full recovery under steady success. A gap
	// between successes counts for at most paceStep.
	paceRecovery = 30 * time.Second
	paceStep     = time.Second
	// slowDownGap is the least time between two slow-downs, because the calls that
	// were under way at the first one will be refused as well.
	slowDownGap = time.Second
	slowestPace = 1 // call per second
)

// pace limits the API calls per second.
type pace struct {
	limiter    *rate.Limiter
	top        rate.Limit
	onSlowDown func(perSecond float64)

	mu      sync.Mutex
	changed time.Time
	slowed  time.Time
	meter   callMeter
}

func newPace(callsPerSecond float64, onSlowDown func(perSecond float64)) *pace {
	top := rate.Limit(callsPerSecond)
	return &pace{limiter: rate.NewLimiter(top, burstOf(top)), top: top, onSlowDown: onSlowDown}
}

// burstOf returns how many calls may be sent at once at a pace.
func burstOf(pace rate.Limit) int { return max(1, int(pace/4)) }

// set changes the pace and the burst. The burst shrinks too, because calls that were
// saved up at a faster pace must not be sent all at once after a slow-down.
func (p *pace) set(now time.Time, pace rate.Limit) {
	p.limiter.SetLimitAt(now, pace)
	p.limiter.SetBurstAt(now, burstOf(pace))
}

func (p *pace) wait(ctx context.Context) error {
	if err := p.limiter.Wait(ctx); err != nil {
		// The limiter fails at once if the deadline would pass while it waits.
		// For the caller, that is the deadline.
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return context.DeadlineExceeded
	}
	p.count()
	return nil
}

// try reports whether a call may be made at once, and counts it if so.
func (p *pace) try() bool {
	allowed := p.limiter.Allow()
	if allowed {
		p.count()
	}
	return allowed
}

func (p *pace) count() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.meter.count(time.Now())
}

// slowDown halves the pace that was really kept, which may have been below the limit.
func (p *pace) slowDown() {
	now := time.Now()
	p.mu.Lock()
	if !p.slowed.IsZero() && now.Sub(p.slowed) < slowDownGap {
		p.mu.Unlock()
		return
	}
	p.slowed, p.changed = now, now
	kept := min(p.limiter.Limit(), rate.Limit(p.meter.perSecond(now)))
	lowered := min(p.top, max(slowestPace, kept/2))
	p.set(now, lowered)
	p.mu.Unlock()
	if p.onSlowDown != nil {
		p.onSlowDown(float64(lowered))
	}
}

func (p *pace) recover() {
	p.mu.Lock()
	defer p.mu.Unlock()
	limit := p.limiter.Limit()
	if limit >= p.top {
		return
	}
	now := time.Now()
	gain := p.top * rate.Limit(min(now.Sub(p.changed), paceStep).Seconds()/paceRecovery.Seconds())
	p.changed = now
	p.set(now, min(p.top, limit+gain))
}

// callMeter counts calls in windows of one second.
type callMeter struct {
	window         time.Time
	current, whole int
}

func (m *callMeter) count(now time.Time) {
	m.roll(now)
	m.current++
}

// perSecond returns the count of the present window or of the last whole one, whichever
// is higher.
func (m *callMeter) perSecond(now time.Time) int {
	m.roll(now)
	return max(m.current, m.whole, 1)
}

func (m *callMeter) roll(now time.Time) {
	switch age := now.Sub(m.window); {
	case age < time.Second:
	case age < 2*time.Second:
		m.window, m.whole, m.current = m.window.Add(time.Second), m.current, 0
	default:
		m.window, m.whole, m.current = now, 0, 0
	}
}
