package operation_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

// The list has every operation of openapi.yaml, with its method, path and server.
func TestListIsThatOfTheSpec(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(bytescale.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	missing := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			missing[op.OperationID] = true
			found, ok := operation.Find(op.OperationID)
			if !ok {
				t.Errorf("%s is not in the list", op.OperationID)
				continue
			}
			delete(missing, op.OperationID)
			if found.Method != method || found.Path != path {
				t.Errorf("%s is %s %s, want %s %s", op.OperationID, found.Method, found.Path, method, path)
			}
			servers := op.Servers
			if servers == nil && len(item.Servers) > 0 {
				servers = &item.Servers
			}
			onCDN := servers != nil
			if onCDN != (found.Server == operation.CDN) {
				t.Errorf("%s is on server %v, want CDN: %v", op.OperationID, found.Server, onCDN)
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("missing: %v", slices.Sorted(maps.Keys(missing)))
	}
}

func TestMatch(t *testing.T) {
	const base = "/v2/accounts/A623uY2"
	for _, c := range []struct {
		server            operation.Server
		method, path      string
		id, params, allow string
	}{
		{operation.API, "POST", base + "/uploads", "BeginMultipartUpload", "accountId=A623uY2", ""},
		{operation.API, "GET", base + "/uploads/Kd/parts/7", "GetUploadPart", "accountId=A623uY2 uploadId=Kd uploadPartIndex=7", ""},
		{operation.API, "PUT", base + "/uploads/Kd/parts/7", "CompleteUploadPart", "accountId=A623uY2 uploadId=Kd uploadPartIndex=7", ""},
		{operation.API, "PATCH", base + "/uploads/Kd/parts/7", "", "", "GET, PUT"},
		{operation.API, "GET", base + "/uploads", "", "", "POST"},
		{operation.API, "GET", base + "/uploads/Kd/parts/7/8", "", "", ""},
		{operation.API, "GET", base + "/uploads//parts", "", "", ""},
		{operation.API, "GET", base + "/", "", "", ""},
		{operation.API, "GET", "", "", "", ""},
		{operation.API, "GET", "/A623uY2/raw/a", "", "", ""},
		{operation.CDN, "GET", "/A623uY2/raw/a/b c//d", "DownloadFile", "accountId=A623uY2 filePath=/a/b c//d", ""},
		{operation.CDN, "PUT", "/A623uY2/raw/a", "", "", "GET"},
		{operation.CDN, "GET", "/A623uY2/raw", "", "", ""},
		{operation.CDN, "GET", "/A623uY2/image/a b/c", "ProcessFile", "accountId=A623uY2 transformation=image filePath=/a b/c", ""},
		{operation.CDN, "GET", "/A623uY2/rawa/b", "ProcessFile", "accountId=A623uY2 transformation=rawa filePath=/b", ""},
		{operation.CDN, "GET", "/A623uY2/image", "", "", ""},
		{operation.CDN, "POST", "/A623uY2/save/image/a/b", "ProcessFileAndSave", "accountId=A623uY2 transformation=image filePath=/a/b", ""},
		{operation.CDN, "GET", "/A623uY2/save/image/a", "", "", "POST"},
		{operation.CDN, "GET", "/A623uY2/save/image", "", "", ""},
		{operation.CDN, "POST", "/A623uY2/image/a", "", "", "GET"},
		{operation.API, "DELETE", base + "/jobs/CopyFileBatchJob/01AR", "CancelJob", "accountId=A623uY2 jobType=CopyFileBatchJob jobId=01AR", ""},
		{operation.API, "POST", base + "/jobs/CopyFileBatchJob/01AR", "", "", "GET, DELETE"},
		{operation.API, "POST", base + "/folders", "", "", "GET, PUT, DELETE"},
		{operation.API, "GET", base + "/files/copy/batch", "", "", "POST"},
	} {
		id, params, allow := operation.Match(c.server, c.method, c.path)
		var got []string
		for _, name := range []string{
			"accountId", "uploadId", "uploadPartIndex", "jobType", "jobId", "transformation", "filePath",
		} {
			if v := params.Get(name); v != "" {
				got = append(got, name+"="+v)
			}
		}
		if id != c.id || strings.Join(got, " ") != c.params || allow != c.allow {
			t.Errorf("%s %s: %q %v %q", c.method, c.path, id, got, allow)
		}
	}
}

// Matching happens once per request and allocates nothing.
func TestMatchAllocatesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() {
		operation.Match(operation.API, "PUT", "/v2/accounts/A623uY2/uploads/Kd/parts/7")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
