package fake

import "testing"

// No Range header, however odd, gives bytes beyond the file.
func FuzzParseRange(f *testing.F) {
	for _, seed := range []string{"", "bytes=0-0", "bytes=5-", "bytes=-5", "bytes=9-1", "bytes=0-1,3-4", "lines=1-2",
		"bytes=99999999999999999999-", "bytes=9223372036854775807-9223372036854775807", "bytes=-", "bytes=+1-2"} {
		f.Add(seed, int64(10))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			t.Skip("no file has such a size")
		}
		span, err := parseRange([]string{header}, size)
		if err != nil {
			return
		}
		if span.start < 0 || span.length < 0 || span.start+span.length > size || (!span.partial && span.length != size) {
			t.Errorf("%q of %d bytes is %+v", header, size, span)
		}
	})
}

func TestRangesThatAreIgnored(t *testing.T) {
	for _, header := range []string{"bytes=2-1", "bytes=0-1,3-4", "lines=1-2", "bytes=x-", "bytes=-x", "bytes=1-x", "bytes", "bytes=-", ""} {
		if span, err := parseRange([]string{header}, 10); err != nil || span.partial || span.length != 10 {
			t.Errorf("%q gives %+v, %v", header, span, err)
		}
	}
	if span, err := parseRange([]string{"bytes=0-1", "bytes=2-3"}, 10); err != nil || span.partial {
		t.Errorf("two headers give %+v, %v", span, err)
	}
}
