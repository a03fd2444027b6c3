package suite

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// absent as a value leaves the member out.
type absent struct{}

// variant is the JSON text base with another value at a pointer.
func variant(base, pointer string, value any) []byte {
	var document any
	if err := json.Unmarshal([]byte(base), &document); err != nil {
		panic(err) // the bases are constants
	}
	data, err := json.Marshal(replace(document, strings.Split(pointer, "/")[1:], value))
	if err != nil {
		panic(err) // values are JSON values
	}
	return data
}

func replace(node any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	switch node := node.(type) {
	case map[string]any:
		node = maps.Clone(node)
		if _, remove := value.(absent); remove && len(path) == 1 {
			delete(node, path[0])
			return node
		}
		node[path[0]] = replace(node[path[0]], path[1:], value)
		return node
	case []any:
		node = slices.Clone(node)
		i, err := strconv.Atoi(path[0])
		if err != nil || i >= len(node) {
			panic("no item " + path[0])
		}
		node[i] = replace(node[i], path[1:], value)
		return node
	}
	panic("nothing at " + path[0])
}

// show is a value in short, for messages.
func show(value any) string {
	if _, ok := value.(absent); ok {
		return "left out"
	}
	data, _ := json.Marshal(value) // values are JSON values
	if len(data) > 60 {
		return string(data[:57]) + "…" + strconv.Itoa(len(data)) + " bytes"
	}
	return string(data)
}
