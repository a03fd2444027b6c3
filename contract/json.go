package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	value, err := decodeValue(decoder, 0)
	if err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("must be one JSON value")
	}
	return value, nil
}

func decodeValue(decoder *json.Decoder, depth int) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, errors.New("must be one JSON value")
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if depth++; depth > maxDepth {
		return nil, fmt.Errorf("must not nest deeper than %d levels", maxDepth)
	}
	if delim == '[' {
		return decodeArray(decoder, depth)
	}
	return decodeObject(decoder, depth)
}

func decodeArray(decoder *json.Decoder, depth int) (any, error) {
	array := []any{}
	for decoder.More() {
		item, err := decodeValue(decoder, depth)
		if err != nil {
			return nil, err
		}
		array = append(array, item)
	}
	_, err := decoder.Token()
	return array, err
}

func decodeObject(decoder *json.Decoder, depth int) (any, error) {
	object := map[string]any{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, errors.New("must be one JSON value")
		}
		name, _ := token.(string)
		if _, twice := object[name]; twice {
			return nil, errors.New("must not name a member of an object twice")
		}
		if object[name], err = decodeValue(decoder, depth); err != nil {
			return nil, err
		}
	}
	_, err := decoder.Token()
	return object, err
}
