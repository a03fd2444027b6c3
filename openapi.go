package bytescale

import (
	"bytes"
	_ "embed"
)

//go:embed openapi.yaml
var openAPI []byte

// OpenAPI returns the OpenAPI 3.0.3 document, as YAML, that this version of the package was generated from. Every call
// returns a new copy, which the caller may change.
func OpenAPI() []byte {
	return bytes.Clone(openAPI)
}
