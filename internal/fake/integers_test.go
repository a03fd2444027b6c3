package fake

import (
	"fmt"
	"math/big"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func TestPlainInteger(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"5": "5", "0": "0", "-0": "0", "5.0": "5", "5.000": "5", "5e6": "5000000", "5E+6": "5000000", "5.12e2": "512", "0.5e1": "5",
		"500e-2": "5", "-5.0": "-5", "0e99": "0", "0.0e-999": "0", "1e18": "1000000000000000000", "9223372036854775807.0": "9223372036854775807",
		"5.5": "5.5", "5e-1": "5e-1", "5.12e1": "5.12e1", "0.001e2": "0.001e2", "1e19": "1e19", "1e999999999999999999999": "1e999999999999999999999",
		"1e999": "1e999", "1e-999": "1e-999",
	} {
		if got := plainInteger(number); got != want {
			t.Errorf("%s becomes %s, want %s", number, got, want)
		}
	}
}

// A number keeps its value, and an integer of int64 becomes digits.
func FuzzPlainInteger(f *testing.F) {
	for _, number := range []string{"5", "-5.0", "5e6", "0.5E+1", "123456789012345678.9e1", "0e0", "10.010e2"} {
		f.Add(number)
	}
	isNumber := regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$`)
	digits := regexp.MustCompile(`^-?[0-9]+$`)
	f.Fuzz(func(t *testing.T, number string) {
		if !isNumber.MatchString(number) || len(number) > 100 {
			return
		}
		got := plainInteger(number)
		before, _ := new(big.Rat).SetString(number)
		after, ok := new(big.Rat).SetString(got)
		if !ok || before.Cmp(after) != 0 {
			t.Fatalf("%s becomes %s", number, got)
		}
		if before.IsInt() && before.Num().IsInt64() && !digits.MatchString(got) {
			t.Fatalf("%s stays %s", number, got)
		}
	})
}

// Integers may be written with a point or an exponent. Metadata keeps its digits.
func TestRequestsWithOtherIntegers(t *testing.T) {
	t.Parallel()
	server, err := New(Options{})
	must(t, err)
	for size, want := range map[string]int{"5": 5, "5.0": 5, "1e3": 1000, "5.12e2": 512, "0.0": 0} {
		body := fmt.Sprintf(`{"size":%s,"metadata":{"a":5.0,"b":1e3}}`, size)
		answer := do(server, http.MethodPost, "/v2/accounts/A623uY2/uploads", "application/json", []byte(body))
		text := answer.Body.String()
		if answer.Code != http.StatusOK || !strings.Contains(text, fmt.Sprintf(`"size":%d,`, want)) || !strings.Contains(text, `"metadata":{"a":5.0,"b":1e3}`) {
			t.Errorf("%s: %d %s", size, answer.Code, text)
		}
	}
	for _, size := range []string{"5.5", "5e-1", "-1.0", "1e19"} {
		answer := do(server, http.MethodPost, "/v2/accounts/A623uY2/uploads", "application/json", []byte(`{"size":`+size+`}`))
		if answer.Code != http.StatusBadRequest || strings.Contains(answer.Body.String(), "Go struct") {
			t.Errorf("%s: %d %s", size, answer.Code, answer.Body)
		}
	}
}
