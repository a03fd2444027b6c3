package retry

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ParseAfter reads how long a server asks to wait: retry-after-ms, or
// Retry-After in seconds or as an HTTP date, which is compared with the server's own
// clock if the answer tells it. What cannot be read is ignored.
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

// duration is n units, or the longest duration there is.
func duration(n float64, unit time.Duration) time.Duration {
	const longest = time.Duration(1<<63 - 1)
	if d := n * float64(unit); d < float64(longest) {
		return time.Duration(d)
	}
	return longest
}
