package download

import (
	"cmp"
	"slices"
)

// span is the bytes from start up to end, which is not one of them.
type span struct{ start, end int64 }

func (s span) length() int64 { return s.end - s.start }

// total returns the number of bytes in spans.
func total(spans []span) (n int64) {
	for _, s := range spans {
		n += s.length()
	}
	return n
}

// sorted returns spans in ascending order, without empty ones. Those that touch are one.
func sorted(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	joined := spans[:0]
	for _, s := range spans {
		switch last := len(joined) - 1; {
		case s.length() == 0:
		case last >= 0 && joined[last].end == s.start:
			joined[last].end = s.end
		default:
			joined = append(joined, s)
		}
	}
	return joined
}

// areMissing reports whether spans ascend and lie in a file.
func areMissing(spans []span, size int64) bool {
	at := int64(0)
	for _, s := range spans {
		if s.start < at || s.end <= s.start || s.end > size {
			return false
		}
		at = s.end
	}
	return true
}
