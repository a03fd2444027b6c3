package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// maxViolations limits the violations reported per value.
const maxViolations = 100

// checkSchema returns the first maxViolations ways in which a decoded JSON value breaks a schema. at is
// the pointer of the value. It also returns the value with integers in digits: the members and items of
// value are changed if they are written as 5.0 or 5e6.
func checkSchema(schema *openapi3.Schema, value any, direction Direction, at string) (any, []Violation) {
	if schema == nil {
		return value, nil
	}
	c := &checker{direction: direction, at: at}
	value = c.visit(schema, value)
	slices.SortStableFunc(c.found, func(a, b Violation) int { return strings.Compare(a.Pointer, b.Pointer) })
	return value, slices.Compact(c.found)
}

// checker validates one value. It walks through arrays and objects by itself and leaves scalars to the
// validator of kin-openapi. That one builds an error for every wrong item of an array, however many
// there are; the checker stops at maxViolations.
type checker struct {
	direction Direction
	at        string   // the pointer of the whole value
	path      []string // the reference tokens of the value that is visited
	depth     int      // of calls of visit
	found     []Violation
}

// full reports whether no more violations are wanted.
func (c *checker) full() bool { return len(c.found) >= maxViolations }

// add records a violation of the value that is visited, or of what the tokens point to in it.
func (c *checker) add(rule, message string, tokens ...string) {
	if !c.full() {
		c.found = append(c.found, violation(pointer(pointer(c.at, c.path...), tokens...), rule, message))
	}
}

// maxCalls is more than values and schemas can nest. Only a schema that is a variant of itself gets
// there.
const maxCalls = 1000

// visit checks a value, and returns it with integers in digits.
func (c *checker) visit(schema *openapi3.Schema, value any) any {
	c.depth++
	defer func() { c.depth-- }()
	if c.depth > maxCalls {
		c.add("schema", "has a schema that contains itself")
		return value
	}
	if value == nil && schema.PermitsNull() {
		return value
	}
	if schema.Not != nil && c.matches(schema.Not.Value, value) {
		c.add("not", "must not match the excluded schema")
	}
	value, matched := c.variants(schema, value)
	if !matched || value == nil && len(schema.OneOf)+len(schema.AnyOf)+len(schema.AllOf) > 0 {
		return value // the variants decide
	}
	switch typed := value.(type) {
	case []any:
		if schema.Type.Permits(openapi3.TypeArray) {
			c.array(schema, typed)
			return value
		}
	case map[string]any:
		if schema.Type.Permits(openapi3.TypeObject) {
			c.object(schema, typed)
			return value
		}
	case string:
		if limit := schema.MaxLength; limit != nil && uint64(len(typed)) > maxRune*(*limit) {
			c.add("maxLength", describe(schema, "maxLength")) // and its pattern is not tried
			return value
		}
	case json.Number:
		if schema.Type.Is(openapi3.TypeInteger) {
			return c.integer(schema, typed)
		}
	}
	c.scalar(schema, value)
	return value
}

// maxRune is the length in bytes of the longest character.
const maxRune = 4

// visitIn visits a member of an object, or an item of an array.
func (c *checker) visitIn(token string, schema *openapi3.Schema, value any) any {
	c.path = append(c.path, token)
	value = c.visit(schema, value)
	c.path = c.path[:len(c.path)-1]
	return value
}

// scalar checks a value without looking into it.
func (c *checker) scalar(schema *openapi3.Schema, value any) {
	if len(schema.OneOf)+len(schema.AnyOf)+len(schema.AllOf) > 0 || schema.Not != nil {
		alone := *schema
		alone.OneOf, alone.AnyOf, alone.AllOf, alone.Not = nil, nil, nil, nil
		schema = &alone
	}
	settings := requestSettings
	if c.direction == Response {
		settings = responseSettings
	}
	for _, err := range flatten(schema.VisitJSON(value, settings...)) {
		var broken *openapi3.SchemaError
		if !errors.As(err, &broken) {
			c.add("schema", "does not match the schema")
			continue
		}
		c.add(broken.SchemaField, describe(schema, broken.SchemaField))
	}
}

func flatten(err error) []error {
	if err == nil {
		return nil
	}
	if several, ok := err.(openapi3.MultiError); ok { //nolint:errorlint // the cause of a SchemaError may be a MultiError too
		var all []error
		for _, e := range several {
			all = append(all, flatten(e)...)
		}
		return all
	}
	return []error{err}
}

// array checks an array and its items. It does not look at the items of one that is too long.
func (c *checker) array(schema *openapi3.Schema, items []any) {
	if limit := schema.MaxItems; limit != nil && uint64(len(items)) > *limit {
		c.add("maxItems", describe(schema, "maxItems"))
		return
	}
	c.scalar(&openapi3.Schema{Enum: schema.Enum, MinItems: schema.MinItems, UniqueItems: schema.UniqueItems}, items)
	if schema.Items == nil {
		return
	}
	for i, item := range items {
		if c.full() {
			return
		}
		items[i] = c.visitIn(strconv.Itoa(i), schema.Items.Value, item)
	}
}

// object checks an object and its members. It does not look at the members of one that has too many.
func (c *checker) object(schema *openapi3.Schema, members map[string]any) {
	if limit := schema.MaxProps; limit != nil && uint64(len(members)) > *limit {
		c.add("maxProperties", describe(schema, "maxProperties"))
		return
	}
	c.scalar(&openapi3.Schema{Enum: schema.Enum, MinProps: schema.MinProps}, members)
	for _, name := range schema.Required {
		if _, ok := members[name]; !ok && !c.belongsToOtherDirection(schema.Properties[name]) {
			c.add("required", describe(schema, "required"), name)
		}
	}
	if len(schema.Properties) == 0 && schema.AdditionalProperties.Schema == nil && !isClosed(schema) {
		return // free-form
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if c.full() {
			return
		}
		members[name] = c.member(schema, name, members[name])
	}
}

func (c *checker) member(schema *openapi3.Schema, name string, value any) any {
	switch property := schema.Properties[name]; {
	case property != nil && value != nil && c.belongsToOtherDirection(property):
		rule := "readOnly"
		if c.direction == Response {
			rule = "writeOnly"
		}
		c.add(rule, describe(schema, rule), name)
	case property != nil:
		return c.visitIn(name, property.Value, value)
	case isClosed(schema):
		c.add("additionalProperties", "is not a known property", name)
	case schema.AdditionalProperties.Schema != nil:
		return c.visitIn(name, schema.AdditionalProperties.Schema.Value, value)
	}
	return value
}

// belongsToOtherDirection reports whether a property is for responses only and this is a request, or
// the other way around.
func (c *checker) belongsToOtherDirection(property *openapi3.SchemaRef) bool {
	return property != nil && (property.Value.ReadOnly && c.direction == Request || property.Value.WriteOnly && c.direction == Response)
}

// matches reports whether a value matches a schema.
func (c *checker) matches(schema *openapi3.Schema, value any) bool {
	settings := requestMatch
	if c.direction == Response {
		settings = responseMatch
	}
	return schema.VisitJSON(value, settings...) == nil
}

// variants visits a value with the variants of a schema, and reports whether it matches them.
func (c *checker) variants(schema *openapi3.Schema, value any) (any, bool) {
	matched := true
	if len(schema.OneOf) > 0 {
		value, matched = c.oneOf(schema, value)
	}
	if matched && len(schema.AnyOf) > 0 {
		value, matched = c.anyOf(schema, value)
	}
	if matched && len(schema.AllOf) > 0 {
		value = c.allOf(schema, value)
	}
	return value, matched
}

// oneOf visits a value with the one variant that it must match, and reports whether there is one.
func (c *checker) oneOf(schema *openapi3.Schema, value any) (any, bool) {
	variants, ok := c.discriminated(schema, schema.OneOf, value)
	if !ok {
		return value, false
	}
	var matching []*openapi3.SchemaRef
	for _, variant := range variants {
		if c.matches(variant.Value, value) {
			matching = append(matching, variant)
		}
	}
	switch len(matching) {
	case 0:
		c.explain(schema, "oneOf", variants, value)
		return value, false
	case 1:
		return c.visit(matching[0].Value, value), true
	}
	c.add("oneOf", describe(schema, "oneOf"))
	return value, false
}

// anyOf visits a value with the first variant that it matches, and reports whether there is one.
func (c *checker) anyOf(schema *openapi3.Schema, value any) (any, bool) {
	variants, ok := c.discriminated(schema, schema.AnyOf, value)
	if !ok {
		return value, false
	}
	for _, variant := range variants {
		if c.matches(variant.Value, value) {
			return c.visit(variant.Value, value), true
		}
	}
	c.explain(schema, "anyOf", variants, value)
	return value, false
}

// allOf visits a value with all variants. A property that one of them requires may be declared in
// another one to be for the other direction only. Such a property may be missing.
func (c *checker) allOf(schema *openapi3.Schema, value any) any {
	before := len(c.found)
	for _, variant := range schema.AllOf {
		value = c.visit(variant.Value, value)
	}
	missing := func(v Violation) bool { return v.Rule == "required" }
	if slices.ContainsFunc(c.found[before:], missing) && c.matches(&openapi3.Schema{AllOf: schema.AllOf}, value) {
		c.found = append(c.found[:before], slices.DeleteFunc(c.found[before:], missing)...)
	}
	return value
}

// discriminated returns the variants that the discriminator of a schema leaves for a value. It reports
// false if the discriminator names none.
func (c *checker) discriminated(schema *openapi3.Schema, variants openapi3.SchemaRefs, value any) (openapi3.SchemaRefs, bool) {
	object, isObject := value.(map[string]any)
	if schema.Discriminator == nil || !isObject {
		return variants, true
	}
	name, isString := object[schema.Discriminator.PropertyName].(string)
	mapped, known := schema.Discriminator.Mapping[name]
	if !isString || !known && len(schema.Discriminator.Mapping) > 0 {
		c.add("discriminator", describe(schema, "discriminator"))
		return nil, false
	}
	if !known {
		return variants, true
	}
	ref := mapped.Ref
	if !strings.Contains(ref, "/") { // a name instead of a reference
		ref = "#/components/schemas/" + ref
	}
	return slices.DeleteFunc(slices.Clone(variants), func(variant *openapi3.SchemaRef) bool { return variant.Ref != ref }), true
}

// explain reports why a value matches no variant. If only one variant is of the type of the value,
// what is wrong for that one says more than "matches none".
func (c *checker) explain(schema *openapi3.Schema, rule string, variants openapi3.SchemaRefs, value any) {
	kind := typeOf(value)
	likely := slices.DeleteFunc(slices.Clone(variants), func(variant *openapi3.SchemaRef) bool {
		return !variant.Value.Type.Permits(kind)
	})
	before := len(c.found)
	if len(likely) == 1 {
		c.visit(likely[0].Value, value)
	}
	if len(c.found) == before {
		c.add(rule, describe(schema, rule))
	}
}

func typeOf(value any) string {
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

// describe returns what a rule of a schema demands. It uses the schema alone and never the value.
func describe(s *openapi3.Schema, rule string) string {
	switch rule {
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
	case "readOnly":
		return "must not be in a request"
	case "writeOnly":
		return "must not be in a response"
	}
	return "breaks the rule " + rule
}

func number[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
