package download

import "testing"

func FuzzContentRange(f *testing.F) {
	for _, value := range []string{"bytes 0-99/1234", "bytes 0-99/*", "bytes */5", "", "bytes 5-1/9", "bytes 0--1/5", "bytes 0-9223372036854775807/*"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		first, last, total, ok := parseContentRange(value)
		if ok && (first < 0 || last-first+1 < 1 || total >= 0 && last >= total || total < -1) {
			t.Fatalf("%q: %d-%d/%d", value, first, last, total)
		}
	})
}
