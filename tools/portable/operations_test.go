package portable

import (
	"os"
	"reflect"
	"regexp"
	"testing"

	"github.com/c88edac7/bytescale-go/tools/portable/api"
)

// leftOut are the operations that ogen has no code for, with the reason. What they mean
// cannot be said in another way in OpenAPI 3.0.
var leftOut = map[string]string{
	"FormDataUpload":     "a form with a list of files and further fields is a complex form schema",
	"ProcessFile":        "its 404 is a job or an error, told apart by their members",
	"ProcessFileAndSave": "its answer is a file or a job, told apart by a boolean, and discriminators are strings",
	"PutFolder":          "a setting changes or stays, told apart by a boolean, and discriminators are strings",
}

// The client that ogen has generated has a method for each operation, except those that
// are left out.
func TestClientHasEveryOperation(t *testing.T) {
	document, err := os.ReadFile(os.Getenv("OPENAPI"))
	if err != nil {
		t.Fatal(err)
	}
	client := reflect.TypeFor[*api.Client]()
	operations := regexp.MustCompile(`(?m)^ +operationId: (\w+)$`).FindAllStringSubmatch(string(document), -1)
	if len(operations) < 26 {
		t.Fatalf("%d operations", len(operations))
	}
	for _, operation := range operations {
		_, generated := client.MethodByName(operation[1])
		if reason, left := leftOut[operation[1]]; generated == left {
			t.Errorf("%s: generated: %v, but to be left out: %v %s", operation[1], generated, left, reason)
		}
	}
	t.Logf("%d of %d operations", len(operations)-len(leftOut), len(operations))
}
