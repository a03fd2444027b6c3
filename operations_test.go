package bytescale

import (
	"reflect"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

// TestOperations ties every operation of openapi.yaml to a method: one of the
// generated client, or one that is written by hand.
func TestOperations(t *testing.T) {
	document, err := openapi3.NewLoader().LoadFromData(OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	byHand := map[string]any{operation.DownloadFile: (*Client).Download}
	generated := reflect.TypeFor[*gen.ClientWithResponses]()

	seen := map[string]bool{}
	for _, item := range document.Paths.Map() {
		for _, described := range item.Operations() {
			id := described.OperationID
			seen[id] = true
			if _, ok := byHand[id]; ok {
				continue
			}
			name := strings.ReplaceAll(id, "Url", "URL") // the initialisms of the generator
			_, plain := generated.MethodByName(name + "WithResponse")
			_, withBody := generated.MethodByName(name + "WithBodyWithResponse")
			if !plain && !withBody {
				t.Errorf("%s: the generated client has no method for it", id)
			}
		}
	}
	for id := range byHand {
		if !seen[id] {
			t.Errorf("%s is written by hand, but not in openapi.yaml", id)
		}
	}
}
