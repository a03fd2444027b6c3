package suite

import (
	"encoding/json"
	"errors"
	"math"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// validators are the formats that the contract layer checks. They are written again here, so that a mistake in one does
// not hide in the other.
var validators = openapi3.WithStringFormatValidators(map[string]openapi3.StringFormatValidator{
	"uri": openapi3.NewCallbackValidator(func(value string) error {
		if u, err := url.ParseRequestURI(value); err != nil || u.Host == "" {
			return errors.New("not absolute")
		}
		return nil
	}),
	"date-time": openapi3.NewRegexpFormatValidator(`^\d{4}-(0\d|1[0-2])-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`),
})

// constraint is one keyword of a schema, and the schema without it.
type constraint struct {
	rule    string
	without *openapi3.Schema
}

// constraints lists the keywords of a scalar that a value can break.
func constraints(schema *openapi3.Schema) (found []constraint) {
	add := func(rule string, present bool, remove func(*openapi3.Schema)) {
		if present {
			s := *schema
			remove(&s)
			found = append(found, constraint{rule, &s})
		}
	}
	add("minimum", schema.Min != nil, func(s *openapi3.Schema) { s.Min = nil })
	add("maximum", schema.Max != nil, func(s *openapi3.Schema) { s.Max = nil })
	add("minLength", schema.MinLength > 0, func(s *openapi3.Schema) { s.MinLength = 0 })
	add("maxLength", schema.MaxLength != nil, func(s *openapi3.Schema) { s.MaxLength = nil })
	add("pattern", schema.Pattern != "", func(s *openapi3.Schema) { s.Pattern = "" })
	add("enum", len(schema.Enum) > 0, func(s *openapi3.Schema) { s.Enum = nil })
	add("format", schema.Format != "" && schema.Format != "binary", func(s *openapi3.Schema) { s.Format = "" })
	return found
}

// texts are strings around the limits of a schema, of all kinds that a pattern may distinguish.
func texts(schema *openapi3.Schema) []any {
	example, _ := schema.Example.(string)
	all := []any{example, "", "a", "/", "a b", "a\nb", "a/b", "other", "Error!", "https://a.b/%zz", "/relative/url", "https://a.b/c", "ftp://a.b/c", "yesterday"}
	var lengths []int
	if schema.MinLength > 0 {
		lengths = append(lengths, int(schema.MinLength)-1, int(schema.MinLength))
	}
	if schema.MaxLength != nil {
		lengths = append(lengths, int(*schema.MaxLength), int(*schema.MaxLength)+1)
	}
	for _, length := range lengths {
		for _, start := range []string{"", "/", "a/", "https://", "https://a/"} {
			for _, fill := range []string{"a", "0", " ", "/", "\n"} {
				if length >= len(start) {
					all = append(all, start+strings.Repeat(fill, length-len(start)))
				}
			}
		}
	}
	return all
}

// numbers are those around the limits of a schema.
func numbers(schema *openapi3.Schema) []any {
	all := []any{schema.Example, json.Number("1e30"), json.Number("-1e30")}
	for _, limit := range []*float64{schema.Min, schema.Max} {
		if limit != nil {
			for _, v := range []float64{*limit - 1, *limit, *limit + 1} {
				all = append(all, json.Number(formatWhole(v)))
			}
		}
	}
	return all
}

func formatWhole(v float64) string {
	data, _ := json.Marshal(int64(math.Round(v)))
	return string(data)
}
