package contract

import (
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
	want := "BasicUpload BeginMultipartUpload CompleteUploadPart DeleteFile DownloadFile FormDataUpload " +
		"GetFileDetails GetUploadPart ListUploadParts UploadFromUrl"
	if got := strings.Join(document(t).Operations(), " "); got != want {
		t.Errorf("operations: %s", got)
	}
}

func TestLoadRefuses(t *testing.T) {
	// Each change to a good document must make it refused, whatever the reason says.
	good := `{"openapi":"3.0.3","info":{"title":"t","version":"1"},"servers":[{"url":"https://api.example.com"}],
"paths":{"/a/{id}":{"get":{"operationId":"A","parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}}],
"responses":{"200":{"description":"ok","content":{"application/json":{"schema":{"type":"integer","minimum":1,"example":1}}}}}}}}}`
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
