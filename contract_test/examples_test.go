package contracttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/c88edac7/bytescale-go/gen"
)

// A documentedExample is one file of testdata/examples: what the vendor printed, with the placeholder account id
// replaced, kept apart from the spec so that neither can change unnoticed.
type documentedExample struct {
	Name      string          `json:"-"`
	Operation string          `json:"operation"`
	Direction string          `json:"direction"` // request or response
	Status    int             `json:"status"`    // of a response
	Source    string          `json:"source"`
	Body      json.RawMessage `json:"body"`
}

func documentedExamples(t *testing.T) []documentedExample {
	t.Helper()
	names, err := filepath.Glob("testdata/examples/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	var examples []documentedExample
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.DisallowUnknownFields()
		example := documentedExample{Name: filepath.Base(name)}
		if err := decoder.Decode(&example); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		examples = append(examples, example)
	}
	return examples
}

// media returns the place in the document that an example belongs to.
func (e documentedExample) media(document *openapi3.T) (*openapi3.MediaType, error) {
	op, err := operationByID(document, e.Operation)
	if err != nil {
		return nil, err
	}
	content := openapi3.Content{}
	switch e.Direction {
	case "request":
		content = op.RequestBody.Value.Content
	case "response":
		response := op.Responses.Value(strconv.Itoa(e.Status))
		if response == nil {
			return nil, fmt.Errorf("%s has no status %d", e.Operation, e.Status)
		}
		content = response.Value.Content
	}
	media := content["application/json"]
	if media == nil {
		return nil, fmt.Errorf("%s has no JSON %s", e.Operation, e.Direction)
	}
	return media, nil
}

// valid reports how a JSON value breaks the schema of its place.
func valid(media *openapi3.MediaType, direction string, value any) error {
	if direction == "request" {
		return media.Schema.Value.VisitJSON(value, openapi3.VisitAsRequest())
	}
	return media.Schema.Value.VisitJSON(value, openapi3.VisitAsResponse())
}

func TestDocumentedExamplesAreValid(t *testing.T) {
	document := mustLoad(t)
	for _, example := range documentedExamples(t) {
		t.Run(example.Name, func(t *testing.T) {
			if example.Source == "" {
				t.Error("the example does not say where it comes from")
			}
			media, err := example.media(document)
			if err != nil {
				t.Fatal(err)
			}
			if err := valid(media, example.Direction, decode(t, example.Body)); err != nil {
				t.Error(err)
			}
		})
	}
}

// Each documented example stands in the spec too, value for value.
func TestSpecShowsDocumentedExamples(t *testing.T) {
	document := mustLoad(t)
	for _, example := range documentedExamples(t) {
		t.Run(example.Name, func(t *testing.T) {
			media, err := example.media(document)
			if err != nil {
				t.Fatal(err)
			}
			want := decode(t, example.Body)
			for _, shown := range shownExamples(media) {
				if cmp.Equal(decode(t, encode(t, shown)), want) {
					return
				}
			}
			t.Errorf("the spec shows no such example for the %s of %s", example.Direction, example.Operation)
		})
	}
}

// Each JSON body that can be sent or received in good order has a documented example.
func TestEveryBodyHasADocumentedExample(t *testing.T) {
	seen := map[string]bool{}
	for _, example := range documentedExamples(t) {
		seen[fmt.Sprint(example.Operation, example.Direction, example.Status)] = true
	}
	for op := range operations(mustLoad(t)) {
		if op.RequestBody != nil && op.RequestBody.Value.Content["application/json"] != nil && !seen[op.OperationID+"request0"] {
			t.Errorf("no example of the request of %s", op.OperationID)
		}
		if response := op.Responses.Value("200"); response != nil && response.Value.Content["application/json"] != nil && !seen[op.OperationID+"response200"] {
			t.Errorf("no example of the response of %s", op.OperationID)
		}
	}
}

// Every example, the documented ones and all others of the spec, passes through the generated types without loss.
func TestExamplesSurviveGeneratedTypes(t *testing.T) {
	for _, example := range documentedExamples(t) {
		t.Run(example.Name, func(t *testing.T) {
			status := ""
			if example.Direction == "response" {
				status = strconv.Itoa(example.Status)
			}
			roundTrip(t, example.Operation+status, example.Body)
		})
	}
	for op := range operations(mustLoad(t)) {
		bodies := map[string]*openapi3.MediaType{}
		if op.RequestBody != nil {
			bodies[""] = op.RequestBody.Value.Content["application/json"]
		}
		for status, response := range op.Responses.Map() {
			bodies[status] = response.Value.Content["application/json"]
		}
		for status, media := range bodies {
			if media == nil {
				continue // no JSON
			}
			for name, shown := range shownExamples(media) {
				t.Run(op.OperationID+status+"/"+name, func(t *testing.T) {
					roundTrip(t, op.OperationID+status, encode(t, shown))
				})
			}
		}
	}
}

// generated gives, for an operation and a status (none for the request), a new value of the type that carries the body.
var generated = map[string]func() any{
	"BeginMultipartUpload":    func() any { return new(gen.BeginMultipartUploadJSONRequestBody) },
	"BeginMultipartUpload200": func() any { return new(gen.BeginMultipartUploadResponse) },
	"GetUploadPart200":        func() any { return new(gen.UploadPart) },
	"ListUploadParts200":      func() any { return new(gen.UploadPartList) },
	"CompleteUploadPart":      func() any { return new(gen.CompleteUploadPartJSONRequestBody) },
	"CompleteUploadPart200":   func() any { return new(gen.CompleteMultipartUploadResponse) },
	"BasicUpload200":          func() any { return new(gen.BasicUploadResponse) },
	"FormDataUpload200":       func() any { return new(gen.FormDataUploadResponse) },
	"UploadFromUrl":           func() any { return new(gen.UploadFromURLJSONRequestBody) },
	"UploadFromUrl200":        func() any { return new(gen.BasicUploadResponse) },
	"GetFileDetails200":       func() any { return new(gen.FileDetails) },
	"CopyFile":                func() any { return new(gen.CopyFileJSONRequestBody) },
	"CopyFile200":             func() any { return new(gen.CopyFileResponse) },
	"CopyFileBatch":           func() any { return new(gen.CopyFileBatchJSONRequestBody) },
	"CopyFileBatch200":        func() any { return new(gen.AsyncResponse) },
	"DeleteFileBatch":         func() any { return new(gen.DeleteFileBatchJSONRequestBody) },
	"DeleteFileBatch200":      func() any { return new(gen.AsyncResponse) },
	"PutFolder":               func() any { return new(gen.PutFolderJSONRequestBody) },
	"PutFolder200":            func() any { return new(gen.FolderDetails) },
	"GetFolderDetails200":     func() any { return new(gen.FolderDetails) },
	"DeleteFolder":            func() any { return new(gen.DeleteFolderJSONRequestBody) },
	"DeleteFolder200":         func() any { return new(gen.AsyncResponse) },
	"DeleteFolderBatch":       func() any { return new(gen.DeleteFolderBatchJSONRequestBody) },
	"DeleteFolderBatch200":    func() any { return new(gen.AsyncResponse) },
	"ListFolder200":           func() any { return new(gen.ListFolderResponse) },
	"CopyFolder":              func() any { return new(gen.CopyFolderJSONRequestBody) },
	"CopyFolder200":           func() any { return new(gen.AsyncResponse) },
	"CopyFolderBatch":         func() any { return new(gen.CopyFolderBatchJSONRequestBody) },
	"CopyFolderBatch200":      func() any { return new(gen.AsyncResponse) },
	"GetJob200":               func() any { return new(gen.JobSummary) },
	"ListRecentJobs200":       func() any { return new(gen.ListRecentJobsResponse) },
	"ResetCache":              func() any { return new(gen.ResetCacheJSONRequestBody) },
	"ResetCache200":           func() any { return new(gen.AsyncResponse) },
	"ProcessFile404":          func() any { return new(gen.FileNotProcessed) },
	"ProcessFileAndSave":      func() any { return new(gen.ProcessFileAndSaveRequest) },
	"ProcessFileAndSave200":   func() any { return new(gen.ProcessFileAndSaveResponse) },
}

// roundTrip decodes a body into its generated type and encodes it again. Where the type is, or holds, a union, which
// would only carry the bytes along, it is taken apart and put together again.
func roundTrip(t *testing.T, place string, body []byte) {
	t.Helper()
	value := any(new(gen.ErrorResponse))
	if create, ok := generated[place]; ok {
		value = create()
	}
	if err := json.Unmarshal(body, value); err != nil {
		t.Fatal(err)
	}
	switch value := value.(type) {
	case *gen.CompleteMultipartUploadResponse:
		rebuildCompletion(t, value)
	case *gen.BeginMultipartUploadRequest:
		rebuildPath(t, &value.Path)
	case *gen.UploadFromURLRequest:
		rebuildPath(t, &value.Path)
	case *gen.ProcessFileAndSaveRequest:
		rebuildPath(t, &value.Destination)
	case *gen.ListFolderResponse:
		for i := range value.Items {
			rebuildObject(t, &value.Items[i])
		}
	}
	if diff := cmp.Diff(decode(t, body), decode(t, encode(t, value))); diff != "" {
		t.Errorf("lost or gained (-before +after):\n%s", diff)
	}
}

func rebuildCompletion(t *testing.T, response *gen.CompleteMultipartUploadResponse) {
	t.Helper()
	variant, err := response.ValueByDiscriminator()
	if err != nil {
		t.Fatal(err)
	}
	rebuilt := gen.CompleteMultipartUploadResponse{}
	switch variant := variant.(type) {
	case gen.CompleteMultipartUploadResponseCompleted:
		err = rebuilt.FromCompleteMultipartUploadResponseCompleted(variant)
	case gen.CompleteMultipartUploadResponsePending:
		err = rebuilt.FromCompleteMultipartUploadResponsePending(variant)
	default:
		t.Fatalf("unknown variant %T", variant)
	}
	if err != nil {
		t.Fatal(err)
	}
	*response = rebuilt
}

func rebuildPath(t *testing.T, path *gen.FilePathDefinition) {
	t.Helper()
	rebuilt := gen.FilePathDefinition{}
	literal, err := path.AsRelativeOrAbsoluteFilePath()
	if err == nil {
		err = rebuilt.FromRelativeOrAbsoluteFilePath(literal)
	} else if dynamic, dynamicErr := path.AsDynamicFilePath(); dynamicErr == nil {
		err = rebuilt.FromDynamicFilePath(dynamic)
	} else {
		return // left out
	}
	if err != nil {
		t.Fatal(err)
	}
	*path = rebuilt
}

func rebuildObject(t *testing.T, object *gen.ObjectSummary) {
	t.Helper()
	variant, err := object.ValueByDiscriminator()
	if err != nil {
		t.Fatal(err)
	}
	rebuilt := gen.ObjectSummary{}
	switch variant := variant.(type) {
	case gen.FileSummary:
		err = rebuilt.FromFileSummary(variant)
	case gen.FolderSummary:
		err = rebuilt.FromFolderSummary(variant)
	default:
		t.Fatalf("unknown variant %T", variant)
	}
	if err != nil {
		t.Fatal(err)
	}
	*object = rebuilt
}

// shownExamples returns the examples of a media type by name; a single one has the name "example".
func shownExamples(media *openapi3.MediaType) map[string]any {
	shown := map[string]any{}
	if media.Example != nil {
		shown["example"] = media.Example
	}
	for name, example := range media.Examples {
		shown[name] = example.Value.Value
	}
	return shown
}

func mustLoad(t *testing.T) *openapi3.T {
	t.Helper()
	document, err := loadSpec()
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func decode(t *testing.T, data []byte) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func encode(t *testing.T, value any) []byte {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
