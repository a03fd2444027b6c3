package contract

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// maxViolations limits the violations reported per value.
const maxViolations = 100

// The settings of the schema validator, all of them, in one place. Not set, on purpose: defaults are
// never written into a value, and patterns and formats are always checked.
var (
	requestSettings  = schemaSettings(openapi3.VisitAsRequest())
	responseSettings = schemaSettings(openapi3.VisitAsResponse())
)

func schemaSettings(direction openapi3.SchemaValidationOption) []openapi3.SchemaValidationOption {
	return []openapi3.SchemaValidationOption{
		direction,
		openapi3.MultiErrors(),
		openapi3.EnableFormatValidation(),
		openapi3.DisableSchemaErrorDetails(),
		openapi3.WithStringFormatValidators(map[string]openapi3.StringFormatValidator{
			"uri":       openapi3.NewCallbackValidator(checkURI),
			"date-time": openapi3.NewCallbackValidator(checkDateTime),
		}),
	}
}

func checkURI(value string) error {
	if u, err := url.Parse(value); err != nil || u.Scheme == "" || (u.Host == "" && u.Opaque == "") {
		return errors.New("must be an absolute URI")
	}
	return nil
}

func checkDateTime(value string) error {
	if _, err := time.Parse(time.RFC3339Nano, value); err != nil {
		return errors.New("must be an RFC 3339 time")
	}
	return nil
}

// checkSchema returns every way in which a decoded JSON value breaks a schema. at is the pointer of
// the value itself.
func checkSchema(schema *openapi3.Schema, value any, direction Direction, at string) []Violation {
	if schema == nil {
		return nil
	}
	settings := requestSettings
	if direction == Response {
		settings = responseSettings
	}
	err := schema.VisitJSON(value, settings...)
	if err == nil {
		return nil
	}
	var found []Violation
	seen := map[string]bool{} // objects whose unknown properties are told: each of them is an error of its own
	for _, e := range flatten(err) {
		var schemaError *openapi3.SchemaError
		if !errors.As(e, &schemaError) {
			found = append(found, violation(at, "schema", "does not match the schema"))
			continue
		}
		place := pointer(at, schemaError.JSONPointer()...)
		if schemaError.SchemaField == "properties" {
			if seen[place] {
				continue
			}
			seen[place] = true
		}
		if found = append(found, violationsOf(schemaError, direction, place)...); len(found) >= maxViolations {
			break
		}
	}
	slices.SortStableFunc(found, func(a, b Violation) int { return strings.Compare(a.Pointer, b.Pointer) })
	found = slices.Compact(found)
	return found[:min(len(found), maxViolations)]
}

func flatten(err error) []error {
	if several, ok := err.(openapi3.MultiError); ok { //nolint:errorlint // the cause of a failed oneOf is a MultiError too
		var all []error
		for _, e := range several {
			all = append(all, flatten(e)...)
		}
		return all
	}
	return []error{err}
}

func violationsOf(e *openapi3.SchemaError, direction Direction, at string) []Violation {
	switch e.SchemaField {
	case "properties": // the validator points at the object, not at what is unknown in it
		var unknown []Violation
		object, _ := e.Value.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(object)) {
			if e.Schema.Properties[name] == nil {
				unknown = append(unknown, violation(pointer(at, name), "additionalProperties", "is not a known property"))
			}
		}
		return unknown
	case "oneOf", "anyOf":
		if inner := narrow(e, direction, at); inner != nil {
			return inner
		}
	}
	return []Violation{violation(at, e.SchemaField, wanted(e))}
}

// narrow explains a value that matches no alternative: when only one alternative is of the value's
// kind, its complaints say more than "matches none".
func narrow(e *openapi3.SchemaError, direction Direction, at string) []Violation {
	kind := kindOf(e.Value)
	var candidate *openapi3.Schema
	for _, ref := range append(slices.Clone(e.Schema.OneOf), e.Schema.AnyOf...) {
		if !ref.Value.Type.Permits(kind) {
			continue
		}
		if e.Schema.Discriminator != nil && !discriminates(e.Schema.Discriminator, ref, e.Value) {
			continue
		}
		if candidate != nil {
			return nil
		}
		candidate = ref.Value
	}
	return checkSchema(candidate, e.Value, direction, at)
}

func discriminates(d *openapi3.Discriminator, ref *openapi3.SchemaRef, value any) bool {
	object, _ := value.(map[string]any)
	name, _ := object[d.PropertyName].(string)
	mapped, ok := d.Mapping[name]
	return ok && mapped.Ref == ref.Ref
}

func kindOf(value any) string {
	switch value.(type) {
	case bool:
		return openapi3.TypeBoolean
	case string:
		return openapi3.TypeString
	case []any:
		return openapi3.TypeArray
	case map[string]any:
		return openapi3.TypeObject
	case nil:
		return openapi3.TypeNull
	}
	return openapi3.TypeNumber
}

// wanted describes what the schema demands. It uses the schema alone and never the value.
func wanted(e *openapi3.SchemaError) string {
	s := e.Schema
	switch e.SchemaField {
	case "required":
		return "is required"
	case "type":
		return "must be of type " + strings.Join(s.Type.Slice(), " or ")
	case "nullable":
		return "must not be null"
	case "minimum":
		return fmt.Sprintf("must be at least %v", number(s.Min))
	case "maximum":
		return fmt.Sprintf("must be at most %v", number(s.Max))
	case "minLength":
		return fmt.Sprintf("must have at least %d characters", s.MinLength)
	case "maxLength":
		return fmt.Sprintf("must have at most %d characters", number(s.MaxLength))
	case "minItems":
		return fmt.Sprintf("must have at least %d items", s.MinItems)
	case "maxItems":
		return fmt.Sprintf("must have at most %d items", number(s.MaxItems))
	case "pattern":
		return "must match " + s.Pattern
	case "enum":
		return fmt.Sprintf("must be one of %v", s.Enum)
	case "format":
		return "must have the format " + s.Format
	case "discriminator":
		return "must name a known variant in " + s.Discriminator.PropertyName
	case "oneOf":
		return "must match exactly one of the alternatives"
	case "anyOf":
		return "must match one of the alternatives"
	}
	return "breaks the rule " + e.SchemaField
}

func number[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
