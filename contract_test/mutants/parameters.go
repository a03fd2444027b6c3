package mutants

import "strconv"

// parameters changes each parameter: those of single operations, and those that are shared.
func (m *maker) parameters() {
	for _, path := range sortedKeys(m.root["paths"]) {
		item := place{"paths", path}
		m.parameterList(item)
		for _, method := range methods {
			if at(m.root, item.to(method)) != nil {
				m.parameterList(item.to(method))
			}
		}
	}
	for _, name := range sortedKeys(at(m.root, place{"components", "parameters"})) {
		p := place{"components", "parameters", name}
		m.parameter(p, at(m.root, p))
	}
}

// parameterList changes the parameters of an operation, or of all operations of a path.
func (m *maker) parameterList(p place) {
	parameters := list(at(m.root, p)["parameters"])
	for i := range parameters {
		own := p.to("parameters", strconv.Itoa(i))
		parameter := at(m.root, own)
		resolved := parameter
		if ref, ok := parameter["$ref"].(string); ok {
			resolved = at(m.root, pointerPlace(ref))
		} else {
			m.parameter(own, parameter)
		}
		// Headers that are not described may have any value, so one that may be anything makes no
		// difference.
		isFree := resolved["in"] == "header" && isUnlimited(at(resolved, place{"schema"}))
		if resolved["in"] != "path" && !isFree {
			m.add("parameter", p, "no "+resolved["name"].(string), func(node object) { node["parameters"] = without(parameters, i) })
		}
	}
}

// isUnlimited reports whether a schema allows any text.
func isUnlimited(schema object) bool {
	for _, keyword := range []string{"pattern", "minLength", "maxLength", "enum", "format"} {
		if schema[keyword] != nil {
			return false
		}
	}
	return schema["type"] == "string"
}

func (m *maker) parameter(p place, parameter object) {
	name, _ := parameter["name"].(string)
	words := func(what string) string { return name + " " + what }
	// An object stands for query parameters of any name. Elsewhere, or required, it has no meaning.
	isFree := m.schemaOf(parameter)["type"] == "object"
	if in := parameter["in"]; in != "path" { // which is fixed by the path
		if !isFree {
			m.elsewhere(p, name, in)
			m.required(p, name, parameter["required"] == true)
		}
		m.add("name", p, words("has another name"), func(node object) { node["name"] = name + "X" })
	}
	if schema := at(parameter, place{"schema"}); schema != nil && schema["$ref"] == nil {
		m.schema(p.to("schema"), schema, false)
	}
}

// schemaOf returns the schema of a parameter, also if it is shared.
func (m *maker) schemaOf(parameter object) object {
	schema := at(parameter, place{"schema"})
	if ref, ok := schema["$ref"].(string); ok {
		return at(m.root, pointerPlace(ref))
	}
	return schema
}

// elsewhere moves a parameter from the query to a header, or the other way.
func (m *maker) elsewhere(p place, name string, in any) {
	other := map[any]string{"query": "header", "header": "query"}[in]
	m.add("place", p, name+" in "+other, func(node object) {
		node["in"] = other
		delete(node, "explode")
		delete(node, "style")
		if schema := m.schemaOf(node); schema["type"] == "array" {
			node["schema"] = schema["items"] // no lists in headers
		}
	})
}

// required makes an optional parameter required, or the other way.
func (m *maker) required(p place, name string, isRequired bool) {
	if isRequired {
		m.add("required", p, name+" is not required", func(node object) { delete(node, "required") })
	} else {
		m.add("required", p, name+" is required", func(node object) { node["required"] = true })
	}
}
