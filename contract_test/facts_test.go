package contracttest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Where the facts come from. Decided means that the sources are silent or disagree, and docs/decisions.md tells why.
const (
	docs    = "vendor documentation"
	oas     = "vendor OpenAPI 2.0.0, February 2024"
	sdk     = "vendor SDK 3.62"
	readme  = "vendor SDK 3.62, readme"
	clients = "independent clients"
	rfc     = "HTTP, RFC 9110"
	decided = "decided here"
)

// Limits are those of the vendor's documentation, patterns those of its OpenAPI document, unless a fact says otherwise.
// A least length of 0 is what JSON Schema assumes.
var (
	accountID        = is{"type": "string", "minLength": 7, "maxLength": 7, "pattern": `^[1-9A-HJ-NP-Za-km-z]*$`}
	uploadID         = is{"type": "string", "minLength": 16, "maxLength": 16, "pattern": `^[1-9A-HJ-NP-Za-km-z]*$`}
	etag             = is{"type": "string", "minLength": 1, "maxLength": 255, "pattern": `^\S*$`}
	mime             = is{"type": "string", "minLength": 3, "maxLength": 255, "pattern": `^[a-zA-Z0-9]+/[a-zA-Z0-9+\-._]+(?:;[^=]+=[^;]+)*$`}
	originalFileName = is{"type": "string", "minLength": 1, "maxLength": 255, "pattern": `^.+$`}
	tags             = is{"type": "array", "maxItems": 25}
	tag              = is{"type": "string", "minLength": 1, "maxLength": 255, "pattern": `^[a-zA-Z0-9\.,/=_+-]*$`}
	filePath         = is{"type": "string", "minLength": 1, "maxLength": 512, "pattern": `^/.*$`}
	fileName         = is{"type": "string", "maxLength": 512, "pattern": `^[^/]*$`}
	absolutePath     = is{"type": "string", "maxLength": 512, "pattern": `^/.*$`}
	anyPath          = is{"type": "string", "maxLength": 512, "pattern": `^.*$`}
	fileURL          = is{"type": "string", "format": "uri", "minLength": 1, "pattern": `^https?://[^\s/?#]+(?:/.*)?$`}
	errorCode        = is{"type": "string", "minLength": 1, "maxLength": 255, "pattern": `^[a-z0-9_]+$`}
	notEmpty         = is{"type": "string", "minLength": 1}
	fromZero         = is{"type": "integer", "format": "int64", "minimum": 0}
	fromOne          = is{"type": "integer", "format": "int64", "minimum": 1}
	onByDefault      = is{"type": "boolean", "default": true}
	offByDefault     = is{"type": "boolean", "default": false}
	anyObject        = is{"type": "object", "additionalProperties": true}
	anyString        = is{"type": "string"}
)

// object states which properties an answer must have.
func object(required ...string) is {
	return is{"type": "object", "required": required}
}

// request states which properties a request must have; it may have no unknown ones.
func request(required ...string) is {
	closed := is{"type": "object", "additionalProperties": false}
	if len(required) > 0 {
		closed["required"] = required
	}
	return closed
}

// facts holds what every place of the spec demands, and how that is known.
var facts = []struct {
	place   string
	demands is
	source  string
}{
	// Multipart uploads.
	{"BeginMultipartUploadRequest", request("size"), docs + ", " + oas},
	{"BeginMultipartUploadRequest.metadata", is{"is": "FileMetadata"}, docs},
	{"BeginMultipartUploadRequest.mime", mime, docs + ", " + oas},
	{"BeginMultipartUploadRequest.originalFileName", originalFileName, docs + ", " + oas},
	{"BeginMultipartUploadRequest.path", is{"is": "FilePathDefinition"}, docs},
	{"BeginMultipartUploadRequest.protocol", is{"type": "string", "enum": []string{"1.0", "1.1"}, "default": "1.0"}, docs},
	{"BeginMultipartUploadRequest.size", fromZero, docs + "; width " + decided},
	{"BeginMultipartUploadRequest.tags", tags, readme},
	{"BeginMultipartUploadRequest.tags[]", tag, docs + ", " + oas},
	{"FilePathDefinition", is{"oneOf": []string{"RelativeOrAbsoluteFilePath", "DynamicFilePath"}}, docs + ", " + oas},
	{"DynamicFilePath", request(), docs + ", " + oas},
	{"DynamicFilePath.fileName", fileName, docs + ", " + oas},
	{"DynamicFilePath.fileNameFallback", fileName, docs + ", " + oas},
	{"DynamicFilePath.fileNameVariablesEnabled", onByDefault, docs},
	{"DynamicFilePath.folderPath", anyPath, docs + ", " + oas},
	{"DynamicFilePath.folderPathVariablesEnabled", onByDefault, docs},
	{"FileMetadata", anyObject, oas},
	{"BeginMultipartUploadResponse", object("file", "uploadId", "uploadParts"), docs},
	{"BeginMultipartUploadResponse.file", is{"is": "FileDetails"}, docs},
	{"BeginMultipartUploadResponse.uploadId", uploadID, docs + ", " + oas},
	{"BeginMultipartUploadResponse.uploadParts", is{"is": "MultipartUploadParts"}, docs},
	{"MultipartUploadParts", object("count", "first"), docs},
	{"MultipartUploadParts.count", fromOne, docs + "; width " + decided},
	{"MultipartUploadParts.first", is{"is": "UploadPart"}, docs},
	{"UploadPart", object("range", "uploadId", "uploadPartIndex", "uploadUrl"), docs},
	{"UploadPart.range", is{"is": "UploadPartRange"}, docs},
	{"UploadPart.uploadId", uploadID, docs + ", " + oas},
	{"UploadPart.uploadPartIndex", fromZero, docs + "; width " + decided},
	{"UploadPart.uploadUrl", is{"type": "string", "format": "uri", "minLength": 10}, docs + "; no pattern " + decided},
	{"UploadPartRange", object("inclusiveEnd", "inclusiveStart"), docs},
	{"UploadPartRange.inclusiveEnd", is{"type": "integer", "format": "int64", "minimum": -1}, docs + "; width " + decided},
	{"UploadPartRange.inclusiveStart", fromZero, docs + "; width " + decided},
	{"UploadPartList", object("remainingUploadParts"), docs},
	{"UploadPartList.remainingUploadParts", is{"type": "array"}, docs},
	{"UploadPartList.remainingUploadParts[]", fromZero, docs + "; width " + decided},
	{"CompleteUploadPartRequest", request("etag"), docs + ", " + oas},
	{"CompleteUploadPartRequest.etag", etag, docs + ", " + oas},
	{"CompleteMultipartUploadResponse", is{
		"oneOf": []string{"CompleteMultipartUploadResponseCompleted", "CompleteMultipartUploadResponsePending"},
		"discriminator": is{"propertyName": "status", "mapping": is{
			"Completed": "#/components/schemas/CompleteMultipartUploadResponseCompleted",
			"Pending":   "#/components/schemas/CompleteMultipartUploadResponsePending",
		}},
	}, docs + ", " + sdk},
	{"CompleteMultipartUploadResponseCompleted", object("etag", "status"), docs + ", " + sdk},
	{"CompleteMultipartUploadResponseCompleted.etag", etag, docs},
	{"CompleteMultipartUploadResponseCompleted.status", is{"type": "string", "enum": []string{"Completed"}}, docs + ", " + sdk},
	{"CompleteMultipartUploadResponsePending", object("status"), docs + ", " + sdk},
	{"CompleteMultipartUploadResponsePending.status", is{"type": "string", "enum": []string{"Pending"}}, docs + ", " + sdk},

	// Single-request uploads.
	{"BasicUploadResponse", object("accountId", "etag", "filePath", "fileUrl"), docs + ", " + sdk},
	{"BasicUploadResponse.accountId", accountID, docs + ", " + oas},
	{"BasicUploadResponse.etag", etag, docs + ", " + oas},
	{"BasicUploadResponse.filePath", filePath, docs + ", " + oas},
	{"BasicUploadResponse.fileUrl", fileURL, decided},
	{"FormDataUploadRequest", is{"type": "object", "minProperties": 1, "additionalProperties": "FileContent"}, docs},
	{"FormDataUploadResponse", object("errors", "files"), docs},
	{"FormDataUploadResponse.errors", is{"type": "array"}, docs},
	{"FormDataUploadResponse.errors[]", is{"is": "FormDataUploadResponseError"}, docs},
	{"FormDataUploadResponse.files", is{"type": "array"}, docs},
	{"FormDataUploadResponse.files[]", is{"is": "FormDataUploadResponseFile"}, docs},
	{"FormDataUploadResponseFile", object("accountId", "etag", "filePath", "fileUrl", "formDataFieldName"), docs},
	{"FormDataUploadResponseFile.accountId", accountID, docs + ", " + oas},
	{"FormDataUploadResponseFile.etag", etag, docs + ", " + oas},
	{"FormDataUploadResponseFile.filePath", filePath, docs + ", " + oas},
	{"FormDataUploadResponseFile.fileUrl", fileURL, decided},
	{"FormDataUploadResponseFile.formDataFieldName", notEmpty, docs},
	{"FormDataUploadResponseError", object("error", "formDataFieldName"), docs},
	{"FormDataUploadResponseError.error", is{"is": "FormDataUploadFailure"}, docs},
	{"FormDataUploadResponseError.formDataFieldName", notEmpty, docs},
	{"FormDataUploadFailure", object("code", "message"), docs},
	{"FormDataUploadFailure.code", errorCode, docs + ", " + oas},
	{"FormDataUploadFailure.message", notEmpty, docs},
	{"FormDataUploadFailure.timestamp", is{"type": "string", "format": "date-time"}, docs},
	{"FormDataUploadFailure.details", anyObject, clients},
	{"UploadFromUrlRequest", request("url"), docs + ", " + oas},
	{"UploadFromUrlRequest.metadata", is{"is": "FileMetadata"}, docs},
	{"UploadFromUrlRequest.mime", mime, docs + ", " + oas},
	{"UploadFromUrlRequest.originalFileName", originalFileName, docs + ", " + oas},
	{"UploadFromUrlRequest.path", is{"is": "FilePathDefinition"}, docs},
	{"UploadFromUrlRequest.tags", tags, readme},
	{"UploadFromUrlRequest.tags[]", tag, docs + ", " + oas},
	{"UploadFromUrlRequest.timeout", fromOne.with("maximum", 30000).with("default", 30000), docs + "; minimum " + decided},
	{"UploadFromUrlRequest.url", fileURL.with("maxLength", 8192), docs + "; pattern " + decided},

	// Files and errors.
	{"FileDetails", object("accountId", "filePath", "fileUrl", "lastModified", "metadata", "mime", "originalFileName", "size", "tags"),
		docs + "; etag not required " + decided},
	{"FileDetails.accountId", accountID, docs + ", " + oas},
	{"FileDetails.etag", etag.with("nullable", true), docs + ", " + sdk},
	{"FileDetails.filePath", filePath, docs + ", " + oas},
	{"FileDetails.fileUrl", fileURL, decided},
	{"FileDetails.lastModified", fromZero, docs + "; width " + decided},
	{"FileDetails.metadata", is{"is": "FileMetadata"}, docs + ", " + oas},
	{"FileDetails.mime", mime, docs + ", " + oas},
	{"FileDetails.originalFileName", originalFileName.with("nullable", true), docs + ", " + oas},
	{"FileDetails.size", fromZero, docs + "; width " + decided},
	{"FileDetails.tags", tags, readme},
	{"FileDetails.tags[]", tag, docs + ", " + oas},
	{"ErrorResponse", object("error"), docs},
	{"ErrorResponse.error", is{"is": "ErrorInfo"}, docs},
	{"ErrorInfo", object("code", "message"), docs},
	{"ErrorInfo.code", errorCode, docs + ", " + oas},
	{"ErrorInfo.message", notEmpty, docs},
	{"ErrorInfo.details", anyObject, docs + ", " + oas},

	// Parameters.
	{"BeginMultipartUpload path accountId", accountID.with("required", true), docs + ", " + oas},
	{"GetUploadPart path accountId", accountID.with("required", true), docs + ", " + oas},
	{"GetUploadPart path uploadId", uploadID.with("required", true), docs + ", " + oas},
	{"GetUploadPart path uploadPartIndex", fromZero.with("required", true), docs + "; width " + decided},
	{"ListUploadParts path accountId", accountID.with("required", true), docs + ", " + oas},
	{"ListUploadParts path uploadId", uploadID.with("required", true), docs + ", " + oas},
	{"CompleteUploadPart path accountId", accountID.with("required", true), docs + ", " + oas},
	{"CompleteUploadPart path uploadId", uploadID.with("required", true), docs + ", " + oas},
	{"CompleteUploadPart path uploadPartIndex", fromZero.with("required", true), docs + "; width " + decided},
	{"BasicUpload path accountId", accountID.with("required", true), docs + ", " + oas},
	{"BasicUpload query fileName", fileName, docs},
	{"BasicUpload query fileNameFallback", fileName, docs},
	{"BasicUpload query fileNameVariablesEnabled", onByDefault, docs},
	{"BasicUpload query filePath", absolutePath, docs},
	{"BasicUpload query folderPath", absolutePath, docs},
	{"BasicUpload query folderPathVariablesEnabled", onByDefault, docs},
	{"BasicUpload query originalFileName", originalFileName, clients},
	{"BasicUpload query tag", tags, clients + ", " + readme},
	{"BasicUpload query tag[]", tag, clients + ", " + oas},
	{"BasicUpload header X-Upload-Metadata", is{"is": "FileMetadata"}, clients},
	{"FormDataUpload path accountId", accountID.with("required", true), docs + ", " + oas},
	{"FormDataUpload query fileName", fileName, docs},
	{"FormDataUpload query fileNameFallback", fileName, docs},
	{"FormDataUpload query fileNameVariablesEnabled", onByDefault, docs},
	{"FormDataUpload query filePath", absolutePath, docs},
	{"FormDataUpload query folderPath", absolutePath, docs},
	{"FormDataUpload query folderPathVariablesEnabled", onByDefault, docs},
	{"FormDataUpload query originalFileName", originalFileName, clients},
	{"FormDataUpload query tag", tags, clients + ", " + readme},
	{"FormDataUpload query tag[]", tag, clients + ", " + oas},
	{"FormDataUpload header X-Upload-Metadata", is{"is": "FileMetadata"}, clients},
	{"UploadFromUrl path accountId", accountID.with("required", true), docs + ", " + oas},
	{"GetFileDetails path accountId", accountID.with("required", true), docs + ", " + oas},
	{"GetFileDetails query filePath", filePath.with("required", true), docs + ", " + oas},
	{"DeleteFile path accountId", accountID.with("required", true), docs + ", " + oas},
	{"DeleteFile query filePath", filePath.with("required", true), docs + ", " + oas},
	{"DownloadFile path accountId", accountID.with("required", true), docs + ", " + oas},
	{"DownloadFile path filePath", filePath.with("required", true), docs + ", " + oas},
	{"DownloadFile query cache", onByDefault, sdk},
	{"DownloadFile query cache-ttl", fromZero, sdk + "; type and minimum " + decided},
	{"DownloadFile query cache-ttl-404", fromZero, sdk + "; type and minimum " + decided},
	{"DownloadFile query cache_ttl", fromZero.with("deprecated", true), oas + "; type and minimum " + decided},
	{"DownloadFile query cache_ttl_404", fromZero.with("deprecated", true), oas + "; type and minimum " + decided},
	{"DownloadFile query download", offByDefault, docs + ", " + sdk},
	{"DownloadFile query exp", is{"type": "string", "pattern": `^(?:inf|[0-9]+)$`, "default": "inf"}, sdk},
	{"DownloadFile query version", anyString, docs + ", " + sdk},
	{"DownloadFile query v", anyString, docs + ", " + sdk},
	{"DownloadFile query sig", anyString, docs},
	{"DownloadFile query enc", anyString, docs},
	{"DownloadFile query auth", offByDefault.with("deprecated", true), sdk},
	{"DownloadFile header Range", anyString, rfc},
	{"DownloadFile header If-Range", anyString, rfc},
	{"DownloadFile header If-None-Match", anyString, rfc},
	{"DownloadFile header If-Modified-Since", anyString, rfc},
	{"header Retry-After of 429", notEmpty, rfc},
	{"header Retry-After of 5XX", notEmpty, rfc},
	{"header Accept-Ranges of 200", anyString, rfc},
	{"header Accept-Ranges of 206", anyString, rfc},
	{"header Content-Range of 206", is{"type": "string", "pattern": `^bytes [0-9]+-[0-9]+/(?:[0-9]+|\*)$`, "required": true}, rfc},
	{"header Content-Range of 416", is{"type": "string", "pattern": `^bytes \*/[0-9]+$`}, rfc},
	{"header ETag of 200", notEmpty, rfc},
	{"header ETag of 206", notEmpty, rfc},
	{"header ETag of 304", notEmpty, rfc},
}

// The spec demands exactly what is known: nothing was loosened, tightened, added or dropped.
func TestFacts(t *testing.T) {
	found := everyDemand(t, mustLoad(t))
	for _, fact := range facts {
		t.Run(fact.place, func(t *testing.T) {
			if found[fact.place] == nil {
				t.Fatalf("not in the spec (%s)", fact.source)
			}
			if diff := cmp.Diff(fact.demands.normal(t), found[fact.place].normal(t)); diff != "" {
				t.Errorf("not what is known from: %s (-known +spec)\n%s", fact.source, diff)
			}
		})
		delete(found, fact.place)
	}
	for place, demands := range sorted(found) {
		t.Errorf("%s demands %v: no fact tells so", place, demands)
	}
}

// FilePathDefinition's literal form is no object and so not a place of its own.
func TestLiteralPath(t *testing.T) {
	literal := mustLoad(t).Components.Schemas["RelativeOrAbsoluteFilePath"].Value
	if diff := cmp.Diff(anyPath.normal(t), demandsOfSchema(t, literal).normal(t)); diff != "" {
		t.Errorf("not what is known from: %s, %s (-known +spec)\n%s", docs, oas, diff)
	}
}
