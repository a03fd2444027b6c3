package contracttest

import (
	"maps"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func TestSpecIsClean(t *testing.T) {
	for _, finding := range lint(mustLoad(t)) {
		t.Error(finding)
	}
}

// TestRulesBite: every rule finds something in a document that was broken on purpose, at the place where it was broken.
func TestRulesBite(t *testing.T) {
	op := func(document *openapi3.T, id string) operation {
		found, err := operationByID(document, id)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	schema := func(document *openapi3.T, name string) *openapi3.Schema {
		return document.Components.Schemas[name].Value
	}
	closed := openapi3.BoolSchema{Has: new(bool)}

	broken := []struct {
		rule, where string
		breakIt     func(*openapi3.T)
	}{
		{"operation-id", "DELETE /v2/accounts/{accountId}/files", func(d *openapi3.T) { op(d, "DeleteFile").OperationID = "deleteFile" }},
		{"declared-tag", "DeleteFile", func(d *openapi3.T) { op(d, "DeleteFile").Tags[0] = "Others" }},
		{"declared-tag", "DeleteFile", func(d *openapi3.T) { op(d, "DeleteFile").Tags = nil }},
		{"description", "info", func(d *openapi3.T) { d.Info.Description = "" }},
		{"description", "tag CDN", func(d *openapi3.T) { d.Tags.Get("CDN").Description = "Downloads" }},
		{"description", "header RetryAfter", func(d *openapi3.T) { d.Components.Headers["RetryAfter"].Value.Description = "" }},
		{"description", "security scheme BasicAuth", func(d *openapi3.T) { d.Components.SecuritySchemes["BasicAuth"].Value.Description = "" }},
		{"description", "DeleteFile", func(d *openapi3.T) { op(d, "DeleteFile").Description = "" }},
		{"description", "DeleteFile", func(d *openapi3.T) { op(d, "DeleteFile").Summary = "" }},
		{"description", "DeleteFile parameter filePath", func(d *openapi3.T) { d.Components.Parameters["FilePath"].Value.Description = "" }},
		{"description", "UploadFromUrl request", func(d *openapi3.T) { op(d, "UploadFromUrl").RequestBody.Value.Description = "" }},
		{"description", "DeleteFile 204", func(d *openapi3.T) { *op(d, "DeleteFile").Responses.Value("204").Value.Description = "" }},
		{"description", "FileTags", func(d *openapi3.T) { schema(d, "FileTags").Description = "" }},
		{"description", "FileDetails.mime", func(d *openapi3.T) { schema(d, "FileDetails").Properties["mime"].Value.Description = "" }},
		{"example", "header RetryAfter", func(d *openapi3.T) { d.Components.Headers["RetryAfter"].Value.Example = nil }},
		{"example", "DeleteFile parameter filePath", func(d *openapi3.T) { d.Components.Parameters["FilePath"].Value.Example = nil }},
		{"example", "BasicUpload parameter X-Upload-Metadata", func(d *openapi3.T) {
			d.Components.Parameters["UploadMetadata"].Value.Content["application/json"].Example = nil
		}},
		{"example", "UploadFromUrl request", func(d *openapi3.T) {
			op(d, "UploadFromUrl").RequestBody.Value.Content["application/json"].Examples = nil
		}},
		{"example", "DownloadFile 206", func(d *openapi3.T) { op(d, "DownloadFile").Responses.Value("206").Value.Content["*/*"].Example = nil }},
		{"example", "FileTags", func(d *openapi3.T) { schema(d, "FileTags").Example = nil }},
		{"example", "FileDetails.mime", func(d *openapi3.T) { schema(d, "FileDetails").Properties["mime"].Value.Example = nil }},
		{"error-status", "DeleteFile", func(d *openapi3.T) { op(d, "DeleteFile").Responses.Delete("5XX") }},
		{"error-status", "DeleteFile", func(d *openapi3.T) { op(d, "DeleteFile").Responses.Delete("204") }},
		{"error-status", "DeleteFile 403", func(d *openapi3.T) {
			op(d, "DeleteFile").Responses.Set("403", op(d, "GetFileDetails").Responses.Value("200"))
		}},
		{"error-status", "ProcessFile 404", func(d *openapi3.T) {
			schema(d, "FileNotProcessed").AnyOf = schema(d, "FileNotProcessed").AnyOf[:1]
		}},
		{"retry-after", "DeleteFile 429", func(d *openapi3.T) {
			op(d, "DeleteFile").Responses.Set("429", op(d, "DeleteFile").Responses.Value("400"))
		}},
		{"security", "DeleteFile", func(d *openapi3.T) { d.Security = nil }},
		{"security", "ProcessFileAndSave", func(d *openapi3.T) {
			op(d, "ProcessFileAndSave").Security = op(d, "ProcessFile").Security
		}},
		{"security", "DeleteFile", func(d *openapi3.T) { op(d, "DeleteFile").Security = openapi3.NewSecurityRequirements() }},
		{"security", "DeleteFile", func(d *openapi3.T) { d.Security = append(d.Security, openapi3.SecurityRequirement{}) }},
		{"security", "DeleteFile", func(d *openapi3.T) { delete(d.Components.SecuritySchemes, "BearerAuth") }},
		{"security", "security scheme Other", func(d *openapi3.T) {
			d.Components.SecuritySchemes["Other"] = d.Components.SecuritySchemes["BasicAuth"]
		}},
		{"unused-component", "components/schemas/Other", func(d *openapi3.T) {
			d.Components.Schemas["Other"] = d.Components.Schemas["ETag"]
		}},
		{"unused-component", "components/examples/BeginMultipartUploadRequestSizeOnly", func(d *openapi3.T) {
			delete(op(d, "BeginMultipartUpload").RequestBody.Value.Content["application/json"].Examples, "sizeOnly")
		}},
		{"limit", "ETag", func(d *openapi3.T) { schema(d, "ETag").MaxLength = nil }},
		{"limit", "FileTags", func(d *openapi3.T) { schema(d, "FileTags").MaxItems = nil }},
		{"limit", "UploadPartRange.inclusiveEnd", func(d *openapi3.T) { schema(d, "UploadPartRange").Properties["inclusiveEnd"].Value.Min = nil }},
		{"limit", "AccountJobType", func(d *openapi3.T) { schema(d, "AccountJobType").Extensions = nil }},
		{"limit", "RawFileUrl", func(d *openapi3.T) { schema(d, "RawFileUrl").MaxLength = schema(d, "ETag").MaxLength }},
		{"integer-width", "SizeInBytes", func(d *openapi3.T) { schema(d, "SizeInBytes").Format = "int32" }},
		{"integer-width", "DownloadFile parameter cache-ttl", func(d *openapi3.T) {
			for _, parameter := range op(d, "DownloadFile").parameters() {
				if parameter.Name == "cache-ttl" {
					parameter.Schema.Value.Format = ""
				}
			}
		}},
		{"lossless-go", "DynamicFilePath.fileNameVariablesEnabled", func(d *openapi3.T) {
			schema(d, "DynamicFilePath").Properties["fileNameVariablesEnabled"].Value.Extensions = nil
		}},
		{"lossless-go", "FileDetails.originalFileName", func(d *openapi3.T) {
			schema(d, "FileDetails").Properties["originalFileName"].Value.Extensions = nil
		}},
		{"lossless-go", "BasicUpload parameter fileNameVariablesEnabled", func(d *openapi3.T) {
			d.Components.Parameters["UploadFileNameVariablesEnabled"].Value.Schema.Value.Extensions = nil
		}},
		{"anchored-pattern", "ETag", func(d *openapi3.T) { schema(d, "ETag").Pattern = `\S*$` }},
		{"anchored-pattern", "ETag", func(d *openapi3.T) { schema(d, "ETag").Pattern = `^(?=\S)$` }},
		{"required-exists", "FileDetails", func(d *openapi3.T) { delete(schema(d, "FileDetails").Properties, "size") }},
		{"closed-request", "BeginMultipartUpload request/path", func(d *openapi3.T) {
			schema(d, "DynamicFilePath").AdditionalProperties = openapi3.BoolSchema{}
		}},
		{"open-response", "PutFolder 200", func(d *openapi3.T) { schema(d, "FolderDetails").AdditionalProperties = closed }},
		{"open-response", "ListUploadParts 200", func(d *openapi3.T) { schema(d, "UploadPartList").AdditionalProperties = closed }},
	}

	spec, err := mustLoad(t).MarshalJSON() // JSON loads in half the time
	if err != nil {
		t.Fatal(err)
	}
	bitten := map[string]bool{}
	for _, test := range broken {
		t.Run(test.rule+" "+test.where, func(t *testing.T) {
			document, err := openapi3.NewLoader().LoadFromData(spec)
			if err != nil {
				t.Fatal(err)
			}
			test.breakIt(document)
			for _, finding := range lint(document) {
				if finding.Rule == test.rule && finding.Where == test.where {
					bitten[test.rule] = true
					return
				}
			}
			t.Errorf("not found; all findings: %v", lint(document))
		})
	}
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		if !bitten[rule] {
			t.Errorf("rule %s was never seen to find anything", rule)
		}
	}
}
