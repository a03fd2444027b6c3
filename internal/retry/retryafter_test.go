package retry

import (
	"net/http"
	"testing"
	"time"
)

func TestParseRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	rows := []struct {
		header, value string
		want          time.Duration
	}{
		{"Retry-After", "7", 7 * time.Second},
		{"Retry-After", "0", 0},
		{"Retry-After", "1.5", 1500 * time.Millisecond},
		{"Retry-After", " 7 ", 7 * time.Second},
		{"Retry-After", now.Add(9 * time.Second).Format(http.TimeFormat), 9 * time.Second},
		{"Retry-After", now.Add(-time.Hour).Format(http.TimeFormat), 0},
		{"Retry-After-Ms", "250", 250 * time.Millisecond},
		{"Retry-After", "-1", 0},
		{"Retry-After", "soon", 0},
		{"Retry-After", "NaN", 0},
		{"Retry-After", "", 0},
		{"Retry-After", "1e300", 1<<63 - 1},
		{"Retry-After", "Inf", 1<<63 - 1},
	}
	for _, row := range rows {
		if got := ParseAfter(http.Header{row.header: {row.value}}, now); got != row.want {
			t.Errorf("%s: %q gives %v, want %v", row.header, row.value, got, row.want)
		}
	}
	theirs := now.Add(-time.Hour) // a clock that is slow, or ours is fast
	if got := ParseAfter(http.Header{
		"Date": {theirs.Format(http.TimeFormat)}, "Retry-After": {theirs.Add(9 * time.Second).Format(http.TimeFormat)},
	}, now); got != 9*time.Second {
		t.Errorf("a date by the server's clock gives %v", got)
	}
}

func FuzzParseRetryAfter(f *testing.F) {
	for _, seed := range []string{"7", "-1", "1e999", "Fri, 02 Jan 2026 03:04:05 GMT", "soon", "\x00"} {
		f.Add(seed, seed)
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f.Fuzz(func(t *testing.T, seconds, ms string) {
		if d := ParseAfter(http.Header{"Retry-After": {seconds}, "Retry-After-Ms": {ms}}, now); d < 0 {
			t.Errorf("%q, %q give %v", seconds, ms, d)
		}
	})
}
