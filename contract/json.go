package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth limits how deep a JSON body may nest. encoding/json stops at 10000. The API needs a few
// levels, and metadata of users hardly more.
const maxDepth = 128

var byteOrderMark = []byte("\ufeff")

// decodeJSON decodes exactly one JSON value of at most maxValues values, and returns the violation if it
// cannot. It is stricter than encoding/json, so that two readers of the same bytes cannot see different
// values: the text must be UTF-8, surrogates must be pairs, member names must be unique, and nothing
// may follow. Numbers become json.Number, so that large integers keep their digits.
func decodeJSON(data []byte, maxValues int) (any, *Violation) {
	refuse := func(rule, format string, args ...any) (any, *Violation) {
		v := violation("", rule, fmt.Sprintf(format, args...))
		return nil, &v
	}
	if bytes.HasPrefix(data, byteOrderMark) {
		return refuse(RuleSyntax, "must not begin with a byte order mark")
	}
	if !json.Valid(data) {
		return refuse(RuleSyntax, "must be one JSON value")
	}
	if !utf8.Valid(data) {
		return refuse(RuleSyntax, "must be UTF-8")
	}
	text := scanJSON(data)
	switch {
	case text.unpaired:
		return refuse(RuleSyntax, "must not have a surrogate without its other half")
	case text.depth > maxDepth:
		return refuse(RuleSyntax, "must not nest deeper than %d levels", maxDepth)
	case text.values > maxValues:
		return refuse(RuleTooLarge, "must have at most %d values", maxValues)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return refuse(RuleSyntax, "must be one JSON value")
	}
	// Of members with the same name, the decoder keeps the last one. So an object with such members
	// has fewer of them than there are names in the text.
	if members(value) < text.names {
		return refuse(RuleSyntax, "must not name a member of an object twice")
	}
	return value, nil
}

// jsonText counts what JSON text consists of.
type jsonText struct {
	values   int  // an empty array or object counts twice
	names    int  // of members of objects
	depth    int  // levels of arrays and objects
	unpaired bool // a string has a surrogate without its other half
}

// scanJSON counts without decoding. It looks at quotes, brackets, colons and commas only, so the text
// must be valid.
func scanJSON(data []byte) (text jsonText) {
	text.values = 1
	level := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			end, paired := scanString(data, i)
			i, text.unpaired = end, text.unpaired || !paired
		case ',':
			text.values++
		case '[', '{':
			text.values++
			level++
			text.depth = max(text.depth, level)
		case ']', '}':
			level--
		case ':':
			text.names++
		}
	}
	return text
}

// scanString returns the index of the quote that closes the string which begins at start, and reports
// whether each escaped surrogate in it has its other half.
func scanString(data []byte, start int) (end int, paired bool) {
	i, paired := start+1, true
	for i < len(data) && data[i] != '"' {
		if data[i] != '\\' {
			i++
			continue
		}
		unit, isUnit := escapedUnit(data[i:])
		switch {
		case !isUnit:
			i += 2
		case !utf16.IsSurrogate(unit):
			i += 6
		default:
			other, _ := escapedUnit(data[i+6:])
			if utf16.DecodeRune(unit, other) == unicode.ReplacementChar {
				paired = false
				i += 6
			} else {
				i += 12
			}
		}
	}
	return i, paired
}

// escapedUnit returns the UTF-16 code unit of an escape sequence like \u00fc.
func escapedUnit(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(unit), err == nil
}

// members returns the number of members of all objects in a value.
func members(value any) (n int) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			n += members(item)
		}
	case map[string]any:
		n = len(value)
		for _, member := range value {
			n += members(member)
		}
	}
	return n
}
