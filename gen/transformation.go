package gen

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// TransformationParam is one parameter of a transformation.
type TransformationParam struct {
	Name string
	// Value is a string, a bool, or a number: a json.Number or any integer or
	// floating-point type of Go. Decoding gives a string, a bool or a json.Number.
	Value any
}

// TransformationGroup holds parameters of a transformation in their order. In
// JSON it is an object, so a name can come only once; repeat it in another
// group.
type TransformationGroup []TransformationParam

// TransformationGroups holds the groups of parameters in their order. One group
// is written as an object, and more or none as a list. A list of one group means
// the same as the group by itself and is decoded as such.
type TransformationGroups []TransformationGroup

// MarshalJSON writes the parameters as the members of an object, in order.
func (g TransformationGroup) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	seen := make(map[string]bool, len(g))
	b.WriteByte('{')
	for i, param := range g {
		if seen[param.Name] {
			return nil, fmt.Errorf("parameter %q comes twice in one group", param.Name)
		}
		seen[param.Name] = true
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(param.Name)
		if err != nil {
			return nil, err
		}
		value, err := marshalParam(param.Value)
		if err != nil {
			return nil, fmt.Errorf("parameter %q: %w", param.Name, err)
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func marshalParam(value any) ([]byte, error) {
	switch value.(type) {
	case string, bool, json.Number, float32, float64,
		int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return json.Marshal(value)
	}
	return nil, fmt.Errorf("want a string, a number or a bool, got %T", value)
}

// UnmarshalJSON reads the members of an object and keeps their order.
func (g *TransformationGroup) UnmarshalJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if token, err := decoder.Token(); err != nil {
		return err
	} else if token != json.Delim('{') {
		return errors.New("a group of parameters is not an object")
	}
	group := TransformationGroup{}
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		param := TransformationParam{Name: token.(string)} // the name of a member is a string
		if seen[param.Name] {
			return fmt.Errorf("parameter %q comes twice in one group", param.Name)
		}
		seen[param.Name] = true
		if err := decoder.Decode(&param.Value); err != nil {
			return err
		}
		switch param.Value.(type) {
		case string, bool, json.Number:
		default:
			return fmt.Errorf("parameter %q is neither a string nor a number nor a bool", param.Name)
		}
		group = append(group, param)
	}
	*g = group
	return nil
}

// MarshalJSON writes one group as an object, and more or none as a list.
func (g TransformationGroups) MarshalJSON() ([]byte, error) {
	if len(g) == 1 {
		return json.Marshal(g[0])
	}
	return json.Marshal([]TransformationGroup(g))
}

// UnmarshalJSON reads a group or a list of groups.
func (g *TransformationGroups) UnmarshalJSON(data []byte) error {
	if trimmed := bytes.TrimLeft(data, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		var group TransformationGroup
		if err := json.Unmarshal(data, &group); err != nil {
			return err
		}
		*g = TransformationGroups{group}
		return nil
	}
	var groups []TransformationGroup
	if err := json.Unmarshal(data, &groups); err != nil {
		return err
	}
	*g = groups
	return nil
}
