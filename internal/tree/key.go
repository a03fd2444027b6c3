package tree

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// separator replaces the slash in keys. It is the lowest byte, so that what is
// in a directory comes right after the name of the directory. In the order of
// plain paths, "a-b" comes between "a" and "a/b".
const separator = "\x00"

var (
	escape   = strings.NewReplacer("\x00", "\x01\x01", "\x01", "\x01\x02")
	unescape = strings.NewReplacer("\x01\x01", "\x00", "\x01\x02", "\x01")
)

// key returns what a plan is sorted by. Paths that the target does not tell
// apart have the same key. A key has as many segments as its path.
func (t Target) key(path string) string { return keyOf(t.fold(path)) }

// keyOf returns the key of a folded path.
func keyOf(folded string) string {
	if strings.ContainsAny(folded, "\x00\x01") {
		folded = escape.Replace(folded)
	}
	return strings.ReplaceAll(folded, "/", separator)
}

// pathOf returns the folded path of a key.
func pathOf(key string) string {
	path := strings.ReplaceAll(key, separator, "/")
	if strings.Contains(path, "\x01") {
		path = unescape.Replace(path)
	}
	return path
}

// fold maps paths that the target does not tell apart to one text. Windows
// ignores case. macOS also ignores whether a character is composed, and takes a
// ligature for its letters. fold ignores a little more than they do, because
// a file that is skipped and reported is better than one that is overwritten.
func (t Target) fold(path string) string {
	switch t.system {
	case windows:
		return foldCase(path)
	case macOS:
		return foldCase(ligatures.Replace(norm.NFD.String(path)))
	}
	return path
}

// ligatures are the letters whose case folding is more than one letter, other
// than those that decompose.
var ligatures = strings.NewReplacer(
	"ŉ", "ʼn", "ẚ", "aʾ", "ß", "ss", "ẞ", "ss", "ﬀ", "ff", "ﬁ", "fi", "ﬂ", "fl", "ﬃ", "ffi", "ﬄ", "ffl", "ﬅ", "st", "ﬆ", "st",
	"և", "եւ", "ﬓ", "մն", "ﬔ", "մե", "ﬕ", "մի", "ﬖ", "վն", "ﬗ", "մխ",
)

// foldCase replaces each letter by the first one that differs from it in case
// only. Bytes that are not UTF-8 stay.
func foldCase(text string) string {
	i := 0
	for i < len(text) && text[i] < utf8.RuneSelf && (text[i] < 'a' || 'z' < text[i]) {
		i++
	}
	if i == len(text) {
		return text
	}
	folded := append(make([]byte, 0, len(text)), text[:i]...)
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && size == 1 {
			folded = append(folded, text[i])
		} else {
			folded = utf8.AppendRune(folded, foldRune(r))
		}
		i += size
	}
	return string(folded)
}

func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		return unicode.ToUpper(r)
	}
	first := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		first = min(first, other)
	}
	return first
}
