package bytescale

import (
	"bytes"
	_ "embed"
)

// The generators run by go generate ./...; the tool directive of go.mod pins their version.
//go:generate go tool oapi-codegen -config oapi-config.yaml openapi.yaml
//go:generate go tool oapi-codegen -config internal/fakeapi/oapi-server.yaml openapi.yaml

//go:embed openapi.yaml
var openAPI []byte

// OpenAPI returns the OpenAPI 3.0.3 document, as YAML, that this version of the package
// was generated from. Every call returns a new copy, which the caller may change.
func OpenAPI() []byte { return bytes.Clone(openAPI) }
