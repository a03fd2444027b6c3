// Package gen holds the models and the typed client generated from openapi.yaml. Its hand-written types, in this file,
// stand where the generator's own choice would lose something of what travels.
package gen

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"time"
)

// EpochMillis is a time in milliseconds since 1970-01-01 UTC.
type EpochMillis int64

// Time returns m as a time in UTC.
func (m EpochMillis) Time() time.Time {
	return time.UnixMilli(int64(m)).UTC()
}

// UnmarshalJSON reads a number. A fraction of a millisecond is dropped, because some encoders write times with one. JSON
// null changes nothing.
func (m *EpochMillis) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	if whole, err := strconv.ParseInt(string(data), 10, 64); err == nil {
		*m = EpochMillis(whole)
		return nil
	}
	millis, err := strconv.ParseFloat(string(data), 64)
	if err != nil || math.Abs(millis) >= 1<<53 {
		return errors.New("not a time in milliseconds")
	}
	*m = EpochMillis(math.Floor(millis))
	return nil
}

// JSONObject is a JSON object of any shape. Decoding keeps numbers as json.Number, so that integers above 2^53 survive.
type JSONObject map[string]any

// Metadata is the metadata of a file.
type Metadata = JSONObject

// UnmarshalJSON replaces m with the object in data. JSON null gives a nil map.
func (m *JSONObject) UnmarshalJSON(data []byte) error {
	if string(data) == "{}" { // as most files have it
		*m = JSONObject{}
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		return err
	}
	*m = object
	return nil
}

// Nullable is a JSON value that may be null or be left out altogether. The zero value is one left out; Value means
// something only when Valid is set.
type Nullable[T any] struct {
	Value T
	Valid bool // a value is there
	Null  bool // null is there
}

// NullableString is a string that may be null or be left out.
type NullableString = Nullable[string]

// MarshalJSON writes the value if there is one, else null. Fields of this type are tagged omitzero, so that one left
// out is not written at all.
func (n Nullable[T]) MarshalJSON() ([]byte, error) {
	if !n.Valid {
		return []byte("null"), nil
	}
	return json.Marshal(n.Value)
}

// UnmarshalJSON reads a value or null.
func (n *Nullable[T]) UnmarshalJSON(data []byte) error {
	if bytes.Equal(data, []byte("null")) {
		*n = Nullable[T]{Null: true}
		return nil
	}
	var value T
	if err := json.Unmarshal(data, &value); err != nil {
		return err
	}
	*n = Nullable[T]{Value: value, Valid: true}
	return nil
}
