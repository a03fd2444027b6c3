package cdn

// An escaper is one of the three ways in which text is percent-encoded. All of
// them keep what encodeURIComponent of ECMAScript keeps, which no escaper of
// net/url does.
type escaper struct {
	keepSlash bool
	keepBang  bool
}

var (
	// component is encodeURIComponent itself: for names, values and slugs.
	component = escaper{keepBang: true}
	// pathEscaper is for file paths. It encodes "!", because the CDN takes that for
	// the beginning of the query.
	pathEscaper = escaper{keepSlash: true}
	// artifactEscaper is for the value of "a" and "artifact". Its slashes stay, so
	// that relative links in a playlist resolve against them.
	artifactEscaper = escaper{keepSlash: true, keepBang: true}
)

// appendTo appends text to buf, percent-encoded with upper-case digits.
func (e escaper) appendTo(buf []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; unreserved(c) || c == '/' && e.keepSlash || c == '!' && e.keepBang {
			buf = append(buf, c)
		} else {
			buf = appendEscaped(buf, c)
		}
	}
	return buf
}

func appendEscaped(buf []byte, c byte) []byte {
	const hex = "0123456789ABCDEF"
	return append(buf, '%', hex[c>>4], hex[c&15])
}

// unreserved reports whether all three escapers keep c.
func unreserved(c byte) bool {
	switch c {
	case '-', '_', '.', '~', '*', '\'', '(', ')':
		return true
	}
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
