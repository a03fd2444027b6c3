package contract

import "testing"

func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{`{"a":{"b":[1,"x:\"y",null]}}`, `{"a":1,"\u0061":2}`, `[]x`, `{"a":[{"b":1,"b":2}]}`, begun} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		value, err := decodeJSON(data, 1000)
		if (err == nil) == (value == nil) && string(data) != "null" && err != nil {
			t.Errorf("%v and %v", value, err)
		}
	})
}

// TestDecodeJSONRefusesWhatReadersDecodeDifferently: encoding/json replaces what is not UTF-8, and
// lone surrogates, by U+FFFD. Others keep them, or fail.
func TestDecodeJSONRefusesWhatReadersDecodeDifferently(t *testing.T) {
	for text, ok := range map[string]bool{
		`"ü\u00fc"`:                  true,
		`"\ud83d\ude00"`:             true,
		`"\uD83D\uDE00\uD83D\uDE00"`: true,
		`"\\ud800"`:                  true, // an escaped backslash
		`{"\ud83d\ude00":1}`:         true,
		"\"\xff\"":                   false,
		"\"\xed\xa0\x80\"":           false, // a surrogate in UTF-8
		`"\ud800"`:                   false,
		`"\ud800x"`:                  false,
		`"\ud800\n"`:                 false,
		`"\ud800\ud800"`:             false,
		`"\udc00"`:                   false,
		`"\ud83d\ude00\ude00"`:       false,
		`{"\uDC00":1}`:               false,
		`["a","b\udbff"]`:            false,
	} {
		if _, err := decodeJSON([]byte(text), 1000); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
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
		if _, err := decodeJSON([]byte(text), 1000); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}
