package contract

import "github.com/getkin/kin-openapi/openapi3"

// closeResponses closes every object schema of a response that does not say whether it may hold other
// properties than it names. Schemas with "allOf" stay as they are written, because each member sees
// the properties of the others as unknown. A list of known values that may grow ("x-extensible-enum")
// becomes all that is allowed.
func closeResponses(doc *openapi3.T) {
	for _, schema := range responseSchemas(doc) {
		if known, ok := schema.Extensions["x-extensible-enum"].([]any); ok {
			schema.Enum = known
		}
		if additional := &schema.AdditionalProperties; len(schema.Properties) > 0 && additional.Has == nil && additional.Schema == nil {
			additional.Has = new(bool)
		}
	}
}

// openResponses opens every closed object schema of a response.
func openResponses(doc *openapi3.T) {
	for _, schema := range responseSchemas(doc) {
		if isClosed(schema) {
			schema.AdditionalProperties.Has = nil
		}
	}
}

// isTolerant reports whether no response of the document as it is written is closed.
func isTolerant(doc *openapi3.T) bool {
	for _, schema := range responseSchemas(doc) {
		if isClosed(schema) {
			return false
		}
	}
	return true
}

func isClosed(schema *openapi3.Schema) bool {
	return schema.AdditionalProperties.Has != nil && !*schema.AdditionalProperties.Has
}

// responseSchemas returns every schema that a response can be validated against, except for those
// below "allOf".
func responseSchemas(doc *openapi3.T) []*openapi3.Schema {
	var found schemaSet
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			for _, response := range op.Responses.Map() {
				found.addContent(response.Value.Content)
			}
		}
	}
	return found.schemas
}
