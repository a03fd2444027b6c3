package suite

import (
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// A sample is a value that breaks exactly one constraint of a schema, or a good one at a limit.
type sample struct {
	at    string // pointer to the place of the constraint
	rule  string // the keyword that is broken; empty for a good value
	value any    // the whole value
}

func (s sample) String() string {
	if s.rule == "" {
		return s.at + " at a limit"
	}
	return s.at + " breaking " + s.rule
}

// unbreakable is a constraint that no value breaks alone, because others of the same schema imply it.
type unbreakable struct{ at, rule string }

// sampler makes a sample for each constraint of a schema.
type sampler struct {
	// response is whether the samples are answers: objects that do not say so take no unknown properties, lists of
	// known values are complete, and there is nothing in them that only requests have.
	response    bool
	samples     []sample
	unbreakable []unbreakable
}

// samplesOf makes samples of a schema for JSON values.
func samplesOf(ref *openapi3.SchemaRef, response bool) *sampler {
	s := &sampler{response: response}
	s.visit(ref.Value, "", func(v any) any { return v })
	return s
}

func (s *sampler) add(at, rule string, value any) {
	s.samples = append(s.samples, sample{at: at, rule: rule, value: value})
}

// known returns the list of known values that a schema of an answer has instead of other constraints.
func (s *sampler) known(schema *openapi3.Schema) []any {
	values, _ := schema.Extensions["x-extensible-enum"].([]any)
	if !s.response {
		return nil
	}
	return values
}

// base is a valid value with everything in it. Of a union it is one of the first variant.
func (s *sampler) base(schema *openapi3.Schema) any {
	values := append(slices.Clone(schema.Enum), s.known(schema)...)
	switch variants := append(slices.Clone(schema.OneOf), schema.AnyOf...); {
	case len(variants) > 0:
		return s.base(variants[0].Value)
	case schema.Type.Is(openapi3.TypeArray):
		return []any{s.base(schema.Items.Value)}
	case len(schema.Properties) > 0:
		object := map[string]any{}
		for name, property := range schema.Properties {
			if !s.response || !property.Value.WriteOnly {
				object[name] = s.base(property.Value)
			}
		}
		return object
	case schema.AdditionalProperties.Schema != nil:
		return map[string]any{"any": s.base(schema.AdditionalProperties.Schema.Value)}
	case len(values) > 0:
		return values[0]
	case schema.Example != nil:
		return schema.Example
	case schema.Type.Is(openapi3.TypeNumber):
		return 1
	case schema.Type.Is(openapi3.TypeBoolean):
		return true
	case schema.Type.Is(openapi3.TypeObject):
		return map[string]any{}
	}
	return "x"
}

// visit adds the samples of a schema. whole puts a value in its place in the whole.
func (s *sampler) visit(schema *openapi3.Schema, at string, whole func(any) any) {
	switch {
	case len(schema.OneOf) > 0:
		s.union(schema, "oneOf", schema.OneOf, at, whole)
		return
	case len(schema.AnyOf) > 0:
		s.union(schema, "anyOf", schema.AnyOf, at, whole)
		return
	case schema.Type == nil: // anything
		s.add(at, "", whole(nil))
		return
	}
	if values := s.known(schema); len(values) > 0 {
		schema = &openapi3.Schema{Type: schema.Type, Enum: values}
	}
	nullRule, typeRule := "nullable", "type"
	if len(schema.Enum) > 0 { // validators look at the enumeration first
		nullRule, typeRule = "enum", "enum"
	}
	if schema.PermitsNull() {
		nullRule = ""
	}
	s.add(at, nullRule, whole(nil))
	switch value := s.base(schema).(type) {
	case map[string]any:
		s.add(at, typeRule, whole("x"))
		s.object(schema, at, value, whole)
	case []any:
		s.add(at, typeRule, whole("x"))
		s.array(schema, at, value, whole)
	case bool:
		s.add(at, typeRule, whole("x"))
	case string:
		s.add(at, typeRule, whole(7))
		s.scalar(schema, at, texts(schema), whole)
	default:
		s.add(at, typeRule, whole("x"))
		if schema.Type.Is(openapi3.TypeInteger) {
			s.add(at, "type", whole(1.5))
		}
		s.scalar(schema, at, numbers(schema), whole)
	}
}

// union visits each variant of a union.
func (s *sampler) union(schema *openapi3.Schema, rule string, variants openapi3.SchemaRefs, at string, whole func(any) any) {
	for _, value := range []any{7, "x", true, []any{}, map[string]any{}} {
		if len(ofKind(variants, value)) == 0 {
			s.add(at, rule, whole(value))
			break
		}
	}
	for _, variant := range variants {
		value := s.base(variant.Value)
		before := len(s.samples)
		s.visit(variant.Value, at, whole)
		// Null and other types break the union, not the variant.
		made := slices.DeleteFunc(slices.Clone(s.samples[before:]), func(made sample) bool {
			return made.at == at && (made.rule == "nullable" || made.rule == "type")
		})
		s.samples = s.samples[:before]
		switch {
		case schema.Discriminator != nil:
			name := schema.Discriminator.PropertyName
			made = slices.DeleteFunc(made, func(made sample) bool { return made.at == at+"/"+name })
			s.add(at, "discriminator", whole(with(value, name, "Other")))
			s.add(at, "discriminator", whole(without(value, name)))
		case len(ofKind(variants, value)) > 1: // nobody knows which one was meant
			for i := range made {
				if made[i].rule != "" {
					made[i].at, made[i].rule = at, rule
				}
			}
		}
		s.samples = append(s.samples, made...)
	}
}

// ofKind returns the variants that permit the type of a value.
func ofKind(variants openapi3.SchemaRefs, value any) (permitting openapi3.SchemaRefs) {
	for _, variant := range variants {
		if t := variant.Value.Type; t.Permits(kindOf(value)) || t.Permits(openapi3.TypeNumber) && kindOf(value) == openapi3.TypeInteger {
			permitting = append(permitting, variant)
		}
	}
	return permitting
}

func kindOf(value any) string {
	switch value.(type) {
	case string:
		return openapi3.TypeString
	case bool:
		return openapi3.TypeBoolean
	case []any:
		return openapi3.TypeArray
	case map[string]any:
		return openapi3.TypeObject
	}
	return openapi3.TypeInteger
}

func (s *sampler) object(schema *openapi3.Schema, at string, value map[string]any, whole func(any) any) {
	for _, name := range slices.Sorted(maps.Keys(value)) {
		property := schema.Properties[name]
		if property == nil {
			property = schema.AdditionalProperties.Schema
		}
		if property == nil {
			continue // part of a free object
		}
		s.visit(property.Value, at+"/"+name, func(v any) any { return whole(with(value, name, v)) })
		rule := ""
		if slices.Contains(schema.Required, name) {
			rule = "required"
		}
		s.add(at+"/"+name, rule, whole(without(value, name)))
	}
	for name, property := range schema.Properties {
		if s.response && property.Value.WriteOnly {
			s.add(at+"/"+name, "writeOnly", whole(with(value, name, property.Value.Example)))
		}
	}
	more := whole(with(value, "unknown", 1))
	switch additional := schema.AdditionalProperties; {
	case additional.Has != nil && !*additional.Has, additional.Has == nil && additional.Schema == nil && s.response && len(schema.Properties) > 0:
		s.add(at+"/unknown", "additionalProperties", more)
	case additional.Has != nil:
		s.add(at, "", more)
	}
}

func (s *sampler) array(schema *openapi3.Schema, at string, value []any, whole func(any) any) {
	s.visit(schema.Items.Value, at+"/0", func(v any) any { return whole([]any{v}) })
	if limit := schema.MaxItems; limit != nil {
		s.add(at, "maxItems", whole(slices.Repeat(value, int(*limit)+1)))
		s.add(at, "", whole(slices.Repeat(value, int(*limit))))
	}
	if schema.UniqueItems {
		s.add(at, "uniqueItems", whole(slices.Repeat(value, 2)))
	}
	rule := ""
	if schema.MinItems > 0 {
		rule = "minItems"
	}
	s.add(at, rule, whole([]any{}))
}

// scalar finds, for each constraint of a string or number, a candidate that breaks it alone, and the
// candidates that are good.
func (s *sampler) scalar(schema *openapi3.Schema, at string, candidates []any, whole func(any) any) {
	for _, c := range constraints(schema) {
		broken := slices.IndexFunc(candidates, func(v any) bool {
			return c.without.VisitJSON(v, validators) == nil && schema.VisitJSON(v, validators) != nil
		})
		if broken < 0 {
			s.unbreakable = append(s.unbreakable, unbreakable{at: at, rule: c.rule})
			continue
		}
		s.add(at, c.rule, whole(candidates[broken]))
	}
	for _, v := range candidates {
		if schema.VisitJSON(v, validators) == nil {
			s.add(at, "", whole(v))
		}
	}
}

func with(object any, name string, value any) any {
	changed := maps.Clone(object.(map[string]any))
	changed[name] = value
	return changed
}

func without(object any, name string) any {
	changed := maps.Clone(object.(map[string]any))
	delete(changed, name)
	return changed
}
