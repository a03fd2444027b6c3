package fake

import (
	"encoding/json"
	"strconv"
	"strings"
)

// setAt gives a JSON value with another value at a place, named by a JSON
// pointer. Null removes a member. A place that does not exist is made if it is
// a member of an object that does, else nothing changes.
func setAt(value any, pointer string, to json.RawMessage) any {
	if pointer == "" {
		return to
	}
	token, rest, _ := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	if rest != "" {
		rest = "/" + rest
	}
	switch value := value.(type) {
	case map[string]any:
		name := strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		if rest == "" && string(to) == "null" {
			delete(value, name)
			return value
		}
		value[name] = setAt(value[name], rest, to)
	case []any:
		if index, err := strconv.Atoi(token); err == nil && index >= 0 && index < len(value) {
			value[index] = setAt(value[index], rest, to)
		}
	}
	return value
}
