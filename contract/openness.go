package contract

import (
	"iter"

	"github.com/getkin/kin-openapi/openapi3"
)

// setUnknownProperties decides for every object schema that responses use whether it may hold properties that it does
// not name: strict closes those that say nothing, tolerant opens those that are closed. Schemas with "allOf" keep what
// is written, since each member sees the others' properties as unknown.
func setUnknownProperties(doc *openapi3.T, strict bool) {
	for schema := range responseSchemas(doc) {
		additional := &schema.AdditionalProperties
		switch {
		case strict && len(schema.Properties) > 0 && additional.Has == nil && additional.Schema == nil:
			closed := false
			additional.Has = &closed
		case !strict && isClosed(schema):
			additional.Has = nil
		}
	}
}

// isTolerant says whether responses may hold unknown properties as the document is written.
func isTolerant(doc *openapi3.T) bool {
	for schema := range responseSchemas(doc) {
		if isClosed(schema) {
			return false
		}
	}
	return true
}

func isClosed(schema *openapi3.Schema) bool {
	return schema.AdditionalProperties.Has != nil && !*schema.AdditionalProperties.Has
}

// responseSchemas yields every schema that a response can be held against, "allOf" aside.
func responseSchemas(doc *openapi3.T) iter.Seq[*openapi3.Schema] {
	return func(yield func(*openapi3.Schema) bool) {
		seen := map[*openapi3.Schema]bool{}
		var visit func(refs ...*openapi3.SchemaRef) bool
		visit = func(refs ...*openapi3.SchemaRef) bool {
			for _, ref := range refs {
				if ref == nil || ref.Value == nil || seen[ref.Value] {
					continue
				}
				schema := ref.Value
				seen[schema] = true
				if !yield(schema) {
					return false
				}
				for _, property := range schema.Properties {
					if !visit(property) {
						return false
					}
				}
				if !visit(schema.Items, schema.AdditionalProperties.Schema) || !visit(schema.OneOf...) || !visit(schema.AnyOf...) {
					return false
				}
			}
			return true
		}
		for _, item := range doc.Paths.Map() {
			for _, op := range item.Operations() {
				for _, response := range op.Responses.Map() {
					for _, mediaType := range response.Value.Content {
						if !visit(mediaType.Schema) {
							return
						}
					}
				}
			}
		}
	}
}
