package contracttest

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// is lists everything that a schema demands of a value, by keyword.
type is map[string]any

// demands are the keywords that decide which values are valid, and what a missing one means.
var demands = []string{
	"type", "format", "nullable", "enum", "default", "pattern", "minLength", "maxLength",
	"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
	"minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
	"required", "additionalProperties", "readOnly", "writeOnly", "deprecated",
	"oneOf", "anyOf", "allOf", "not", "discriminator", "x-extensible-enum",
}

// demandsOf returns what a schema demands. Of a property that is an object or a union, that is the component. Of a scalar,
// it does not matter which component describes it.
func demandsOf(t *testing.T, ref *openapi3.SchemaRef) is {
	t.Helper()
	if ref.Ref != "" && (ref.Value.Type.Is("object") || isChoice(ref.Value)) {
		return is{"is": componentName(ref.Ref)}
	}
	return demandsOfSchema(t, ref.Value)
}

func isChoice(schema *openapi3.Schema) bool { return len(schema.OneOf)+len(schema.AnyOf) > 0 }

func demandsOfSchema(t *testing.T, schema *openapi3.Schema) is {
	t.Helper()
	found := is{}
	for keyword, value := range decode(t, encode(t, schema)).(map[string]any) {
		if slices.Contains(demands, keyword) {
			found[keyword] = value
		}
	}
	for _, choice := range []string{"oneOf", "anyOf", "allOf"} {
		if refs, ok := found[choice].([]any); ok {
			for i, member := range refs {
				if ref, ok := member.(map[string]any)["$ref"].(string); ok {
					refs[i] = componentName(ref)
				} // else the member stands here itself
			}
		}
	}
	if additional, ok := found["additionalProperties"].(map[string]any); ok {
		found["additionalProperties"] = componentName(additional["$ref"].(string))
	}
	return found
}

// everyDemand returns the demands of each object, property, item, parameter and header of a document, by place.
func everyDemand(t *testing.T, document *openapi3.T) map[string]is {
	t.Helper()
	all := map[string]is{}
	for name, component := range document.Components.Schemas {
		if !component.Value.Type.Is("object") && !isChoice(component.Value) {
			continue // a scalar or a list: seen where it is used
		}
		all[name] = demandsOfSchema(t, component.Value)
		for property, ref := range component.Value.Properties {
			all[name+"."+property] = demandsOf(t, ref)
			if ref.Value.Items != nil {
				all[name+"."+property+"[]"] = demandsOf(t, ref.Value.Items)
			}
		}
	}
	for op := range operations(document) {
		for _, parameter := range op.parameters() {
			place := op.OperationID + " " + parameter.In + " " + parameter.Name
			ref := parameterSchema(parameter)
			all[place] = demandsOf(t, ref)
			if ref.Value.Items != nil {
				all[place+"[]"] = demandsOf(t, ref.Value.Items)
			}
			if parameter.Required {
				all[place]["required"] = true
			}
			if parameter.Deprecated {
				all[place]["deprecated"] = true
			}
		}
		for status, response := range op.Responses.Map() {
			for name, header := range response.Value.Headers {
				place := "header " + name + " of " + status
				all[place] = demandsOf(t, header.Value.Schema)
				if header.Value.Required {
					all[place]["required"] = true
				}
			}
		}
	}
	return all
}

// with returns the demands and one more.
func (d is) with(keyword string, value any) is {
	more := is{keyword: value}
	for keyword, value := range d {
		more[keyword] = value
	}
	return more
}

// normal returns the demands as JSON decodes them, so that numbers and lists compare.
func (d is) normal(t *testing.T) is {
	t.Helper()
	if d == nil {
		return nil // there is no such place
	}
	data, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, data).(map[string]any)
}
