package mutants

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// streamed are schemas of file contents, which nothing reads.
var streamed = []string{"FileContent", "FormDataUploadRequest"}

// schemas changes every component schema and the schemas of its properties.
func (m *maker) schemas() {
	for _, name := range sortedKeys(at(m.root, place{"components", "schemas"})) {
		if slices.Contains(streamed, name) {
			continue
		}
		p := place{"components", "schemas", name}
		m.schema(p, at(m.root, p), m.usage.json["#/components/schemas/"+name])
	}
}

// schema changes one schema in every way that can be noticed. inJSON reports whether its values travel as JSON; text has
// no null and no type.
func (m *maker) schema(p place, schema object, inJSON bool) {
	m.types(p, schema, inJSON)
	m.limits(p, schema)
	m.strings(p, schema)
	m.alternatives(p, schema)
	m.properties(p, schema)
	if inJSON && schema["oneOf"] == nil && m.discriminated(p) == "" {
		if schema["nullable"] == true {
			m.add("nullable", p, "not null", func(node object) { delete(node, "nullable") })
		} else {
			m.add("nullable", p, "null as well", func(node object) { node["nullable"] = true })
		}
	}
	if items := at(schema, place{"items"}); items != nil {
		m.add("items", p, "any items", func(node object) { node["items"] = object{} })
		m.add("items", p, "items are booleans", func(node object) { node["items"] = object{"type": "boolean"} })
		if items["$ref"] == nil {
			m.schema(p.to("items"), items, inJSON)
		}
	}
}

// types changes what kind of value is expected.
func (m *maker) types(p place, schema object, inJSON bool) {
	is, _ := schema["type"].(string)
	other := map[string]string{"string": "integer", "integer": "string", "boolean": "string", "array": "string", "object": "array"}[is]
	if other == "" || m.discriminated(p) != "" {
		return
	}
	m.add("type", p, is+" is "+other, func(node object) { retype(node, other) })
	if is == "integer" {
		m.add("type", p, "integer is number", func(node object) { node["type"] = "number"; delete(node, "format") })
	}
	if inJSON && schema["enum"] == nil {
		m.add("type", p, "any type", func(node object) { delete(node, "type"); delete(node, "format") })
	}
}

// retype changes the type of a schema and removes the keywords that belong to the former one.
func retype(node object, other string) {
	for _, keyword := range []string{
		"format", "pattern", "minLength", "maxLength", "minimum", "maximum", "enum", "default", "items", "maxItems",
		"properties", "required", "additionalProperties",
	} {
		delete(node, keyword)
	}
	if node["type"] = other; other == "array" {
		node["items"] = object{}
	}
}

// limits moves each limit by one in both directions, and removes it.
func (m *maker) limits(p place, schema object) {
	for _, keyword := range []string{"minimum", "maximum", "minItems", "maxItems", "maxLength"} {
		if value, ok := schema[keyword].(float64); ok {
			m.limit(p, keyword, value-1)
			m.limit(p, keyword, value+1)
			m.noLimit(p, keyword)
		}
	}
	m.leastLength(p, schema)
	if format := schema["format"]; format == "int64" && schema["maximum"] == nil || format == "uri" || format == "date-time" {
		m.add("format", p, fmt.Sprintf("no %s", format), func(node object) { delete(node, "format") })
	}
}

func (m *maker) limit(p place, keyword string, value float64) {
	m.add("limit", p, fmt.Sprintf("%s %v", keyword, value), func(node object) { node[keyword] = value; delete(node, "default") })
}

func (m *maker) noLimit(p place, keyword string) {
	m.add("limit", p, "no "+keyword, func(node object) { delete(node, keyword) })
}

// leastLength does so for minLength, as far as it can be noticed: not where the pattern implies
// it, and not for lists of values that others may join.
func (m *maker) leastLength(p place, schema object) {
	value, ok := schema["minLength"].(float64)
	if !ok || schema["x-extensible-enum"] != nil {
		return
	}
	pattern, _ := schema["pattern"].(string)
	alone := func(loosened bool) bool { return pattern == "" || !implied(pattern, int(value), loosened) }
	if value > 0 && alone(true) {
		m.limit(p, "minLength", value-1)
		m.noLimit(p, "minLength")
	}
	if alone(false) {
		m.limit(p, "minLength", value+1)
	}
}

// implied reports whether a pattern implies a least length: it matches nothing shorter, or, if the limit is raised by
// one, nothing of that length.
func implied(pattern string, least int, loosened bool) bool {
	length := least
	if loosened {
		length--
	}
	if length < 0 {
		return true
	}
	matches := regexp.MustCompile(pattern).MatchString
	if length > 2 { // the longer ones are of one kind of character each
		return !matches(strings.Repeat("a", length)) && !matches("a/"+strings.Repeat("b", length-2))
	}
	alphabet := "a/0_ .;=:"
	candidates := []string{""}
	for range length {
		var longer []string
		for _, c := range candidates {
			for _, r := range alphabet {
				longer = append(longer, c+string(r))
			}
		}
		candidates = longer
	}
	return !slices.ContainsFunc(candidates, matches)
}

// strings changes patterns and enumerations.
func (m *maker) strings(p place, schema object) {
	if pattern, ok := schema["pattern"].(string); ok {
		m.add("pattern", p, "no pattern", func(node object) { delete(node, "pattern") })
		m.add("pattern", p, "another pattern", func(node object) { node["pattern"] = "^Q" + strings.TrimPrefix(pattern, "^"); delete(node, "default") })
	}
	values := list(schema["enum"])
	if len(values) == 0 || m.discriminated(p) != "" {
		return
	}
	for i, value := range values {
		m.add("enum", p, fmt.Sprintf("not %v", value), func(node object) {
			if node["enum"] = without(values, i); len(values) == 1 {
				delete(node, "enum")
			}
			delete(node, "default")
		})
	}
	m.add("enum", p, "another one", func(node object) { node["enum"] = append(slices.Clone(values), "other") })
	if len(values) > 1 { // without its only value, the enumeration is gone already
		m.add("enum", p, "any", func(node object) { delete(node, "enum") })
	}
}

// alternatives takes one variant of a union away, or mixes them up.
func (m *maker) alternatives(p place, schema object) {
	variants := list(schema["oneOf"])
	for i, variant := range variants {
		ref, _ := variant.(object)["$ref"].(string)
		name := ref[strings.LastIndex(ref, "/")+1:]
		if name == "" { // the variant stands in the union itself
			name = fmt.Sprintf("variant %d", i)
		}
		m.add("union", p, "not "+name, func(node object) {
			node["oneOf"] = without(variants, i)
			mapping := at(node, place{"discriminator", "mapping"})
			for name, target := range mapping {
				if target == ref {
					delete(mapping, name)
				}
			}
		})
	}
	mapping := at(schema, place{"discriminator", "mapping"})
	names := sortedKeys(mapping)
	if len(names) == 2 {
		m.add("discriminator", p, "mixed up", func(node object) {
			mapping := at(node, place{"discriminator", "mapping"})
			mapping[names[0]], mapping[names[1]] = mapping[names[1]], mapping[names[0]]
		})
		m.add("discriminator", p, "another name", func(node object) {
			mapping := at(node, place{"discriminator", "mapping"})
			mapping[names[0]+"X"] = mapping[names[0]]
			delete(mapping, names[0])
		})
	}
}

// discriminated returns the discriminator value that decides for the schema at a place, if it is the property that a
// discriminator reads in one of the variants it maps to.
func (m *maker) discriminated(p place) string {
	if len(p) != 5 || p[3] != "properties" {
		return ""
	}
	for _, name := range sortedKeys(at(m.root, place{"components", "schemas"})) {
		d := at(m.root, place{"components", "schemas", name, "discriminator"})
		if d["propertyName"] != p[4] {
			continue
		}
		for value, target := range at(d, place{"mapping"}) {
			if target == "#/components/schemas/"+p[2] {
				return value
			}
		}
	}
	return ""
}

// properties changes what an object consists of.
func (m *maker) properties(p place, schema object) {
	required := list(schema["required"])
	for _, name := range sortedKeys(schema["properties"]) {
		own := p.to("properties", name)
		property := at(m.root, own)
		fixed := m.discriminated(own) != ""
		if i := slices.Index(required, any(name)); i < 0 {
			m.add("required", p, name+" is required", func(node object) { node["required"] = append(slices.Clone(required), name) })
		} else if !fixed {
			m.add("required", p, name+" is not required", func(node object) { node["required"] = without(required, i) })
		}
		m.add("property", p, "no "+name, func(node object) {
			delete(at(node, place{"properties"}), name)
			node["required"] = slices.DeleteFunc(slices.Clone(required), func(n any) bool { return n == name })
		})
		m.add("name", p, name+" has another name", func(node object) {
			properties := at(node, place{"properties"})
			properties[name+"X"] = properties[name]
			delete(properties, name)
			node["required"] = slices.DeleteFunc(slices.Clone(required), func(n any) bool { return n == name })
		})
		if property["$ref"] != nil {
			m.add("type", p, name+" is a boolean", func(node object) { at(node, place{"properties"})[name] = object{"type": "boolean"} })
			m.add("type", p, name+" is anything", func(node object) { at(node, place{"properties"})[name] = object{} })
			continue
		}
		m.schema(own, property, m.usage.json["#/components/schemas/"+p[2]])
	}
	switch additional := schema["additionalProperties"]; {
	case additional == false:
		m.add("additionalProperties", p, "unknown properties as well", func(node object) { delete(node, "additionalProperties") })
	case additional == true:
		m.add("additionalProperties", p, "no unknown properties", func(node object) { node["additionalProperties"] = false })
	}
}
