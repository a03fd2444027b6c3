package suite

import (
	"encoding/json"
	"slices"
	"strings"
)

// field is one place of a message with values that the service accepts and values that it refuses, the nearest ones on
// both sides of each limit.
type field struct {
	at       string // JSON pointer, or the name of a parameter
	good     []any
	bad      []any
	optional bool // may be left out
	nullable bool // may be null
}

func (f field) mayBeAbsent() field { f.optional = true; return f }
func (f field) mayBeNull() field   { f.nullable = true; return f }

// notStrings, notIntegers and so on are values of other types. Zero and one are not booleans, although other languages
// take them for such.
var (
	notStrings  = []any{7, true, []any{}, map[string]any{}}
	notIntegers = []any{"1", 1.5, true, []any{1}, map[string]any{}, json.Number("1e30")}
	notBooleans = []any{"true", 0, 1, []any{}}
	notObjects  = []any{"x", 7, true, []any{}}
	notLists    = []any{"x", 7, true, map[string]any{}}
)

// text is a string of a length; the shortest and longest consist of fill. max 0 means no limit.
func text(at, fill string, minimum, maximum int, bad ...any) field {
	f := field{at: at, bad: append(slices.Clone(notStrings), bad...), good: []any{strings.Repeat(fill, minimum)}}
	if minimum > 0 {
		f.bad = append(f.bad, strings.Repeat(fill, minimum-1))
	}
	if maximum > 0 {
		f.good = append(f.good, strings.Repeat(fill, maximum))
		f.bad = append(f.bad, strings.Repeat(fill, maximum+1))
	}
	return f
}

// integer is a whole number of up to 64 bits.
func integer(at string, minimum int, good ...any) field {
	return field{
		at: at, good: append([]any{minimum, int64(1) << 53}, good...),
		bad: append(slices.Clone(notIntegers), minimum-1),
	}
}

func choice(at string, values ...string) field {
	f := field{at: at, bad: append(slices.Clone(notStrings), "", "other")}
	for _, value := range values {
		f.good = append(f.good, value)
		f.bad = append(f.bad, value+" ", " "+value)
	}
	return f
}

func boolean(at string) field { return field{at: at, good: []any{true, false}, bad: notBooleans} }

// freeObject is any JSON object.
func freeObject(at string) field {
	return field{at: at, good: []any{map[string]any{}, map[string]any{"any": []any{map[string]any{"thing": nil}}}}, bad: notObjects}
}

// object is a JSON object. Its properties are fields of their own.
func object(at string) field { return field{at: at, bad: notObjects} }

// closed is an object that takes no unknown properties.
func closed(at string) field { return field{at: at + "/unknown", bad: []any{1}, optional: true} }

// The places in messages of the service.

func accountID(at string) field { return text(at, "z", 7, 7, "A623uY0", "A623uYl", "A623u/2") }
func upload(at string) field    { return text(at, "z", 16, 16, "Kd759aLFxttm69k0", "Kd759aLFxttm69kI") }
func etag(at string) field      { return text(at, "\"", 1, 255, "a b", "a\t") }
func part(at string) field      { return integer(at, 0, 7) }
func bytes64(at string) field   { return integer(at, 0, 43182) }
func code(at string) field      { return text(at, "_", 1, 255, "Error", "error code", "error-code") }

func mimeType(at string) field {
	f := text(at, "a/b", 1, 0, "", "a/", "/b", "image-jpeg", "a b/c", "a/b;c", "a-b/c")
	f.good = append(f.good, "image/svg+xml", "text/plain; charset=utf-8", "a/"+strings.Repeat("b", 253))
	f.bad = append(f.bad, "a/"+strings.Repeat("b", 254))
	return f
}

func originalName(at string) field { return text(at, "é", 1, 255, "a\nb") }

func filePath(at string) field {
	f := text(at, "/", 1, 512, "a", "a/b", "/a\nb", "http://a/b")
	f.good = append(f.good, "/uploads/image.jpg", "/a b/ü!'()*~+?#&=%.txt")
	return f
}

func fileName(at string) field { return text(at, "n", 0, 512, "a/b", "/") }
func anyPath(at string) field {
	f := text(at, "p", 0, 512, "a\nb")
	f.good = append(f.good, "/absolute", "relative/path")
	return f
}

// tags is the list of tags. tagAt is one of them.
func tags(at string) field {
	tag := func(n int) []any { return slices.Repeat([]any{"t"}, n) }
	return field{at: at, good: []any{tag(0), tag(25)}, bad: append(slices.Clone(notLists), tag(26))}
}

func tagAt(at string) field {
	f := text(at, "t", 1, 255, "a b", "ä", "a:b")
	f.good = append(f.good, "a.,/=_+-Z9")
	return f
}

// fileURL is not limited to the documented 255 characters, which longer paths exceed.
func fileURL(at string) field {
	f := text(at, "https://a.b/", 1, 0, "", "/raw/a", "ftp://a.b/c", "https://", "https://a.b/%zz", "https://a b/c")
	f.good = append(f.good, "http://127.0.0.1:8744/A623uY2/raw/a", "https://upcdn.io/"+strings.Repeat("a", 600))
	return f
}

// many is a list of the same value.
func many(n int, value any) []any { return slices.Repeat([]any{value}, n) }

// decode reads JSON that is part of the suite.
func decode(text string) any {
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		panic(err) // a constant
	}
	return value
}
