package fake

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/internal/operation"
)

// Stats counts the requests that are open, and their maxima so far. Requests that a
// scripted stall holds do not count. Its fields are those of bytescaletest.Stats,
// which converts it.
type Stats struct {
	API, MaxAPI             int // API calls
	Puts, MaxPuts           int // PUTs of parts
	Downloads, MaxDownloads int // reads of raw files
	MaxAPIPerSecond         int // API calls that arrived within one second; 0 unless exchanges are recorded
}

// Open returns the number of open requests of all kinds.
func (s Stats) Open() int { return s.API + s.Puts + s.Downloads }

// gauge counts open requests of one kind.
type gauge struct{ now, max int }

// ledger counts the exchanges that are open, and records them if record is set.
type ledger struct {
	record bool

	mu                   sync.Mutex
	api, puts, downloads gauge
	lastSecond           []time.Time // starts of the API calls of the last second
	maxPerSecond         int
	exchanges            []*exchange
	attempts             map[attemptKey]int
	violations           []string
	more                 int // violations that are not in the list
}

type attemptKey struct {
	operation, upload string
	part              int64
}

// open starts an exchange.
func (l *ledger) open(c call, method, path string) *exchange {
	x := &exchange{call: c, data: Exchange{
		Operation: c.operation, Method: method, Path: path,
		UploadID: c.upload, Part: c.part,
	}}
	l.mu.Lock()
	defer l.mu.Unlock()
	x.data.Start = time.Now() // under the lock, so that exchanges are in the order of their starts
	switch {
	case c.operation == operation.PutPart:
		x.gauge = &l.puts
	case c.operation == operation.DownloadFile:
		x.gauge = &l.downloads
	case c.isAPI():
		x.gauge = &l.api
	}
	if x.gauge != nil {
		x.gauge.now++
		x.gauge.max = max(x.gauge.max, x.gauge.now)
	}
	if l.record {
		if c.isAPI() {
			l.countPerSecond(x.data.Start)
		}
		key := attemptKey{c.operation, c.upload, c.part}
		l.attempts[key]++
		x.data.Attempt = l.attempts[key]
		l.exchanges = append(l.exchanges, x)
	}
	return x
}

func (l *ledger) countPerSecond(now time.Time) {
	l.lastSecond = append(l.lastSecond, now)
	for now.Sub(l.lastSecond[0]) >= time.Second {
		l.lastSecond = l.lastSecond[1:]
	}
	l.maxPerSecond = max(l.maxPerSecond, len(l.lastSecond))
}

// release stops counting an exchange as open.
func (l *ledger) release(x *exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x.gauge != nil {
		x.gauge.now--
		x.gauge = nil
	}
}

// maxViolations is the number of violations that are kept.
const maxViolations = 1000

// violate keeps a violation. Of too many, the last entry tells the number.
func (l *ledger) violate(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.violations) < maxViolations {
		l.violations = append(l.violations, text)
		return
	}
	l.more++
}

func (l *ledger) stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Stats{
		API: l.api.now, MaxAPI: l.api.max,
		Puts: l.puts.now, MaxPuts: l.puts.max,
		Downloads: l.downloads.now, MaxDownloads: l.downloads.max,
		MaxAPIPerSecond: l.maxPerSecond,
	}
}

func (l *ledger) all() []Exchange {
	l.mu.Lock()
	open := slices.Clone(l.exchanges)
	l.mu.Unlock()
	exchanges := make([]Exchange, len(open))
	for i, x := range open {
		exchanges[i] = x.snapshot()
	}
	return exchanges
}

func (l *ledger) broken() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := slices.Clone(l.violations)
	if l.more > 0 {
		list = append(list, fmt.Sprintf("and %d more", l.more))
	}
	return list
}
