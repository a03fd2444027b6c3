package contract

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// numberSize is the kind of a JSON number as an integer.
type numberSize int

const (
	fraction   numberSize = iota // it is none
	fits64                       // it is one of 64 bits
	tooLarge64                   // it is a larger one
)

// wholeNumber returns the value of a JSON number that is an integer, which 5.0 and 5e6 are, too. It
// works on the digits, because a float64 rounds them.
func wholeNumber(number json.Number) (int64, numberSize) {
	n, err := strconv.ParseInt(string(number), 10, 64)
	switch {
	case err == nil:
		return n, fits64
	case !strings.ContainsAny(string(number), ".eE"):
		return 0, tooLarge64
	}
	mantissa, exponent, _ := strings.Cut(strings.ToLower(string(number)), "e")
	mantissa, isNegative := strings.CutPrefix(mantissa, "-")
	whole, decimals, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimRight(whole+decimals, "0")
	if digits == "" {
		return 0, fits64
	}
	// The value is 0.digits times ten to the power of point. Atoi limits an exponent that is no int.
	power, _ := strconv.Atoi(exponent)
	power = min(max(power, math.MinInt32), math.MaxInt32)
	point := len(whole) + power
	digits, point = trimZeros(digits, point)
	const most = 19 // digits of the largest integer
	switch {
	case point < len(digits):
		return 0, fraction
	case point > most:
		return 0, tooLarge64
	}
	digits += strings.Repeat("0", point-len(digits))
	if isNegative {
		digits = "-" + digits
	}
	if n, err = strconv.ParseInt(digits, 10, 64); err != nil {
		return 0, tooLarge64
	}
	return n, fits64
}

// trimZeros removes leading zeros.
func trimZeros(digits string, point int) (string, int) {
	trimmed := strings.TrimLeft(digits, "0")
	return trimmed, point - (len(digits) - len(trimmed))
}

// integer checks a number where the schema wants an integer, and returns it in digits.
func (c *checker) integer(schema *openapi3.Schema, number json.Number) any {
	n, size := wholeNumber(number)
	switch {
	case size == fraction:
		c.add("type", describe(schema, "type"))
		return number
	case size == tooLarge64 && schema.Format != "":
		c.add("format", describe(schema, "format"))
		return number
	case size == tooLarge64:
		c.scalar(schema, number)
		return number
	}
	before := len(c.found)
	digits := json.Number(strconv.FormatInt(n, 10))
	c.scalar(schema, digits)
	if len(c.found) == before {
		c.exactBounds(schema, n)
	}
	return digits
}

// exactBounds compares an integer with the limits of a schema. The library compares numbers as float64,
// which is exact up to 2^53 only.
func (c *checker) exactBounds(schema *openapi3.Schema, n int64) {
	if -1<<53 <= n && n <= 1<<53 {
		return
	}
	exact := new(big.Float).SetInt64(n)
	if schema.Min != nil && exact.Cmp(big.NewFloat(*schema.Min)) < 0 {
		c.add("minimum", describe(schema, "minimum"))
	}
	if schema.Max != nil && exact.Cmp(big.NewFloat(*schema.Max)) > 0 {
		c.add("maximum", describe(schema, "maximum"))
	}
}
