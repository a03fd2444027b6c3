package suite

import (
	"fmt"
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// A breach is a value that breaks exactly one constraint of a schema, or, with no rule, one that just keeps within it.
type breach struct {
	at    string // pointer of the constraint's place
	rule  string // the keyword that is broken; empty: a good value at the limit
	value any    // the whole value
}

// implied are constraints that no value can break alone, because others of the same schema imply them.
type implied struct{ at, rule string }

// derive reads all constraints out of a schema and makes a value for each of them.
func derive(ref *openapi3.SchemaRef, strict bool) ([]breach, []implied) {
	d := &deriver{strict: strict}
	for _, whole := range bases(ref.Value) {
		d.walk(ref.Value, "", whole, func(v any) any { return v })
	}
	return d.breaches, d.implied
}

type deriver struct {
	strict   bool // objects that say nothing take no unknown properties
	breaches []breach
	implied  []implied
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

// walk visits a schema with a valid value for it. whole puts another value in its place in the whole.
func (d *deriver) walk(schema *openapi3.Schema, at string, value any, whole func(any) any) {
	add := func(at, rule string, value any) { d.breaches = append(d.breaches, breach{at, rule, whole(value)}) }
	if len(schema.OneOf) > 0 {
		d.union(schema, at, value, whole)
		return
	}
	wrongNull, wrongType := "nullable", "type"
	if len(schema.Enum) > 0 { // which is looked at first
		wrongNull, wrongType = "enum", "enum"
	}
	if schema.PermitsNull() {
		wrongNull = ""
	}
	add(at, wrongNull, nil)
	switch value := value.(type) {
	case map[string]any:
		add(at, wrongType, "x")
		d.object(schema, at, value, whole)
	case []any:
		add(at, wrongType, "x")
		d.array(schema, at, value, whole)
	case bool:
		add(at, wrongType, "x")
	case string:
		add(at, wrongType, 7)
		d.scalar(schema, at, texts(schema), whole)
	default:
		add(at, wrongType, "x")
		if schema.Type.Is(openapi3.TypeInteger) {
			add(at, "type", 1.5)
		}
		d.scalar(schema, at, numbers(schema), whole)
	}
}

// union visits the variant that the value belongs to.
func (d *deriver) union(schema *openapi3.Schema, at string, value any, whole func(any) any) {
	d.breaches = append(d.breaches, breach{at, "oneOf", whole(7)})
	discriminator := ""
	if schema.Discriminator != nil {
		discriminator = schema.Discriminator.PropertyName
		d.breaches = append(d.breaches, breach{at, "discriminator", whole(with(value, discriminator, "Other"))})
		d.breaches = append(d.breaches, breach{at, "discriminator", whole(without(value, discriminator))})
	}
	for _, variant := range schema.OneOf {
		if variant.Value.VisitJSON(value) == nil {
			before := len(d.breaches)
			d.walk(variant.Value, at, value, whole)
			// The discriminator is told above, and null and other types break the union and not the variant.
			d.breaches = append(d.breaches[:before], slices.DeleteFunc(d.breaches[before:], func(b breach) bool {
				return discriminator != "" && b.at == at+"/"+discriminator || b.at == at && (b.rule == "nullable" || b.rule == "type")
			})...)
			return
		}
	}
}

func (d *deriver) object(schema *openapi3.Schema, at string, value map[string]any, whole func(any) any) {
	for name := range value {
		if property := schema.Properties[name]; property != nil {
			d.walk(property.Value, at+"/"+name, value[name], func(v any) any { return whole(with(value, name, v)) })
			if slices.Contains(schema.Required, name) {
				d.breaches = append(d.breaches, breach{at + "/" + name, "required", whole(without(value, name))})
			} else {
				d.breaches = append(d.breaches, breach{at + "/" + name, "", whole(without(value, name))})
			}
		}
	}
	more := whole(with(value, "unknown", 1))
	switch has := schema.AdditionalProperties.Has; {
	case has != nil && !*has, has == nil && d.strict && len(schema.Properties) > 0:
		d.breaches = append(d.breaches, breach{at + "/unknown", "additionalProperties", more})
	case has != nil && *has:
		d.breaches = append(d.breaches, breach{at, "", more})
	}
}

func (d *deriver) array(schema *openapi3.Schema, at string, value []any, whole func(any) any) {
	d.walk(schema.Items.Value, at+"/0", value[0], func(v any) any { return whole([]any{v}) })
	if limit := schema.MaxItems; limit != nil {
		d.breaches = append(d.breaches,
			breach{at, "maxItems", whole(slices.Repeat(value, int(*limit)+1))},
			breach{at, "", whole(slices.Repeat(value, int(*limit)))})
	}
	if schema.MinItems > 0 {
		d.breaches = append(d.breaches, breach{at, "minItems", whole([]any{})})
	} else {
		d.breaches = append(d.breaches, breach{at, "", whole([]any{})})
	}
}

// scalar finds, for each constraint of a string or number, a value that breaks it alone, and for each limit one that is
// just within.
func (d *deriver) scalar(schema *openapi3.Schema, at string, candidates []any, whole func(any) any) {
	for _, c := range constraints(schema) {
		broken := slices.IndexFunc(candidates, func(v any) bool {
			return c.without.VisitJSON(v, validators) == nil && schema.VisitJSON(v, validators) != nil
		})
		if broken < 0 {
			d.implied = append(d.implied, implied{at, c.rule})
			continue
		}
		d.breaches = append(d.breaches, breach{at, c.rule, whole(candidates[broken])})
	}
	for _, v := range candidates {
		if schema.VisitJSON(v, validators) == nil {
			d.breaches = append(d.breaches, breach{at, "", whole(v)})
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

func (b breach) String() string { return fmt.Sprintf("%s breaking %s", b.at, b.rule) }
