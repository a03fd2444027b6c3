package contract

import (
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
)

var load = sync.OnceValues(func() (*Document, error) {
	spec, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		return nil, err
	}
	return Load(spec)
})

// document is the repository's own document.
func document(t testing.TB) *Document {
	t.Helper()
	d, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestLoadKnowsEveryOperation(t *testing.T) {
	want := "BasicUpload BeginMultipartUpload CancelJob CompleteUploadPart CopyFile CopyFileBatch CopyFolder CopyFolderBatch " +
		"DeleteFile DeleteFileBatch DeleteFolder DeleteFolderBatch DownloadFile FormDataUpload GetFileDetails GetFolderDetails " +
		"GetJob GetUploadPart ListFolder ListRecentJobs ListUploadParts ProcessFile ProcessFileAndSave PutFolder ResetCache UploadFromUrl"
	if got := strings.Join(document(t).Operations(), " "); got != want {
		t.Errorf("operations: %s", got)
	}
}

// simpleDocument has one operation that answers an integer.
const simpleDocument = `{"openapi":"3.0.3","info":{"title":"t","version":"1"},"servers":[{"url":"https://api.example.com"}],
"paths":{"/a/{id}":{"get":{"operationId":"A","parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}}],
"responses":{"200":{"description":"ok","content":{"application/json":{"schema":{"type":"integer","minimum":1,"example":1}}}}}}}}}`

func TestLoadRefuses(t *testing.T) {
	// Each change to a good document must make it refused, whatever the reason says.
	good := simpleDocument
	if _, err := Load([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"version 3.1":           {"3.0.3", "3.1.0"},
		"no operationId":        {`"operationId":"A",`, ""},
		"example out of limits": {`"example":1`, `"example":0`},
		"misspelt keyword":      {`"minimum"`, `"mininum"`},
		"odd template":          {"/a/{id}", "/a/{id}.json"},
		"param not in path":     {"/a/{id}", "/a"},
		"cookie parameter":      {`"in":"path","required":true`, `"in":"cookie"`},
		"object parameter":      {`"schema":{"type":"string"}`, `"schema":{"type":"object"}`},
		"unknown scheme":        {`"operationId":"A",`, `"operationId":"A","security":[{"X":[]}],`},
		"not YAML":              {good, ":"},
		"no paths":              {good, `{"openapi":"3.0.3","info":{"title":"t","version":"1"},"paths":{}}`},
	} {
		t.Run(name, func(t *testing.T) {
			bad := strings.Replace(good, change[0], change[1], 1)
			if bad == good {
				t.Fatal("the change changes nothing")
			}
			if _, err := Load([]byte(bad)); err == nil {
				t.Error("accepted")
			}
		})
	}
}

// A schema that requests and responses share is closed for requests, and open for the responses of a live service.
func TestSharedClosedSchemas(t *testing.T) {
	spec := `{"openapi":"3.0.3","info":{"title":"t","version":"1"},"servers":[{"url":"https://api.bytescale.com"}],"paths":{"/a":{"post":{
"operationId":"A","requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/S"}}}},
"responses":{"200":{"description":"ok","content":{"application/json":{"schema":{"$ref":"#/components/schemas/S"}}}}}}}},
"components":{"schemas":{"S":{"type":"object","additionalProperties":false,"properties":{"a":{"type":"integer"}}}}}}`
	d, err := Load([]byte(spec))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, sent, answered string
		mode                 []Option
		want                 string
	}{
		{"tolerant", `{"a":1}`, `{"b":1}`, nil, ""},
		{"strict", `{"a":1}`, `{"b":1}`, []Option{WithStrict()}, "body/b additionalProperties"},
		{"request", `{"b":1}`, `{"a":1}`, nil, "body/b additionalProperties"},
	} {
		transport := transportOver(t, &roundTrip{handler: jsonReply(200, test.answered)}, append(test.mode, WithDocument(d))...)
		_, err := transport.RoundTrip(request(t, "POST", "/a", test.sent, "Authorization", ""))
		broken := &Error{}
		if errors.As(err, &broken); brief(broken.Violations) != test.want {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// With WithStrict a response may have only the known values. Otherwise, and in requests, it may have others.
func TestExtensibleEnums(t *testing.T) {
	spec := `{"openapi":"3.0.3","info":{"title":"t","version":"1"},"servers":[{"url":"https://api.bytescale.com"}],"paths":{"/a":{"post":{
"operationId":"A","requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/S"}}}},
"responses":{"200":{"description":"ok","content":{"application/json":{"schema":{"$ref":"#/components/schemas/S"}}}}}}}},
"components":{"schemas":{"S":{"type":"string","minLength":1,"x-extensible-enum":["a","b"]}}}}`
	d, err := Load([]byte(spec))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		sent, answered string
		mode           []Option
		want           string
	}{
		{`"c"`, `"c"`, nil, ""},
		{`"c"`, `"b"`, []Option{WithStrict()}, ""},
		{`"c"`, `"c"`, []Option{WithStrict()}, "body enum"},
		{`"c"`, `""`, nil, "body minLength"},
	} {
		transport := transportOver(t, &roundTrip{handler: jsonReply(200, test.answered)}, append(test.mode, WithDocument(d))...)
		_, err := transport.RoundTrip(request(t, "POST", "/a", test.sent, "Authorization", ""))
		broken := &Error{}
		if errors.As(err, &broken); brief(broken.Violations) != test.want {
			t.Errorf("%s, %s: %v, want %q", test.sent, test.answered, err, test.want)
		}
	}
}

// A schema that says nothing about the type takes any value, null too. One that says something does not.
func TestUntypedSchemas(t *testing.T) {
	spec := `{"openapi":"3.0.3","info":{"title":"t","version":"1"},"servers":[{"url":"https://api.bytescale.com"}],"paths":{"/a":{"get":{
"operationId":"A","responses":{"200":{"description":"ok","content":{"application/json":{"schema":{"type":"object","properties":{
"any":{"type":"array","items":{}},"typed":{"type":"string"},"choice":{"oneOf":[{"type":"string"}]}}}}}}}}}}}`
	d, err := Load([]byte(spec))
	if err != nil {
		t.Fatal(err)
	}
	for answered, want := range map[string]string{
		`{"any":[null,1,"x",{},[null]]}`: "",
		`{"typed":null}`:                 "body/typed nullable",
		`{"choice":null}`:                "body/choice oneOf",
	} {
		transport := transportOver(t, &roundTrip{handler: jsonReply(200, answered)}, WithDocument(d))
		_, err := transport.RoundTrip(request(t, "GET", "/a", "", "Authorization", ""))
		broken := &Error{}
		if errors.As(err, &broken); brief(broken.Violations) != want {
			t.Errorf("%s: %v, want %q", answered, err, want)
		}
	}
}
