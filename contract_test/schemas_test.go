package contracttest

import (
	"iter"

	"github.com/getkin/kin-openapi/openapi3"
)

// A place is a schema and its place in the document.
type place struct {
	where  string
	schema *openapi3.Schema
}

// describedSchemas yields the schemas that need a description: the components and their inline properties.
func describedSchemas(document *openapi3.T) iter.Seq[place] {
	return func(yield func(place) bool) {
		for name, component := range sorted(document.Components.Schemas) {
			if !yield(place{name, component.Value}) {
				return
			}
			for property, ref := range sorted(component.Value.Properties) {
				if ref.Ref == "" && !yield(place{name + "." + property, ref.Value}) {
					return
				}
			}
		}
	}
}

// allSchemas yields the schemas that values are validated against: the components, their inline properties, and the
// inline schemas of parameters.
func allSchemas(document *openapi3.T) iter.Seq[place] {
	return func(yield func(place) bool) {
		for place := range describedSchemas(document) {
			if !yield(place) {
				return
			}
		}
		for op := range operations(document) {
			for _, parameter := range op.parameters() {
				ref := parameterSchema(parameter)
				if ref.Ref == "" && !yield(place{op.OperationID + " parameter " + parameter.Name, ref.Value}) {
					return
				}
			}
		}
	}
}

// reachable returns a schema and, through properties, items and variants, all schemas that a value of
// it can contain.
func reachable(where string, root *openapi3.SchemaRef) []place {
	var places []place
	seen := map[*openapi3.Schema]bool{}
	var visit func(where string, refs ...*openapi3.SchemaRef)
	visit = func(where string, refs ...*openapi3.SchemaRef) {
		for _, ref := range refs {
			if ref == nil || seen[ref.Value] {
				continue
			}
			schema := ref.Value
			seen[schema] = true
			places = append(places, place{where, schema})
			for name, property := range sorted(schema.Properties) {
				visit(where+"/"+name, property)
			}
			visit(where, schema.OneOf...)
			visit(where, schema.AnyOf...)
			visit(where, schema.AllOf...)
			visit(where+"/[]", schema.Items)
			visit(where+"/*", schema.AdditionalProperties.Schema)
		}
	}
	visit(where, root)
	return places
}
