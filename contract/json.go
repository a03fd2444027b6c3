package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// maxDepth is how deep a JSON body may nest. encoding/json stops at 10000; nothing in the API needs
// more than a few levels, metadata of users included.
const maxDepth = 128

// decodeJSON decodes exactly one JSON value. It is stricter than encoding/json where two readers of
// the same bytes could see different values: member names must be unique and nothing may follow.
// Numbers stay json.Number, so that large integers keep their digits.
func decodeJSON(data []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, errors.New("must be one JSON value")
	}
	if len(bytes.Trim(data[decoder.InputOffset():], " \t\r\n")) > 0 {
		return nil, errors.New("must be one JSON value")
	}
	if depth(value) > maxDepth {
		return nil, fmt.Errorf("must not nest deeper than %d levels", maxDepth)
	}
	// A name that comes twice leaves fewer members in the value than there are in the text.
	if members(value) != colons(data) {
		return nil, errors.New("must not name a member of an object twice")
	}
	return value, nil
}

// colons counts the members in valid JSON text: the colons outside of strings.
func colons(data []byte) (n int) {
	inString := false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			inString = !inString
		case inString && c == '\\':
			i++
		case !inString && c == ':':
			n++
		}
	}
	return n
}

// members counts the members of all objects in a value.
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

func depth(value any) (deepest int) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			deepest = max(deepest, depth(item))
		}
	case map[string]any:
		for _, member := range value {
			deepest = max(deepest, depth(member))
		}
	default:
		return 0
	}
	return deepest + 1
}
