package contract

import "github.com/getkin/kin-openapi/openapi3"

// schemaSet collects schemas, each once.
type schemaSet struct {
	schemas []*openapi3.Schema
	seen    map[*openapi3.Schema]bool
	all     bool // also what is below "allOf" and "not"
}

// add adds schemas and all schemas that they are made of.
func (s *schemaSet) add(refs ...*openapi3.SchemaRef) {
	for _, ref := range refs {
		if ref == nil || ref.Value == nil || s.seen[ref.Value] {
			continue
		}
		if s.seen == nil {
			s.seen = map[*openapi3.Schema]bool{}
		}
		schema := ref.Value
		s.seen[schema] = true
		s.schemas = append(s.schemas, schema)
		for _, property := range schema.Properties {
			s.add(property)
		}
		s.add(schema.Items, schema.AdditionalProperties.Schema)
		s.add(schema.OneOf...)
		s.add(schema.AnyOf...)
		if s.all {
			s.add(schema.AllOf...)
			s.add(schema.Not)
		}
	}
}

// addContent adds the schemas of the bodies of a message.
func (s *schemaSet) addContent(content openapi3.Content) {
	for _, mediaType := range content {
		s.add(mediaType.Schema)
	}
}

// addParameter adds the schemas of a parameter or header.
func (s *schemaSet) addParameter(p *openapi3.Parameter) {
	s.add(p.Schema)
	s.addContent(p.Content)
}

// validatedSchemas returns every schema of an operation that values are validated against.
func validatedSchemas(item *openapi3.PathItem, op *openapi3.Operation) []*openapi3.Schema {
	set := schemaSet{all: true}
	for _, parameters := range []openapi3.Parameters{item.Parameters, op.Parameters} {
		for _, ref := range parameters {
			set.addParameter(ref.Value)
		}
	}
	if op.RequestBody != nil {
		set.addContent(op.RequestBody.Value.Content)
	}
	for key, response := range op.Responses.Map() {
		if key == "default" {
			continue // which makes no response valid
		}
		set.addContent(response.Value.Content)
		for _, header := range response.Value.Headers {
			set.addParameter(&header.Value.Parameter)
		}
	}
	return set.schemas
}
