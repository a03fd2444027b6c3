package contract

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

// FuzzTwoReaders reads JSON that decodeJSON accepts with a second reader, which works like those of
// other languages: strings are UTF-16, and of members with the same name the first one counts. Both
// must see the same value.
func FuzzTwoReaders(f *testing.F) {
	for _, seed := range []string{
		begun, `{"a":1,"\u0061":2}`, `"\ud800"`, `"\ud83d\ude00ü\n\/"`, "\"\xff\"", `[1,-0.5e+3,true,false,null,{}]`, ` {"a" : [ ] } `, "\ufeff1",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		value, err := decodeJSON(data, 1000)
		if err != nil {
			return
		}
		r := utf16Reader{text: data}
		other := r.value()
		if r.space(); !reflect.DeepEqual(value, other) || r.at != len(data) {
			t.Errorf("%q is %#v to one reader and %#v to another, which stops at %d", data, value, other, r.at)
		}
	})
}

// utf16Reader reads valid JSON.
type utf16Reader struct {
	text []byte
	at   int
}

func (r *utf16Reader) space() {
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n", r.text[r.at]) >= 0 {
		r.at++
	}
}

// skip reads white space and then one of the bytes, which it returns.
func (r *utf16Reader) skip(any string) byte {
	r.space()
	c := r.text[r.at]
	if strings.IndexByte(any, c) < 0 {
		panic(fmt.Sprintf("%q at %d is none of %q", c, r.at, any))
	}
	r.at++
	return c
}

func (r *utf16Reader) value() any {
	r.space()
	switch c := r.text[r.at]; c {
	case '"':
		return r.string()
	case '{', '[':
		return r.container(c)
	}
	start := r.at
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n,]}", r.text[r.at]) < 0 {
		r.at++
	}
	switch word := string(r.text[start:r.at]); word {
	case "true", "false":
		return word == "true"
	case "null":
		return nil
	default:
		return json.Number(word)
	}
}

func (r *utf16Reader) container(open byte) any {
	object, array := map[string]any{}, []any{}
	closing := map[byte]string{'{': "}", '[': "]"}[open]
	r.at++
	if r.space(); r.text[r.at] == closing[0] {
		r.at++
	} else {
		for {
			if open == '[' {
				array = append(array, r.value())
			} else {
				r.space()
				name := r.string()
				r.skip(":")
				value := r.value()
				if _, known := object[name]; !known {
					object[name] = value
				}
			}
			if r.skip(","+closing) == closing[0] {
				break
			}
		}
	}
	if open == '[' {
		return array
	}
	return object
}

// string reads a string as UTF-16. What is not UTF-8, and what is no pair of surrogates, stays as it is
// and makes the result differ from that of a Go decoder.
func (r *utf16Reader) string() string {
	var units []uint16
	broken := ""
	for r.at++; r.text[r.at] != '"'; {
		if r.text[r.at] == '\\' {
			units = append(units, r.escape())
			continue
		}
		c, size := utf8.DecodeRune(r.text[r.at:])
		if c == utf8.RuneError && size == 1 {
			broken += string(r.text[r.at : r.at+1])
		}
		units = utf16.AppendRune(units, c)
		r.at += size
	}
	r.at++
	for i := 0; i < len(units); i++ {
		switch {
		case utf16.IsSurrogate(rune(units[i])) && (i+1 == len(units) || utf16.DecodeRune(rune(units[i]), rune(units[i+1])) == utf8.RuneError):
			broken += strconv.Itoa(int(units[i]))
		case utf16.IsSurrogate(rune(units[i])):
			i++
		}
	}
	return string(utf16.Decode(units)) + broken
}

func (r *utf16Reader) escape() uint16 {
	c := r.text[r.at+1]
	r.at += 2
	if c == 'u' {
		unit, _ := strconv.ParseUint(string(r.text[r.at:r.at+4]), 16, 16)
		r.at += 4
		return uint16(unit)
	}
	if i := strings.IndexByte("bfnrt", c); i >= 0 {
		return uint16("\b\f\n\r\t"[i])
	}
	return uint16(c)
}
