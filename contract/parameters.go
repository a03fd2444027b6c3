package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// param is a documented parameter, or a documented header of a response.
type param struct {
	name     string
	at       string // the pointer in violations
	in       Location
	required bool
	array    bool // repeated, one value per occurrence
	json     bool // described by content application/json
	free     bool // an exploded object: its members are query parameters of any other name
	schema   *openapi3.Schema
}

func compileParams(shared, own openapi3.Parameters) ([]param, error) {
	var params []param
	for _, ref := range shared {
		if own.GetByInAndName(ref.Value.In, ref.Value.Name) == nil {
			own = append(slices.Clone(own), ref)
		}
	}
	for _, ref := range own {
		p := ref.Value
		if p.In == openapi3.ParameterInHeader && slices.Contains([]string{"Accept", "Content-Type", "Authorization"}, http.CanonicalHeaderKey(p.Name)) {
			continue // OpenAPI ignores such definitions
		}
		compiled, err := compileParam(p, Location(p.In))
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", p.Name, err)
		}
		params = append(params, compiled)
	}
	return params, nil
}

func compileHeaders(headers openapi3.Headers) ([]param, error) {
	var params []param
	for name, ref := range headers {
		p := ref.Value.Parameter
		p.Name, p.In = name, openapi3.ParameterInHeader
		compiled, err := compileParam(&p, InHeader)
		if err != nil {
			return nil, fmt.Errorf("header %s: %w", name, err)
		}
		params = append(params, compiled)
	}
	slices.SortFunc(params, func(a, b param) int { return strings.Compare(a.name, b.name) })
	return params, nil
}

func compileParam(p *openapi3.Parameter, in Location) (param, error) {
	compiled := param{name: p.Name, at: pointer("", p.Name), in: in, required: p.Required}
	if in != InPath && in != InQuery && in != InHeader {
		return param{}, fmt.Errorf("parameters in %q are not supported", in)
	}
	if p.Content != nil {
		mediaType := p.Content["application/json"]
		if mediaType == nil || mediaType.Schema == nil {
			return param{}, errors.New("only content of type application/json is supported")
		}
		compiled.json, compiled.schema = true, mediaType.Schema.Value
		return compiled, nil
	}
	if p.Schema == nil {
		return param{}, errors.New("has no schema")
	}
	compiled.schema = p.Schema.Value
	compiled.array = compiled.schema.Type.Is(openapi3.TypeArray)
	method, err := p.SerializationMethod()
	switch {
	case err != nil:
		return param{}, err
	case compiled.schema.Type.Is(openapi3.TypeObject):
		compiled.free = in == InQuery && !p.Required && method.Explode && method.Style == openapi3.SerializationForm &&
			len(compiled.schema.Properties) == 0 && compiled.schema.AdditionalProperties.Schema != nil
		if !compiled.free {
			return param{}, errors.New("objects are only supported as free query parameters")
		}
	case compiled.array && (in != InQuery || !method.Explode || method.Style != openapi3.SerializationForm):
		return param{}, errors.New("only repeated query parameters may be arrays")
	case method.Style != openapi3.SerializationForm && method.Style != openapi3.SerializationSimple:
		return param{}, fmt.Errorf("style %q is not supported", method.Style)
	}
	return compiled, nil
}

// check validates the received values of the parameter.
func (p *param) check(values []string, direction Direction) []Violation {
	checkValue := func(value any) []Violation {
		_, found := checkSchema(p.schema, value, direction, p.at)
		return found
	}
	switch {
	case len(values) == 0 && p.required:
		return []Violation{violation(p.at, "required", "is required")}
	case len(values) == 0:
		return nil
	case len(values) > 1 && !p.array:
		return []Violation{violation(p.at, RuleRepeated, "must be given once")}
	case p.json:
		value, broken := decodeJSON([]byte(values[0]), freeValues)
		if broken != nil {
			broken.Pointer = p.at
			return []Violation{*broken}
		}
		return checkValue(value)
	case p.array:
		items := make([]any, len(values))
		for i, value := range values {
			items[i] = scalar(p.schema.Items.Value, value)
		}
		return checkValue(items)
	}
	return checkValue(scalar(p.schema, values[0]))
}

// whole is any integer. How long one may be is checked beside it: a bound in the
// expression itself is unrolled, which takes a millisecond whenever a program starts.
var whole = regexp.MustCompile(`^-?[0-9]+$`)

const maxDigits = 300

// scalar reads the text of a parameter as the type its schema allows. Text that is none of the
// allowed types stays a string, for the schema to refuse.
func scalar(schema *openapi3.Schema, text string) any {
	for _, ref := range slices.Concat(schema.OneOf, schema.AnyOf, schema.AllOf) {
		if value := scalar(ref.Value, text); value != any(text) {
			return value
		}
	}
	switch {
	case schema.Type.Is(openapi3.TypeInteger):
		if len(text) <= maxDigits && whole.MatchString(text) { // the format sets the real limit
			return json.Number(text)
		}
	case schema.Type.Is(openapi3.TypeNumber):
		if _, err := strconv.ParseFloat(text, 64); err == nil && json.Valid([]byte(text)) {
			return json.Number(text)
		}
	case schema.Type.Is(openapi3.TypeBoolean):
		if text == "true" || text == "false" {
			return text == "true"
		}
	}
	return text
}

// checkParams validates all parameters of a request and notes which were given.
func (x *exchange) checkParams(r *http.Request, pathParams map[string]string) (found []Violation) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		found = x.request(InQuery, violation("", RuleSyntax, "must be a well-formed query"))
	}
	var free *param
	for i := range x.operation.params {
		p := &x.operation.params[i]
		var values []string
		switch {
		case p.free:
			free = p
			continue
		case p.in == InPath:
			if value, ok := pathParams[p.name]; ok {
				values = []string{value}
			}
		case p.in == InQuery:
			values = query[p.name]
			delete(query, p.name)
		default:
			values = r.Header.Values(p.name)
		}
		if len(values) > 0 {
			x.note(p)
		}
		found = append(found, x.request(p.in, p.check(values, Request)...)...)
	}
	return append(found, x.checkOtherParams(free, query)...)
}

// note notes that a parameter was given.
func (x *exchange) note(p *param) { x.given = append(x.given, string(p.in)+":"+p.name) }

// checkOtherParams validates the query parameters that are not described by name.
func (x *exchange) checkOtherParams(free *param, query url.Values) (found []Violation) {
	for _, name := range slices.Sorted(maps.Keys(query)) {
		at := pointer("", name)
		switch {
		case x.operation.ownServers && strings.HasPrefix(name, "meta-"):
			// URLs of the CDN carry "meta-*" parameters for the caller's own use, which OpenAPI cannot describe.
		case free == nil:
			found = append(found, x.request(InQuery, violation(at, RuleUndocumented, "is not a known parameter"))...)
		default:
			if !slices.Contains(x.given, string(free.in)+":"+free.name) {
				x.note(free)
			}
			schema := free.schema.AdditionalProperties.Schema.Value
			for _, value := range query[name] { // names may repeat
				_, broken := checkSchema(schema, scalar(schema, value), Request, at)
				found = append(found, x.request(InQuery, broken...)...)
			}
		}
	}
	return found
}
