package contract

import (
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestWholeNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "-0": "0", "5": "5", "-5": "-5", "5.0": "5", "5e6": "5000000", "5E+6": "5000000", "50e-1": "5", "1.5e1": "15",
		"0.0": "0", "0e999999999999999999999": "0", "-0.000e5": "0", "12300e-2": "123", "0.00001e5": "1",
		"9223372036854775807": "9223372036854775807", "-9223372036854775808": "-9223372036854775808",
		"9223372036854775807.000": "9223372036854775807", "9.223372036854775807e18": "9223372036854775807",
		"9223372036854775808": "too large", "-9223372036854775809": "too large", "9.223372036854775808e18": "too large",
		"9223372036854775999": "too large", "1e19": "too large", "1e400": "too large", "1e99999999999999999999": "too large",
		"1.5": "a fraction", "5e-1": "a fraction", "1e-400": "a fraction", "1e-99999999999999999999": "a fraction",
		"1.00000000000000000000000000001": "a fraction", "0.1e-5": "a fraction",
		"1" + strings.Repeat("0", 1000): "too large", "1." + strings.Repeat("0", 1000): "1", "1." + strings.Repeat("0", 1000) + "1": "a fraction",
		"1" + strings.Repeat("0", 1000) + "e-1000": "1",
	} {
		n, size := wholeNumber(json.Number(text))
		got := map[numberSize]string{tooLarge64: "too large", fraction: "a fraction"}[size]
		if size == fits64 {
			got = big.NewInt(n).String()
		}
		if got != want {
			t.Errorf("%.60s: %s, want %s", text, got, want)
		}
	}
}

// FuzzWholeNumber compares the arithmetic with that of math/big.
func FuzzWholeNumber(f *testing.F) {
	for _, seed := range []string{"0", "-0.0e0", "9223372036854775807", "9.223372036854775808e18", "123e-2", "100e-2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) || strings.ContainsAny(text, "\"[{tfn \t\r\n") || len(text) > 100 {
			return // no number
		}
		exact, ok := new(big.Rat).SetString(text)
		if !ok {
			return // an exponent that math/big refuses
		}
		want := fits64
		switch {
		case !exact.IsInt():
			want = fraction
		case !exact.Num().IsInt64():
			want = tooLarge64
		}
		if n, size := wholeNumber(json.Number(text)); size != want || size == fits64 && exact.Num().Int64() != n {
			t.Errorf("%s: %d, %v, want %v", text, n, size, exact)
		}
	})
}

// TestIntegers: an integer may be written in any way that JSON allows, and must fit into 64 bits. Whether
// it does is decided by its digits, because a float64 rounds them.
func TestIntegers(t *testing.T) {
	for size, want := range map[string]string{
		"9223372036854775807":                "9223372036854775807",
		"9223372036854775808":                "body/size format",
		"9223372036854775999":                "body/size format",
		"-9223372036854775809":               "body/size format",
		"5.0":                                "5",
		"5e6":                                "5000000",
		"5.5":                                "body/size type",
		"1.00000000000000000000000000000001": "body/size type",
		"-1.0":                               "body/size minimum",
		"1e400":                              "body/size format",
	} {
		var found []Violation
		bound := ""
		h := handlerOver(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			value := r.Body.(interface{ ValidatedValue() any }).ValidatedValue()
			bound = string(value.(map[string]any)["size"].(json.Number))
			jsonReply(200, begun).ServeHTTP(w, r)
		}), reportTo(&found))
		h.ServeHTTP(httptest.NewRecorder(), request(t, "POST", uploads, `{"size":`+size+`}`))
		if got := bound + brief(found); got != want {
			t.Errorf("%s: %s, want %s", size, got, want)
		}
	}
	// The same holds in responses, and a part is learned whose range is written so.
	next := &roundTrip{handler: jsonReply(200, strings.Replace(begun, `"inclusiveEnd":9`, `"inclusiveEnd":0.9e1`, 1))}
	transport := transportOver(t, next)
	if _, err := transport.RoundTrip(request(t, "POST", uploads, `{"size":10}`)); err != nil {
		t.Fatal(err)
	}
	next.handler = reply{200, []string{"Etag", `"x"`}, ""}
	if _, err := transport.RoundTrip(put(t, partTarget, "0123456789", 10)); err != nil {
		t.Error(err)
	}
	next.handler = jsonReply(200, strings.Replace(begun, `"lastModified":1`, `"lastModified":9223372036854775808`, 1))
	if _, err := transport.RoundTrip(request(t, "POST", uploads, `{"size":10}`)); err == nil || !strings.Contains(err.Error(), "lastModified") {
		t.Error(err)
	}
}

// TestExactBounds: limits beyond 2^53 are compared exactly.
func TestExactBounds(t *testing.T) {
	d, err := Load([]byte(strings.Replace(simpleDocument, `"minimum":1`, `"format":"int64","minimum":-9007199254740992,"maximum":9007199254740992`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{
		"9007199254740992":  "",
		"9007199254740993":  "body maximum",
		"-9007199254740992": "",
		"-9007199254740993": "body minimum",
	} {
		var found []Violation
		transport := NewTransport(&roundTrip{handler: jsonReply(200, value)}, WithDocument(d), WithReportOnly(), reportTo(&found))
		if _, err := transport.RoundTrip(request(t, "GET", "https://api.example.com/a/b", "", "Authorization", "")); err != nil {
			t.Fatal(err)
		}
		if got := brief(found); got != want {
			t.Errorf("%s: %s", value, got)
		}
	}
}
