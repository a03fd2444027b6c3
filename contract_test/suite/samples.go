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
	strict      bool // objects that do not say so take no unknown properties
	samples     []sample
	unbreakable []unbreakable
}

// samplesOf makes samples of a schema for JSON values.
func samplesOf(ref *openapi3.SchemaRef, strict bool) *sampler {
	s := &sampler{strict: strict}
	for _, whole := range bases(ref.Value) {
		s.visit(ref.Value, "", whole, func(v any) any { return v })
	}
	return s
}

func (s *sampler) add(at, rule string, value any) {
	s.samples = append(s.samples, sample{at: at, rule: rule, value: value})
}

// bases are valid values with everything in them: one, or one for each variant of a union.
func bases(schema *openapi3.Schema) []any {
	switch {
	case len(schema.OneOf) > 0:
		var all []any
		for _, variant := range schema.OneOf {
			all = append(all, bases(variant.Value)...)
		}
		return all
	case schema.Type.Is(openapi3.TypeArray):
		return []any{[]any{bases(schema.Items.Value)[0]}}
	case len(schema.Properties) > 0:
		all := []any{map[string]any{}}
		for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
			// Unions inside of objects: one object for each variant.
			var more []any
			for _, value := range bases(schema.Properties[name].Value) {
				for _, object := range all {
					more = append(more, with(object, name, value))
				}
			}
			all = more
		}
		return all
	case len(schema.Enum) > 0:
		return schema.Enum[:1]
	}
	return []any{schema.Example}
}

// visit adds the samples of a schema. value is valid; whole puts another value in its place in the
// whole.
func (s *sampler) visit(schema *openapi3.Schema, at string, value any, whole func(any) any) {
	if len(schema.OneOf) > 0 {
		s.union(schema, at, value, whole)
		return
	}
	nullRule, typeRule := "nullable", "type"
	if len(schema.Enum) > 0 { // validators look at the enumeration first
		nullRule, typeRule = "enum", "enum"
	}
	if schema.PermitsNull() {
		nullRule = ""
	}
	s.add(at, nullRule, whole(nil))
	switch value := value.(type) {
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

// union visits the variant that the value belongs to.
func (s *sampler) union(schema *openapi3.Schema, at string, value any, whole func(any) any) {
	s.add(at, "oneOf", whole(7))
	discriminator := ""
	if schema.Discriminator != nil {
		discriminator = schema.Discriminator.PropertyName
		s.add(at, "discriminator", whole(with(value, discriminator, "Other")))
		s.add(at, "discriminator", whole(without(value, discriminator)))
	}
	for _, variant := range schema.OneOf {
		if variant.Value.VisitJSON(value) != nil {
			continue
		}
		before := len(s.samples)
		s.visit(variant.Value, at, value, whole)
		// The samples above are those of the discriminator, and null and other types break the union,
		// not the variant.
		s.samples = append(s.samples[:before], slices.DeleteFunc(s.samples[before:], func(made sample) bool {
			return discriminator != "" && made.at == at+"/"+discriminator || made.at == at && (made.rule == "nullable" || made.rule == "type")
		})...)
		return
	}
}

func (s *sampler) object(schema *openapi3.Schema, at string, value map[string]any, whole func(any) any) {
	for name := range value {
		property := schema.Properties[name]
		if property == nil {
			continue
		}
		s.visit(property.Value, at+"/"+name, value[name], func(v any) any { return whole(with(value, name, v)) })
		rule := ""
		if slices.Contains(schema.Required, name) {
			rule = "required"
		}
		s.add(at+"/"+name, rule, whole(without(value, name)))
	}
	more := whole(with(value, "unknown", 1))
	switch has := schema.AdditionalProperties.Has; {
	case has != nil && !*has, has == nil && s.strict && len(schema.Properties) > 0:
		s.add(at+"/unknown", "additionalProperties", more)
	case has != nil && *has:
		s.add(at, "", more)
	}
}

func (s *sampler) array(schema *openapi3.Schema, at string, value []any, whole func(any) any) {
	s.visit(schema.Items.Value, at+"/0", value[0], func(v any) any { return whole([]any{v}) })
	if limit := schema.MaxItems; limit != nil {
		s.add(at, "maxItems", whole(slices.Repeat(value, int(*limit)+1)))
		s.add(at, "", whole(slices.Repeat(value, int(*limit))))
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
