package rest

import (
	"bytes"
	"encoding/json"
	"io"
	"math/big"
	"strings"
	"testing"
	"testing/iotest"
)

// legibleText returns text as it is read, with and without a length that is known before.
func legibleText(t *testing.T, text string, through func(io.Reader) io.Reader) (known, unknown string) {
	t.Helper()
	read := func(length int) string {
		got, err := io.ReadAll(&jsonBody{ReadCloser: io.NopCloser(through(strings.NewReader(text))), length: int64(length)})
		if err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	return read(len(text)), read(-1)
}

var throughs = map[string]func(io.Reader) io.Reader{
	"at once":      func(r io.Reader) io.Reader { return r },
	"byte by byte": iotest.OneByteReader,
	"halves":       iotest.HalfReader,
	"end at once":  iotest.DataErrReader,
}

func TestWholeNumbers(t *testing.T) {
	const nines = "99999999999999999999"
	for text, want := range map[string]string{
		`{"a":5.0}`:                                     `{"a":5}`,
		`{"a":5e6,"b":5E6,"c":5e+6}`:                    `{"a":5000000,"b":5000000,"c":5000000}`,
		`{"a":1.5e1}`:                                   `{"a":15}`,
		`{"a":500e-2}`:                                  `{"a":5}`,
		`{"a":-1.0}`:                                    `{"a":-1}`,
		`{"a":-0.0,"b":0e99}`:                           `{"a":0,"b":0}`,
		`{"a":0.5e1}`:                                   `{"a":5}`,
		`{"a":1.5}`:                                     `{"a":1.5}`,
		`{"a":5e-1}`:                                    `{"a":5e-1}`,
		`{"a":9223372036854775807.0}`:                   `{"a":9223372036854775807}`,
		`{"a":9.223372036854775807e18}`:                 `{"a":9223372036854775807}`,
		`{"a":9.223372036854775808e18}`:                 `{"a":9223372036854775808}`, // which no int64 holds
		`{"a":1e19}`:                                    `{"a":1e19}`,
		`{"a":1e999999999999999999999}`:                 `{"a":1e999999999999999999999}`,
		`{"a":0e999999999999999999999}`:                 `{"a":0}`,
		`{"a":1e9223372036854775807}`:                   `{"a":1e9223372036854775807}`,
		`{"a":1e-9223372036854775807}`:                  `{"a":1e-9223372036854775807}`,
		`[1.0, 2.0 ,3.0]`:                               `[1, 2 ,3]`,
		" \n{\"a\" : 1.0 }":                             " \n{\"a\" : 1 }",
		`{"1.0":"2.0","\"3.0":"4.0\\"}`:                 `{"1.0":"2.0","\"3.0":"4.0\\"}`,
		`{"a":"\\","b":1.0}`:                            `{"a":"\\","b":1}`,
		`{"a":true,"b":false,"c":null}`:                 `{"a":true,"b":false,"c":null}`,
		`{"metadata":{"a":1.0},"b":1.0}`:                `{"metadata":{"a":1.0},"b":1}`,
		`{"metadata": [[1.0],{"a":1e1}],"b":1.0}`:       `{"metadata": [[1.0],{"a":1e1}],"b":1}`,
		`{"a":{"details":{"b":[1.0]},"c":2.0}}`:         `{"a":{"details":{"b":[1.0]},"c":2}}`,
		`["metadata",[1.0]]`:                            `["metadata",[1]]`,
		`{"a":"metadata","b":[1.0]}`:                    `{"a":"metadata","b":[1]}`,
		`{"a":` + nines + nines + nines + nines + `.0}`: `{"a":` + nines + nines + nines + nines + `.0}`,
		`{"a":1.0.0}`:                                   `{"a":1.0.0}`,
		`{"a":1e}`:                                      `{"a":1e}`,
		`{"a":01.0}`:                                    `{"a":01.0}`,
		`version 1.0`:                                   `version 1.0`,
		`<p>1.0</p>`:                                    `<p>1.0</p>`,
		"1.0":                                           "1.0",
		"":                                              "",
		byteOrderMark:                                   "",
		byteOrderMark + `{"a":1}`:                       `{"a":1}`,
		byteOrderMark + byteOrderMark + `{}`:            byteOrderMark + `{}`,
		"\xef\xbb{}":                                    "\xef\xbb{}",
		"\xef\xbb":                                      "\xef\xbb",
		`{"a":1.0`:                                      `{"a":1`,
	} {
		for name, through := range throughs {
			if known, unknown := legibleText(t, text, through); known != want || unknown != want {
				t.Errorf("%q, %s: %q and %q, want %q", text, name, known, unknown, want)
			}
		}
	}
}

// A number without an end takes no memory.
func TestNumberWithoutEnd(t *testing.T) {
	body := &jsonBody{ReadCloser: io.NopCloser(io.MultiReader(strings.NewReader("["), endlessDigits{}))}
	if n, err := io.CopyN(io.Discard, body, 10<<20); err != nil {
		t.Fatal(n, err)
	}
	if len(body.number) > maxNumber || cap(body.more) > 1024 {
		t.Errorf("%d and %d bytes are held", len(body.number), cap(body.more))
	}
}

type endlessDigits struct{}

func (endlessDigits) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '9'
	}
	return len(p), nil
}

// FuzzLegible: JSON keeps its meaning, text that is no JSON stays none, and it makes no
// difference in which pieces the text comes, nor for JSON whether its length is known.
func FuzzLegible(f *testing.F) {
	for _, seed := range []string{
		`{"a":5.0,"b":[1e3,-0.0,1.25e1],"metadata":{"c":1.0}}`, `[1E+2,"\\\"",{"details":[1.0]}]`, byteOrderMark + `{"a":1.0}`, `{"a":1.0`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, got := legibleText(t, text, throughs["at once"])
		plain := strings.TrimPrefix(text, byteOrderMark)
		valid := json.Valid([]byte(plain))
		for name, through := range throughs {
			known, unknown := legibleText(t, text, through)
			if unknown != got || valid && known != got {
				t.Fatalf("%q, %s: %q and %q, else %q", text, name, known, unknown, got)
			}
			if json.Valid([]byte(known)) != valid {
				t.Fatalf("%q became %q", text, known)
			}
		}
		if json.Valid([]byte(got)) != valid {
			t.Fatalf("%q became %q", text, got)
		}
		if json.Valid([]byte(got)) && !sameJSON(decodeNumbers(t, plain), decodeNumbers(t, got)) {
			t.Fatalf("%q became %q", text, got)
		}
	})
}

func decodeNumbers(t *testing.T, text string) (value any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func sameJSON(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		other, ok := b.(json.Number)
		if _, exponent, _ := strings.Cut(strings.ToLower(a.String()), "e"); len(exponent) > 3 {
			x, _ := a.Float64() // exactly is too much work
			y, _ := other.Float64()
			return ok && x == y
		}
		x, okX := new(big.Rat).SetString(a.String())
		y, okY := new(big.Rat).SetString(other.String())
		return ok && okX && okY && x.Cmp(y) == 0
	case []any:
		other, ok := b.([]any)
		if !ok || len(a) != len(other) {
			return false
		}
		for i := range a {
			if !sameJSON(a[i], other[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		other, ok := b.(map[string]any)
		if !ok || len(a) != len(other) {
			return false
		}
		for key := range a {
			if !sameJSON(a[key], other[key]) {
				return false
			}
		}
		return true
	}
	return a == b
}
