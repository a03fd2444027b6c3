package retry

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ParseAfter returns how long a server asks to wait: by retry-after-ms, or by Retry-After
// in seconds or as an HTTP date. A date is compared with the server's own clock if the
// answer has a Date header. A value that cannot be parsed means no wait.
func ParseAfter(h http.Header, now time.Time) time.Duration {
	if ms, err := strconv.ParseFloat(strings.TrimSpace(h.Get("Retry-After-Ms")), 64); err == nil && ms >= 0 {
		return duration(ms, time.Millisecond)
	}
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 {
		return duration(seconds, time.Second)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if theirs, err := http.ParseTime(h.Get("Date")); err == nil {
		now = theirs
	}
	return max(0, at.Sub(now))
}

// duration returns n units, or the longest Duration if that overflows.
func duration(n float64, unit time.Duration) time.Duration {
	const longest = time.Duration(1<<63 - 1)
	if d := n * float64(unit); d < float64(longest) {
		return time.Duration(d)
	}
	return longest
}
