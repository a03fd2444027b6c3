package contract

import "testing"

func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{`{"a":{"b":[1,"x:\"y",null]}}`, `{"a":1,"\u0061":2}`, `[]x`, `{"a":[{"b":1,"b":2}]}`, begun} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		value, err := decodeJSON(data)
		if (err == nil) == (value == nil) && string(data) != "null" && err != nil {
			t.Errorf("%v and %v", value, err)
		}
	})
}

func TestDecodeJSONRefusesNamesThatComeTwice(t *testing.T) {
	for text, ok := range map[string]bool{
		`{"a":1,"b":{"a":2}}`:      true,
		`{"a:b":"c:d\\","e":"\""}`: true,
		` [1, {"a": null}] `:       true,
		`null`:                     true,
		`{"a":1,"\u0061":2}`:       false,
		`[{"b":{"c":1,"c":1}}]`:    false,
		`{"a":1,"a":{"b":1}}`:      false,
	} {
		if _, err := decodeJSON([]byte(text)); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}
