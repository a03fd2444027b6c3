package bytescale

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

// TestOperations ties every operation of openapi.yaml to a method: one of the
// generated client, whose requests are known by their operationId in events and
// limits, or one that is written by hand.
func TestOperations(t *testing.T) {
	document, err := openapi3.NewLoader().LoadFromData(OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	byHand := map[string]any{operation.DownloadFile: (*Client).Download}
	generated := reflect.TypeFor[*gen.ClientWithResponses]()
	c := mustClient(t, testKey, WithAPIURL("https://proxy.example.com/prefix"))

	seen := map[string]bool{}
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			id := operation.OperationID
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
			sample := strings.NewReplacer("{accountId}", testAccount, "{uploadId}", testUpload, "{uploadPartIndex}", "7").Replace(path)
			req, err := http.NewRequest(method, "https://proxy.example.com/prefix"+sample, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.callOf(req); got.operation != id {
				t.Errorf("%s %s is known as %q, not as %s", method, path, got.operation, id)
			}
		}
	}
	for id := range byHand {
		if !seen[id] {
			t.Errorf("%s is written by hand, but not in openapi.yaml", id)
		}
	}
	for _, id := range operations {
		if !seen[id] {
			t.Errorf("%s is not in openapi.yaml", id)
		}
	}
	if len(seen) != len(operations)+len(byHand) {
		t.Errorf("%d operations in openapi.yaml, %d known", len(seen), len(operations)+len(byHand))
	}
}

func TestUnknownRequestsHaveNoOperation(t *testing.T) {
	c := mustClient(t, testKey)
	for _, path := range []string{"/", "/v2/accounts/B623uY2/uploads", "/v2/accounts/A623uY2/uploads/x/y/1", "/v2/accounts/A623uY2/files/details/x", "/v2/accounts/A623uY2/uploads/x/parts/1/2"} {
		req, err := http.NewRequest(http.MethodGet, DefaultAPIURL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.callOf(req).operation; got != "" {
			t.Errorf("%s is known as %s", path, got)
		}
	}
}
