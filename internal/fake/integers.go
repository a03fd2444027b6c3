package fake

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// withPlainIntegers lets handlers bind integers that a request writes with a point or
// an exponent, such as 5.0 or 5e6. These are integers for JSON Schema, and languages
// without an integer type write them so; the generated decoder knows digits only.
func withPlainIntegers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if validated, ok := r.Body.(validatedBody); ok {
			r.Body = plainBody{validated}
		}
		next.ServeHTTP(w, r)
	})
}

// validatedBody is a request body that package contract has validated.
type validatedBody interface {
	io.ReadCloser
	ValidatedValue() any
}

type plainBody struct{ validatedBody }

// ValidatedValue returns the validated value with plain integers. Metadata stays as
// it was sent, because it belongs to the user.
func (b plainBody) ValidatedValue() any { return plainIntegers(b.validatedBody.ValidatedValue()) }

func plainIntegers(value any) any {
	switch value := value.(type) {
	case json.Number:
		return json.Number(plainInteger(string(value)))
	case []any:
		plain := make([]any, len(value))
		for i, item := range value {
			plain[i] = plainIntegers(item)
		}
		return plain
	case map[string]any:
		plain := make(map[string]any, len(value))
		for name, member := range value {
			if name != "metadata" {
				member = plainIntegers(member)
			}
			plain[name] = member
		}
		return plain
	}
	return value
}

// plainInteger returns a JSON number as digits if it is an integer of at most 19
// digits. It returns other numbers unchanged.
func plainInteger(number string) string {
	mantissa, exponentText, hasExponent := strings.Cut(strings.ToLower(number), "e")
	exponent := 0
	if hasExponent {
		var err error
		if exponent, err = strconv.Atoi(exponentText); err != nil || max(exponent, -exponent) > 1000 {
			return number
		}
	}
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimRight(whole+fraction, "0")
	point := len(whole) + exponent // position of the decimal point among the digits
	if digits == "" {
		return "0"
	}
	if len(digits) > point {
		return number // a part of it is behind the point
	}
	zeros := point - len(digits)
	if digits = strings.TrimLeft(digits, "0"); len(digits)+zeros > 19 {
		return number
	}
	if digits += strings.Repeat("0", zeros); negative {
		digits = "-" + digits
	}
	return digits
}
