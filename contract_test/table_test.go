package contracttest

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/getkin/kin-openapi/openapi3"

	bytescale "github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/contract"
	"github.com/c88edac7/bytescale-go/contract_test/suite"
	"github.com/c88edac7/bytescale-go/gen"
)

// methods names the method of bytescale.Client behind an operation that is not called like it, or like its plural
// for a batch. TestOperations of the root package has the reasons.
var methods = map[string]string{
	"BeginMultipartUpload": "Upload", "GetUploadPart": "Upload", "CompleteUploadPart": "Upload", "ListUploadParts": "Resume",
	"DownloadFile": "Download", "BasicUpload": "Upload", "FormDataUpload": "API",
}

// TestEveryOperation prints where each operation of openapi.yaml is found, as the parts themselves say it, and fails if
// one of them lacks it.
func TestEveryOperation(t *testing.T) {
	document, err := openapi3.NewLoader().LoadFromData(bytescale.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	result := suite.Run(bytescale.OpenAPI(), suite.Options{})
	if result.Coverage == nil {
		t.Fatal(result.Failures)
	}
	command, foreign := calledIn(t, "../cmd/bytescale"), quotedIn(t, "../interop")
	client, generated := reflect.TypeFor[*bytescale.Client](), reflect.TypeFor[*gen.ClientWithResponses]()
	has := func(of reflect.Type, method string) bool { _, ok := of.MethodByName(method); return ok }

	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "operation\tgenerated\tSDK\tfake\tsuite\tcommand\tinterop")
	operations := document.Paths.Map()
	var ids []string
	for _, item := range operations {
		for _, operation := range item.Operations() {
			ids = append(ids, operation.OperationID)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		goName := strings.ReplaceAll(id, "Url", "URL")
		one, batch := strings.CutSuffix(goName, "Batch")
		method := goName
		if batch {
			method = one + "s"
		}
		method = cmp.Or(methods[id], method)
		byHand := !has(generated, goName+"WithResponse") && !has(generated, goName+"WithBodyWithResponse")
		seen, all, answered := exercised(result.Coverage, id)
		script := strings.ToLower(id[:1]) + id[1:]
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d/%d\t%s\t%s\n", id, either(byHand, "by hand", "yes"),
			either(has(client, method), method, "-"), either(answered, "yes", "-"), seen, all, either(command[method], "yes", "-"),
			either(foreign[script], "yes", "-"))
		if !has(client, method) || !answered || seen != all {
			t.Errorf("%s is missing somewhere", id)
		}
	}
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d operations:\n%s", len(ids), text.String())
}

func either(yes bool, text, otherwise string) string {
	if yes {
		return text
	}
	return otherwise
}

// exercised returns how many points of an operation the suite has seen, and how many there are; and whether the fake
// has answered it with a success.
func exercised(coverage *contract.Coverage, id string) (seen, all int, answered bool) {
	for _, point := range coverage.Points {
		if point.Operation != id {
			continue
		}
		all++
		if point.Seen {
			seen++
		}
		answered = answered || point.Seen && point.Kind == contract.KindResponse && strings.HasPrefix(point.Value, "2")
	}
	return seen, all, answered
}

// calledIn returns the names of the methods that the Go files of a directory call, without those of tests.
func calledIn(t *testing.T, dir string) map[string]bool {
	t.Helper()
	called := map[string]bool{}
	for _, name := range filesIn(t, dir, "*.go") {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if call, ok := node.(*ast.CallExpr); ok {
				if selector, ok := call.Fun.(*ast.SelectorExpr); ok {
					called[selector.Sel.Name] = true
				}
			}
			return true
		})
	}
	return called
}

// quotedIn returns the string literals of the Go files of a directory: the tests there name the methods that they have
// the JavaScript SDK call.
func quotedIn(t *testing.T, dir string) map[string]bool {
	t.Helper()
	quoted := map[string]bool{}
	for _, name := range filesIn(t, dir, "*_test.go") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, part := range strings.Split(string(text), `"`) {
			if i%2 == 1 {
				quoted[part] = true
			}
		}
	}
	return quoted
}

func filesIn(t *testing.T, dir, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(names) == 0 {
		t.Fatal("no files in ", dir, err)
	}
	return names
}
