package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// maxDepth limits how deep a JSON body may nest. encoding/json stops at 10000. The API needs a few
// levels, and metadata of users hardly more.
const maxDepth = 128

// decodeJSON decodes exactly one JSON value. It is stricter than encoding/json, so that two readers of
// the same bytes cannot see different values: member names must be unique, and nothing may follow.
// Numbers become json.Number, so that large integers keep their digits.
func decodeJSON(data []byte) (any, error) {
	if !json.Valid(data) {
		return nil, errors.New("must be one JSON value")
	}
	text := scanJSON(data)
	if text.depth > maxDepth {
		return nil, fmt.Errorf("must not nest deeper than %d levels", maxDepth)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, errors.New("must be one JSON value")
	}
	// Of members with the same name, the decoder keeps the last one. So an object with such members
	// has fewer of them than there are names in the text.
	if members(value) < text.names {
		return nil, errors.New("must not name a member of an object twice")
	}
	return value, nil
}

// jsonText counts what JSON text consists of.
type jsonText struct {
	names int // of members of objects
	depth int // levels of arrays and objects
}

// scanJSON counts without decoding. It looks at quotes, brackets and colons only, so the text must be
// valid.
func scanJSON(data []byte) (text jsonText) {
	level := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			i = endOfString(data, i)
		case '[', '{':
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

// endOfString returns the index of the quote that closes the string which begins at start.
func endOfString(data []byte, start int) int {
	for i := start + 1; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(data)
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
