package bytescaleblob

import (
	"fmt"
	"strings"
)

// pathOf returns the path of a blob's file below the root folder, which has no slash at its
// end.
func pathOf(root, key string) string {
	elements := strings.Split(key, "/")
	for i, element := range elements {
		elements[i] = escape(element)
	}
	return root + "/" + strings.Join(elements, "/")
}

// keyOf returns the key of the blob with a path below the root folder.
func keyOf(root, path string) string {
	elements := strings.Split(strings.TrimPrefix(path, root+"/"), "/")
	for i, element := range elements {
		elements[i] = unescape(element)
	}
	return strings.Join(elements, "/")
}

// folderOf returns the folder in which all blobs are whose keys have the prefix.
func folderOf(root, prefix string) string {
	slash := strings.LastIndexByte(prefix, '/')
	switch {
	case slash >= 0:
		return pathOf(root, prefix[:slash])
	case root == "":
		return "/"
	}
	return root
}

// escape returns an element of a path for an element of a key. Every element of a key has
// another one.
func escape(element string) string {
	switch element {
	case "":
		return "%"
	case "%":
		return "%25"
	case ".", "..":
		return "%2E" + element[1:]
	}
	var b strings.Builder
	for i := range len(element) {
		_, ambiguous := escaped(element[i:])
		if c := element[i]; ambiguous || c < ' ' || c == 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// unescape is the inverse of escape. A name that no key has is returned as it is, such as
// "100%", so that files can be found that others have stored.
func unescape(element string) string {
	if element == "%" {
		return ""
	}
	var b strings.Builder
	for i := 0; i < len(element); i++ {
		if c, ok := escaped(element[i:]); ok {
			b.WriteByte(c)
			i += 2
		} else {
			b.WriteByte(element[i])
		}
	}
	return b.String()
}

// escaped returns the character that text begins with, if that is escaped. Only what escape
// escapes counts: "%20" is three characters.
func escaped(text string) (c byte, ok bool) {
	if len(text) < 3 || text[0] != '%' {
		return 0, false
	}
	const digits = "0123456789ABCDEF"
	high, low := strings.IndexByte(digits, text[1]), strings.IndexByte(digits, text[2])
	if high < 0 || low < 0 {
		return 0, false
	}
	c = byte(high<<4 | low)
	return c, c < ' ' || c == 0x7f || c == '%' || c == '.'
}
