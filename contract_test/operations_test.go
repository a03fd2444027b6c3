package contracttest

import (
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
)

const (
	apiServer = "https://api.bytescale.com"
	cdnServer = "https://upcdn.io"
	account   = "/v2/accounts/{accountId}"
)

// content names, for each media type, the schema behind it.
type content map[string]string

func asJSON(schema string) content { return content{"application/json": schema} }

// An operationFact states where an operation is, what it takes and what it may answer.
type operationFact struct {
	id, method, server, path string
	request                  content
	success                  map[string]content // by status
	further                  []string           // statuses beyond those that any operation may answer
	notFound                 string             // the schema of a 404 that is not the common one
	anonymous                bool               // may be called without credentials
	source                   string
}

var operationFacts = []operationFact{
	{
		id: "BeginMultipartUpload", method: "POST", server: apiServer, path: account + "/uploads",
		request: asJSON("BeginMultipartUploadRequest"),
		success: map[string]content{"200": asJSON("BeginMultipartUploadResponse")},
		further: []string{"413"}, source: docs,
	},
	{
		id: "GetUploadPart", method: "GET", server: apiServer, path: account + "/uploads/{uploadId}/parts/{uploadPartIndex}",
		success: map[string]content{"200": asJSON("UploadPart")}, source: sdk + ", " + oas,
	},
	{
		id: "ListUploadParts", method: "GET", server: apiServer, path: account + "/uploads/{uploadId}/parts",
		success: map[string]content{"200": asJSON("UploadPartList")}, source: sdk + ", " + oas,
	},
	{
		id: "CompleteUploadPart", method: "PUT", server: apiServer, path: account + "/uploads/{uploadId}/parts/{uploadPartIndex}",
		request: asJSON("CompleteUploadPartRequest"),
		success: map[string]content{"200": asJSON("CompleteMultipartUploadResponse")}, source: sdk + ", " + docs,
	},
	{
		id: "BasicUpload", method: "POST", server: apiServer, path: account + "/uploads/binary",
		request: content{"*/*": "FileContent"},
		success: map[string]content{"200": asJSON("BasicUploadResponse")},
		further: []string{"413"}, source: docs,
	},
	{
		id: "FormDataUpload", method: "POST", server: apiServer, path: account + "/uploads/form_data",
		request: content{"multipart/form-data": "FormDataUploadRequest"},
		success: map[string]content{"200": asJSON("FormDataUploadResponse")},
		further: []string{"413"}, source: docs,
	},
	{
		id: "UploadFromUrl", method: "POST", server: apiServer, path: account + "/uploads/url",
		request: asJSON("UploadFromUrlRequest"),
		success: map[string]content{"200": asJSON("BasicUploadResponse")},
		further: []string{"413"}, source: sdk + ", " + oas,
	},
	{
		id: "GetFileDetails", method: "GET", server: apiServer, path: account + "/files/details",
		success: map[string]content{"200": asJSON("FileDetails")}, source: sdk + ", " + oas,
	},
	{
		id: "DeleteFile", method: "DELETE", server: apiServer, path: account + "/files",
		success: map[string]content{"204": {}}, source: sdk + ", " + oas,
	},
	{
		id: "DownloadFile", method: "GET", server: cdnServer, path: "/{accountId}/raw{filePath}",
		success: map[string]content{"200": {"*/*": "FileContent"}, "206": {"*/*": "FileContent"}},
		further: []string{"304", "416"}, anonymous: true, source: sdk + ", " + oas + "; ranges and conditions " + decided,
	},
	{
		id: "CopyFile", method: "POST", server: apiServer, path: account + "/files/copy",
		request: asJSON("CopyFileRequest"),
		success: map[string]content{"200": asJSON("CopyFileResponse")}, source: sdk + ", " + oas,
	},
	{
		id: "CopyFileBatch", method: "POST", server: apiServer, path: account + "/files/copy/batch",
		request: asJSON("CopyFileBatchRequest"),
		success: map[string]content{"200": asJSON("AsyncResponse")}, source: sdk + ", " + oas,
	},
	{
		id: "DeleteFileBatch", method: "DELETE", server: apiServer, path: account + "/files/batch",
		request: asJSON("DeleteFileBatchRequest"),
		success: map[string]content{"200": asJSON("AsyncResponse")}, source: sdk + ", " + oas,
	},
	{
		id: "PutFolder", method: "PUT", server: apiServer, path: account + "/folders",
		request: asJSON("PutFolderRequest"),
		success: map[string]content{"200": asJSON("FolderDetails")}, source: sdk + ", " + oas,
	},
	{
		id: "GetFolderDetails", method: "GET", server: apiServer, path: account + "/folders",
		success: map[string]content{"200": asJSON("FolderDetails")}, source: sdk + ", " + oas,
	},
	{
		id: "DeleteFolder", method: "DELETE", server: apiServer, path: account + "/folders",
		request: asJSON("DeleteFolderRequest"),
		success: map[string]content{"200": asJSON("AsyncResponse")}, source: sdk + ", " + oas,
	},
	{
		id: "DeleteFolderBatch", method: "DELETE", server: apiServer, path: account + "/folders/batch",
		request: asJSON("DeleteFolderBatchRequest"),
		success: map[string]content{"200": asJSON("AsyncResponse")}, source: sdk + ", " + oas,
	},
	{
		id: "ListFolder", method: "GET", server: apiServer, path: account + "/folders/list",
		success: map[string]content{"200": asJSON("ListFolderResponse")}, source: sdk + ", " + oas,
	},
	{
		id: "CopyFolder", method: "POST", server: apiServer, path: account + "/folders/copy",
		request: asJSON("CopyFolderRequest"),
		success: map[string]content{"200": asJSON("AsyncResponse")}, source: sdk + ", " + oas,
	},
	{
		id: "CopyFolderBatch", method: "POST", server: apiServer, path: account + "/folders/copy/batch",
		request: asJSON("CopyFolderBatchRequest"),
		success: map[string]content{"200": asJSON("AsyncResponse")}, source: sdk + ", " + oas,
	},
	{
		id: "GetJob", method: "GET", server: apiServer, path: account + "/jobs/{jobType}/{jobId}",
		success: map[string]content{"200": asJSON("JobSummary")}, source: sdk + ", " + oas,
	},
	{
		id: "CancelJob", method: "DELETE", server: apiServer, path: account + "/jobs/{jobType}/{jobId}",
		success: map[string]content{"204": {}}, source: sdk + ", " + oas,
	},
	{
		id: "ListRecentJobs", method: "GET", server: apiServer, path: account + "/jobs",
		success: map[string]content{"200": asJSON("ListRecentJobsResponse")}, source: sdk + ", " + oas,
	},
	{
		id: "ResetCache", method: "POST", server: apiServer, path: account + "/cache/reset",
		request: asJSON("ResetCacheRequest"),
		success: map[string]content{"200": asJSON("AsyncResponse")}, source: sdk,
	},
	{
		id: "ProcessFile", method: "GET", server: cdnServer, path: "/{accountId}/{transformation}{filePath}",
		success: map[string]content{"200": {"*/*": "FileContent"}, "206": {"*/*": "FileContent"}},
		further: []string{"304", "416"}, notFound: "FileNotProcessed", anonymous: true, source: sdk + ", " + oas + "; ranges and conditions " + decided,
	},
	{
		id: "ProcessFileAndSave", method: "POST", server: cdnServer, path: "/{accountId}/save/{transformation}{filePath}",
		request: asJSON("ProcessFileAndSaveRequest"),
		success: map[string]content{"200": asJSON("ProcessFileAndSaveResponse")},
		further: []string{"413"}, source: sdk + ", " + oas,
	},
}

func TestOperationFacts(t *testing.T) {
	document := mustLoad(t)
	for _, fact := range operationFacts {
		t.Run(fact.id, func(t *testing.T) {
			op, err := operationByID(document, fact.id)
			if err != nil {
				t.Fatal(err)
			}
			check := func(what string, known, found any) {
				if diff := cmp.Diff(known, found); diff != "" {
					t.Errorf("%s: not what is known from: %s (-known +spec)\n%s", what, fact.source, diff)
				}
			}
			check("method", fact.method, op.Method)
			check("path", fact.path, op.Path)
			servers := document.Servers
			if len(op.Item.Servers) > 0 {
				servers = op.Item.Servers
			}
			check("server", []string{fact.server}, serverURLs(servers))

			request := content(nil)
			if op.RequestBody != nil {
				request = schemaNames(op.RequestBody.Value.Content)
				check("request is required", true, op.RequestBody.Value.Required)
			}
			check("request", fact.request, request)

			statuses := []string{"400", "401", "403", "404", "429", "5XX", "default"}
			for status, content := range fact.success {
				statuses = append(statuses, status)
				if response := op.Responses.Value(status); response != nil {
					check(status, content, schemaNames(response.Value.Content))
				}
			}
			statuses = slices.Sorted(slices.Values(append(statuses, fact.further...)))
			check("statuses", statuses, names(op.Responses.Map()))

			notFound := "ErrorResponse"
			if fact.notFound != "" {
				notFound = fact.notFound
			}
			check("404", asJSON(notFound), schemaNames(op.Responses.Value("404").Value.Content))

			check("security", credentials(fact.anonymous), requirements(document, op))
		})
	}
	for op := range operations(document) {
		if !slices.ContainsFunc(operationFacts, func(fact operationFact) bool { return fact.id == op.OperationID }) {
			t.Errorf("%s: there is no fact about it", op.OperationID)
		}
	}
}

// schemaNames returns the media types of a body and the component behind each.
func schemaNames(body openapi3.Content) content {
	found := content{}
	for media, value := range body {
		found[media] = componentName(value.Schema.Ref)
	}
	return found
}

func serverURLs(servers openapi3.Servers) []string {
	var urls []string
	for _, server := range servers {
		urls = append(urls, server.URL)
	}
	return urls
}

// credentials returns the accepted combinations: a key in either form, alone or together with a token.
func credentials(anonymous bool) []string {
	accepted := []string{"AuthorizationToken BasicAuth", "AuthorizationToken BearerAuth", "BasicAuth", "BearerAuth"}
	if anonymous {
		accepted = append([]string{""}, accepted...)
	}
	return accepted
}

// requirements returns the combinations of credentials that the spec accepts for an operation.
func requirements(document *openapi3.T, op operation) []string {
	alternatives := document.Security
	if op.Security != nil {
		alternatives = *op.Security
	}
	var accepted []string
	for _, alternative := range alternatives {
		accepted = append(accepted, strings.Join(names(alternative), " "))
	}
	return slices.Sorted(slices.Values(accepted))
}

// TestSecuritySchemes checks how credentials are sent.
func TestSecuritySchemes(t *testing.T) {
	type scheme struct{ Type, Scheme, In, Name string }
	known := map[string]scheme{
		"BearerAuth":         {Type: "http", Scheme: "bearer"},
		"BasicAuth":          {Type: "http", Scheme: "basic"},
		"AuthorizationToken": {Type: "apiKey", In: "header", Name: "Authorization-Token"},
	}
	found := map[string]scheme{}
	for name, ref := range mustLoad(t).Components.SecuritySchemes {
		found[name] = scheme{ref.Value.Type, ref.Value.Scheme, ref.Value.In, ref.Value.Name}
	}
	if diff := cmp.Diff(known, found); diff != "" {
		t.Errorf("not what is known from: %s, %s (-known +spec)\n%s", docs, sdk, diff)
	}
}
