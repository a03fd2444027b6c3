package gen

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

func TestEpochMillis(t *testing.T) {
	got := EpochMillis(1615680311115).Time()
	want := time.Date(2021, time.March, 14, 0, 5, 11, 115_000_000, time.UTC)
	if !got.Equal(want) || got.Location() != time.UTC {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMetadataKeepsLargeNumbers(t *testing.T) {
	const wire = `{"big":12345678901234567,"deep":{"list":[9007199254740993,1.50]}}`
	var metadata Metadata
	if err := json.Unmarshal([]byte(wire), &metadata); err != nil {
		t.Fatal(err)
	}
	if metadata["big"] != json.Number("12345678901234567") {
		t.Errorf("got %#v", metadata["big"])
	}
	if data, err := json.Marshal(metadata); err != nil || string(data) != wire {
		t.Errorf("got %s, %v", data, err)
	}
}

func TestMetadataDecodesAfresh(t *testing.T) {
	metadata := Metadata{"old": true}
	if err := json.Unmarshal([]byte(`{"new":true}`), &metadata); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(metadata, Metadata{"new": true}) {
		t.Errorf("got %v", metadata)
	}
	if err := json.Unmarshal([]byte(`null`), &metadata); err != nil || metadata != nil {
		t.Errorf("null: got %v, %v", metadata, err)
	}
}

func TestMetadataRefusesOtherThanObjects(t *testing.T) {
	for _, wire := range []string{`[]`, `"a"`, `1`, `true`} {
		metadata := Metadata{"old": true}
		if err := json.Unmarshal([]byte(wire), &metadata); err == nil {
			t.Errorf("%s: no error", wire)
		}
		if len(metadata) != 1 {
			t.Errorf("%s: changed the value to %v", wire, metadata)
		}
	}
}

func TestNullableString(t *testing.T) {
	type holder struct {
		Field NullableString `json:"field,omitzero"`
	}
	tests := []struct {
		wire string
		want NullableString
	}{
		{`{}`, NullableString{}},
		{`{"field":null}`, NullableString{Null: true}},
		{`{"field":""}`, NullableString{Valid: true}},
		{`{"field":"\"quoted\""}`, NullableString{Value: `"quoted"`, Valid: true}},
	}
	for _, test := range tests {
		t.Run(test.wire, func(t *testing.T) {
			var got holder
			if err := json.Unmarshal([]byte(test.wire), &got); err != nil {
				t.Fatal(err)
			}
			if got.Field != test.want {
				t.Errorf("got %+v, want %+v", got.Field, test.want)
			}
			if data, err := json.Marshal(got); err != nil || string(data) != test.wire {
				t.Errorf("got %s, %v", data, err)
			}
		})
	}
}

func TestNullableStringIsReplaced(t *testing.T) {
	value := NullableString{Value: "old", Valid: true}
	if err := json.Unmarshal([]byte(`null`), &value); err != nil || value != (NullableString{Null: true}) {
		t.Errorf("null over a string: got %+v, %v", value, err)
	}
	if err := json.Unmarshal([]byte(`"new"`), &value); err != nil || value != (NullableString{Value: "new", Valid: true}) {
		t.Errorf("a string over null: got %+v, %v", value, err)
	}
	if err := json.Unmarshal([]byte(`7`), &value); err == nil {
		t.Error("a number: no error")
	}
}
