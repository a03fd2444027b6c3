package contracttest

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// TestSpecIsValid: the document is valid OpenAPI 3.0.3, including its examples and defaults.
func TestSpecIsValid(t *testing.T) {
	if err := mustLoad(t).Validate(t.Context(), openapi3.EnableMultiError()); err != nil {
		t.Fatal(err)
	}
}
