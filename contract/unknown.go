package contract

import "github.com/getkin/kin-openapi/openapi3"

// setUnknownProperties decides for every object schema that responses use whether it may hold
// properties that it does not name: strict closes those that say nothing, tolerant opens those that
// are closed. Schemas with "allOf" keep what is written, since each member sees the others'
// properties as unknown.
func setUnknownProperties(doc *openapi3.T, strict bool) {
	seen := map[*openapi3.Schema]bool{}
	var visit func(ref *openapi3.SchemaRef)
	visit = func(ref *openapi3.SchemaRef) {
		if ref == nil || ref.Value == nil || seen[ref.Value] {
			return
		}
		schema := ref.Value
		seen[schema] = true
		additional := &schema.AdditionalProperties
		switch {
		case strict && len(schema.Properties) > 0 && additional.Has == nil && additional.Schema == nil:
			closed := false
			additional.Has = &closed
		case !strict && additional.Has != nil && !*additional.Has:
			additional.Has = nil
		}
		for _, property := range schema.Properties {
			visit(property)
		}
		visit(schema.Items)
		visit(additional.Schema)
		for _, refs := range []openapi3.SchemaRefs{schema.OneOf, schema.AnyOf} {
			for _, ref := range refs {
				visit(ref)
			}
		}
	}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			for _, response := range op.Responses.Map() {
				for _, mediaType := range response.Value.Content {
					visit(mediaType.Schema)
				}
			}
		}
	}
}
