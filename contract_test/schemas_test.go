package contracttest

import (
	"iter"

	"github.com/getkin/kin-openapi/openapi3"
)

// A place is a schema and where it stands.
type place struct {
	where  string
	schema *openapi3.Schema
}

// describedSchemas yields the schemas that need words of their own: the components and their inline properties.
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

// allSchemas yields the schemas that values are held against: the components, their inline properties, and the inline
// schemas of parameters.
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

// reachable yields a schema and, through properties, items and variants, all schemas that a value of it can contain.
func reachable(where string, root *openapi3.SchemaRef) iter.Seq[place] {
	return func(yield func(place) bool) {
		seen := map[*openapi3.Schema]bool{}
		var visit func(where string, ref *openapi3.SchemaRef) bool
		visit = func(where string, ref *openapi3.SchemaRef) bool {
			if ref == nil || seen[ref.Value] {
				return true
			}
			seen[ref.Value] = true
			if !yield(place{where, ref.Value}) {
				return false
			}
			for name, property := range sorted(ref.Value.Properties) {
				if !visit(where+"/"+name, property) {
					return false
				}
			}
			for _, variants := range []openapi3.SchemaRefs{ref.Value.OneOf, ref.Value.AnyOf, ref.Value.AllOf} {
				for _, variant := range variants {
					if !visit(where, variant) {
						return false
					}
				}
			}
			return visit(where+"/[]", ref.Value.Items) && visit(where+"/*", ref.Value.AdditionalProperties.Schema)
		}
		visit(where, root)
	}
}
