package contracttest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c88edac7/bytescale-go/gen"
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
	boolean          = is{"type": "boolean"}
	folderPath       = filePath
	slug             = is{"type": "string", "minLength": 1, "maxLength": 100, "pattern": `^[a-zA-Z0-9_+=@~;%-][a-zA-Z0-9_.+=@~;%-]*$`}
	slugPattern      = is{"type": "string", "minLength": 1, "maxLength": 100, "pattern": `^[a-zA-Z0-9_.+=@~;%-]*\*?$`}
	artifactPath     = is{"type": "string", "minLength": 1, "pattern": `^/.*$`, "default": "/"}
	jobID            = is{"type": "string", "minLength": 26, "maxLength": 26, "pattern": `^[0-9A-Z]+$`}
	jobURL           = is{"type": "string", "format": "uri", "minLength": 1, "maxLength": 255, "pattern": `^https?://[^\s/?#]+(?:/.*)?$`}
	jobDocs          = is{"type": "string", "format": "uri", "minLength": 1, "x-extensible-enum": []string{"https://www.bytescale.com/docs/job-api/GetJob"}}
	jobType          = is{"type": "string", "minLength": 1, "pattern": `^[a-zA-Z0-9]+$`, "x-extensible-enum": []string{
		"ProcessImageJob", "ProcessVideoJob", "ProcessAudioJob", "AntivirusJob", "ResetCacheJob",
		"DeleteFolderBatchJob", "DeleteFileBatchJob", "CopyFolderBatchJob", "CopyFileBatchJob",
	}}
	jobStatus = is{"type": "string", "minLength": 1, "x-extensible-enum": []string{
		"Created", "Pending", "Running", "Rollback", "Failed", "Succeeded", "Cancelling", "Cancelled",
	}}
	httpURL         = is{"type": "string", "format": "uri", "minLength": 1, "maxLength": 255, "pattern": `^https?://[^\s/?#]+(?:/.*)?$`}
	bucketName      = is{"type": "string", "minLength": 1, "maxLength": 61}
	objectKeyPrefix = is{"type": "string", "maxLength": 1024, "pattern": `^\S*$`}
	accessKey       = is{"type": "string", "minLength": 16, "maxLength": 128}
	secretKey       = is{"type": "string", "minLength": 30, "maxLength": 128}
)

// object states which properties an answer must have.
func object(required ...string) is {
	open := is{"type": "object"}
	if len(required) > 0 {
		open["required"] = required
	}
	return open
}

// request states which properties a request must have; it may have no unknown ones.
func request(required ...string) is {
	closed := is{"type": "object", "additionalProperties": false}
	if len(required) > 0 {
		closed["required"] = required
	}
	return closed
}

// credentialsOf states the members of credentials for storage, which only requests carry.
func credentialsOf(required ...string) is { return request(required...).with("writeOnly", true) }

// discriminator states which value of a property stands for which component.
func discriminator(property string, pairs ...string) is {
	mapping := is{}
	for i := 0; i < len(pairs); i += 2 {
		mapping[pairs[i]] = "#/components/schemas/" + pairs[i+1]
	}
	return is{"propertyName": property, "mapping": mapping}
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
		"discriminator": discriminator("status", "Completed", "CompleteMultipartUploadResponseCompleted",
			"Pending", "CompleteMultipartUploadResponsePending"),
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

	// Copies and deletions of files.
	{"CopyFileRequest", request("destination", "source"), sdk + ", " + oas},
	{"CopyFileRequest.destination", filePath, oas},
	{"CopyFileRequest.metadata", is{"is": "CopyableFileMetadata"}, sdk},
	{"CopyFileRequest.source", filePath, oas},
	{"CopyFileRequest.tags", is{"is": "CopyableFileTags"}, sdk},
	{"CopyableFileMetadata", request(), sdk},
	{"CopyableFileMetadata.merge", offByDefault, sdk},
	{"CopyableFileMetadata.value", is{"is": "FileMetadata"}, sdk},
	{"CopyableFileTags", request(), sdk},
	{"CopyableFileTags.merge", offByDefault, sdk},
	{"CopyableFileTags.value", tags, readme},
	{"CopyableFileTags.value[]", tag, docs + ", " + oas},
	{"CopyFileResponse", object("status"), sdk},
	{"CopyFileResponse.status", is{"type": "string", "enum": []string{"Copied"}}, sdk},
	{"CopyFileBatchRequest", request("files"), sdk},
	{"CopyFileBatchRequest.files", is{"type": "array", "minItems": 1, "maxItems": 100}, oas},
	{"CopyFileBatchRequest.files[]", is{"is": "CopyFileRequest"}, sdk},
	{"DeleteFileBatchRequest", request("files"), sdk},
	{"DeleteFileBatchRequest.files", is{"type": "array", "minItems": 1, "maxItems": 1000}, oas},
	{"DeleteFileBatchRequest.files[]", filePath, oas},

	// Transformations.
	{"ProcessFileAndSaveRequest", request(), sdk},
	{"ProcessFileAndSaveRequest.destination", is{"is": "FilePathDefinition"}, sdk},
	{"ProcessFileAndSaveRequest.extendedParams", is{"is": "TransformationParams"}, sdk},
	{"ProcessFileAndSaveRequest.metadata", is{"is": "CopyableArtifactMetadata"}, sdk},
	{"ProcessFileAndSaveRequest.tags", is{"is": "CopyableArtifactTags"}, sdk},
	{"CopyableArtifactMetadata", request(), sdk},
	{"CopyableArtifactMetadata.merge", offByDefault, sdk},
	{"CopyableArtifactMetadata.setForAllArtifacts", onByDefault, sdk},
	{"CopyableArtifactMetadata.value", is{"is": "FileMetadata"}, sdk},
	{"CopyableArtifactTags", request(), sdk},
	{"CopyableArtifactTags.merge", offByDefault, sdk},
	{"CopyableArtifactTags.setForAllArtifacts", onByDefault, sdk},
	{"CopyableArtifactTags.value", tags, readme},
	{"CopyableArtifactTags.value[]", tag, docs + ", " + oas},
	{"TransformationParams", is{"oneOf": []string{"TransformationParamGroup", "TransformationParamGroups"}}, sdk},
	{"TransformationParamGroup", is{"type": "object", "additionalProperties": "TransformationParamValue"}, sdk},
	{"TransformationParamValue", is{"oneOf": []is{{"type": "string"}, {"type": "number"}, {"type": "boolean"}}}, sdk},
	{"ProcessFileAndSaveResponse", is{
		"oneOf": []string{"ProcessFileAndSaveResponseSync", "ProcessFileAndSaveResponseAsync"},
	}, sdk + "; no discriminator " + decided},
	{"ProcessFileAndSaveResponseSync", object("accountId", "async", "filePath", "fileUrl"), sdk},
	{"ProcessFileAndSaveResponseSync.accountId", accountID, docs + ", " + oas},
	{"ProcessFileAndSaveResponseSync.async", is{"type": "boolean", "enum": []bool{false}}, sdk},
	{"ProcessFileAndSaveResponseSync.filePath", filePath, docs + ", " + oas},
	{"ProcessFileAndSaveResponseSync.fileUrl", fileURL, decided},
	{"ProcessFileAndSaveResponseSync.summary", anyObject, sdk + ", " + oas},
	{"ProcessFileAndSaveResponseAsync", object("accountId", "async", "created", "jobDocs", "jobId", "jobType", "jobUrl",
		"lastUpdated", "status", "summary"), sdk + "; error " + decided},
	{"ProcessFileAndSaveResponseAsync.accountId", accountID, docs + ", " + oas},
	{"ProcessFileAndSaveResponseAsync.async", is{"type": "boolean", "enum": []bool{true}}, sdk},
	{"ProcessFileAndSaveResponseAsync.created", fromZero, sdk + "; width " + decided},
	{"ProcessFileAndSaveResponseAsync.error", is{"is": "JobSummaryError"}, sdk},
	{"ProcessFileAndSaveResponseAsync.jobDocs", jobDocs, sdk},
	{"ProcessFileAndSaveResponseAsync.jobId", jobID, docs + ", " + oas},
	{"ProcessFileAndSaveResponseAsync.jobType", jobType, sdk + "; open list and pattern " + decided},
	{"ProcessFileAndSaveResponseAsync.jobUrl", jobURL, docs + "; pattern " + decided},
	{"ProcessFileAndSaveResponseAsync.lastUpdated", fromZero, sdk + "; width " + decided},
	{"ProcessFileAndSaveResponseAsync.status", jobStatus, sdk + "; open list " + decided},
	{"ProcessFileAndSaveResponseAsync.summary", is{"is": "JobWork"}, sdk},
	{"FileNotProcessed", is{"anyOf": []string{"JobSummary", "ErrorResponse"}}, sdk + "; shape " + decided},

	// Folders.
	{"PutFolderRequest", request("folderPath"), sdk},
	{"PutFolderRequest.allowUnnamedFolder", offByDefault, sdk},
	{"PutFolderRequest.folderPath", folderPath, docs + ", " + oas},
	{"PutFolderRequest.folderSettings", is{"is": "PatchFolderSettings"}, sdk},
	{"PatchFolderSettings", request(), sdk},
	{"PatchFolderSettings.description", is{"is": "UpdatableFolderDescription"}, sdk},
	{"PatchFolderSettings.publicPermissions", is{"is": "UpdatablePublicPermissions"}, sdk},
	{"PatchFolderSettings.storageLayer", is{"is": "UpdatableStorageLayer"}, sdk},
	{"UpdatableFolderDescription", is{"oneOf": []string{"UnspecifiedFieldValue", "SpecifiedFolderDescription"}}, sdk},
	{"UpdatablePublicPermissions", is{"oneOf": []string{"UnspecifiedFieldValue", "SpecifiedPublicPermissions"}}, sdk},
	{"UpdatableStorageLayer", is{"oneOf": []string{"UnspecifiedFieldValue", "SpecifiedStorageLayer"}}, sdk},
	{"UnspecifiedFieldValue", request("set"), sdk},
	{"UnspecifiedFieldValue.set", is{"type": "boolean", "enum": []bool{false}}, sdk},
	{"SpecifiedFolderDescription", request("set"), sdk},
	{"SpecifiedFolderDescription.set", is{"type": "boolean", "enum": []bool{true}}, sdk},
	{"SpecifiedFolderDescription.value", is{"type": "string", "minLength": 1, "maxLength": 100, "pattern": `^\S(.*?\S)?$`}, docs + ", " + oas},
	{"SpecifiedPublicPermissions", request("set"), sdk},
	{"SpecifiedPublicPermissions.set", is{"type": "boolean", "enum": []bool{true}}, sdk},
	{"SpecifiedPublicPermissions.value", is{"type": "array"}, sdk},
	{"SpecifiedPublicPermissions.value[]", is{"is": "PublicPermissions"}, sdk},
	{"SpecifiedStorageLayer", request("set"), sdk},
	{"SpecifiedStorageLayer.set", is{"type": "boolean", "enum": []bool{true}}, sdk},
	{"SpecifiedStorageLayer.value", is{"is": "StorageLayerUpdate"}, sdk},
	{"PublicPermissions", request("permissions", "scope"), sdk},
	{"PublicPermissions.permissions", is{"is": "PublicPermissionsGrants"}, sdk},
	{"PublicPermissions.scope", is{"type": "string", "enum": []string{"This", "Children", "Grandchildren+"}}, sdk},
	{"PublicPermissionsGrants", request("file"), sdk},
	{"PublicPermissionsGrants.file", is{"is": "FileDownloadGrants"}, sdk},
	{"FileDownloadGrants", request("downloadFile"), sdk},
	{"FileDownloadGrants.downloadFile", is{"type": "array", "maxItems": 10}, oas},
	{"FileDownloadGrants.downloadFile[]", slugPattern, docs + ", " + oas},
	{"FolderSummary", object("folderPath", "settings", "type", "virtual"), sdk},
	{"FolderSummary.folderPath", folderPath, docs + ", " + oas},
	{"FolderSummary.settings", is{"is": "FolderSettings"}, sdk},
	{"FolderSummary.type", is{"type": "string", "enum": []string{"Folder"}}, sdk},
	{"FolderSummary.virtual", boolean, sdk},
	{"FolderDetails", object("folderPath", "settings", "settingsInherited", "type", "virtual"), sdk},
	{"FolderDetails.folderPath", folderPath, docs + ", " + oas},
	{"FolderDetails.settings", is{"is": "FolderSettings"}, sdk},
	{"FolderDetails.settingsInherited", is{"is": "FolderSettingsInherited"}, sdk},
	{"FolderDetails.type", is{"type": "string", "enum": []string{"Folder"}}, sdk},
	{"FolderDetails.virtual", boolean, sdk},
	{"FolderSettings", object(), sdk},
	{"FolderSettings.description", is{"type": "string", "minLength": 1, "maxLength": 100, "pattern": `^\S(.*?\S)?$`}, docs + ", " + oas},
	{"FolderSettings.publicPermissions", is{"type": "array"}, sdk},
	{"FolderSettings.publicPermissions[]", is{"is": "PublicPermissions"}, sdk},
	{"FolderSettings.storageLayer", is{"is": "StorageLayerSummary"}, sdk},
	{"FolderSettingsInherited", object(), sdk},
	{"FolderSettingsInherited.publicPermissions", is{"is": "InheritedPublicPermissions"}, sdk},
	{"FolderSettingsInherited.storageLayer", is{"is": "InheritedStorageLayer"}, sdk},
	{"InheritedPublicPermissions", object("folderPath", "value"), sdk},
	{"InheritedPublicPermissions.folderPath", folderPath, docs + ", " + oas},
	{"InheritedPublicPermissions.value", is{"type": "array"}, sdk},
	{"InheritedPublicPermissions.value[]", is{"is": "PublicPermissions"}, sdk},
	{"InheritedStorageLayer", object("folderPath", "value"), sdk},
	{"InheritedStorageLayer.folderPath", folderPath, docs + ", " + oas},
	{"InheritedStorageLayer.value", is{"is": "StorageLayerSummary"}, sdk},
	{"ListFolderResponse", object("cursor", "folder", "isPaginationComplete", "items"), sdk},
	{"ListFolderResponse.cursor", notEmpty, sdk + "; no maximum " + decided},
	{"ListFolderResponse.folder", is{"is": "FolderSummary"}, sdk},
	{"ListFolderResponse.isPaginationComplete", boolean, sdk},
	{"ListFolderResponse.items", is{"type": "array", "maxItems": 1000}, oas},
	{"ListFolderResponse.items[]", is{"is": "ObjectSummary"}, sdk},
	{"ObjectSummary", is{
		"oneOf":         []string{"FileSummary", "FolderSummary"},
		"discriminator": discriminator("type", "File", "FileSummary", "Folder", "FolderSummary"),
	}, sdk},
	{"FileSummary", object("filePath", "fileUrl", "lastModified", "size", "type"), sdk},
	{"FileSummary.filePath", filePath, docs + ", " + oas},
	{"FileSummary.fileUrl", fileURL, decided},
	{"FileSummary.lastModified", fromZero, docs + "; width " + decided},
	{"FileSummary.size", fromZero, docs + "; width " + decided},
	{"FileSummary.type", is{"type": "string", "enum": []string{"File"}}, sdk},
	{"CopyFolderRequest", request("destination", "source"), sdk},
	{"CopyFolderRequest.copyFiles", onByDefault, sdk},
	{"CopyFolderRequest.copyOverriddenStorage", offByDefault, sdk},
	{"CopyFolderRequest.copyVirtualFolders", onByDefault, sdk},
	{"CopyFolderRequest.destination", folderPath, oas},
	{"CopyFolderRequest.metadata", is{"is": "CopyableFileMetadata"}, sdk},
	{"CopyFolderRequest.recursive", onByDefault, sdk},
	{"CopyFolderRequest.source", folderPath, oas},
	{"CopyFolderRequest.tags", is{"is": "CopyableFileTags"}, sdk},
	{"CopyFolderBatchRequest", request("folders"), sdk},
	{"CopyFolderBatchRequest.folders", is{"type": "array", "minItems": 1, "maxItems": 100}, oas},
	{"CopyFolderBatchRequest.folders[]", is{"is": "CopyFolderRequest"}, sdk},
	{"DeleteFolderRequest", request("folderPath"), sdk},
	{"DeleteFolderRequest.deleteFiles", onByDefault, sdk},
	{"DeleteFolderRequest.deleteVirtualFolders", onByDefault, sdk},
	{"DeleteFolderRequest.folderPath", folderPath, docs + ", " + oas},
	{"DeleteFolderRequest.recursive", onByDefault, sdk},
	{"DeleteFolderBatchRequest", request("folders"), sdk},
	{"DeleteFolderBatchRequest.folders", is{"type": "array", "minItems": 1, "maxItems": 1000}, oas},
	{"DeleteFolderBatchRequest.folders[]", is{"is": "DeleteFolderRequest"}, sdk},

	// Storage layers. The patterns of URLs are decided here; limits are those of the vendor's OpenAPI document.
	{"StorageLayerSummary", is{
		"oneOf": []string{
			"InternalStorageV1", "InternalStorageV2", "WebStorage", "S3Storage", "GenericS3Storage",
			"DigitalOceanStorage", "R2Storage", "GoogleStorage", "AzureReadOnlyStorage",
		},
		"discriminator": discriminator("type", "InternalStorageV1", "InternalStorageV1", "InternalStorageV2", "InternalStorageV2",
			"Web", "WebStorage", "S3", "S3Storage", "GenericS3", "GenericS3Storage", "DigitalOceanSpace", "DigitalOceanStorage",
			"R2", "R2Storage", "GoogleStorage", "GoogleStorage", "AzureReadOnly", "AzureReadOnlyStorage"),
	}, sdk},
	{"StorageLayerUpdate", is{
		"oneOf": []string{
			"InternalStorageV2", "WebStorage", "S3Storage", "GenericS3Storage",
			"DigitalOceanStorage", "R2Storage", "GoogleStorage", "AzureReadOnlyStorage",
		},
		"discriminator": discriminator("type", "InternalStorageV2", "InternalStorageV2",
			"Web", "WebStorage", "S3", "S3Storage", "GenericS3", "GenericS3Storage", "DigitalOceanSpace", "DigitalOceanStorage",
			"R2", "R2Storage", "GoogleStorage", "GoogleStorage", "AzureReadOnly", "AzureReadOnlyStorage"),
	}, sdk},
	{"InternalStorageV1", object("type"), sdk},
	{"InternalStorageV1.type", is{"type": "string", "enum": []string{"InternalStorageV1"}}, sdk},
	{"InternalStorageV2", request("type"), sdk},
	{"InternalStorageV2.mount", folderPath, sdk},
	{"InternalStorageV2.type", is{"type": "string", "enum": []string{"InternalStorageV2"}}, sdk},
	{"WebStorage", request("type"), sdk},
	{"WebStorage.appendQueryString", notEmpty, sdk + "; minimum " + decided},
	{"WebStorage.baseUrl", httpURL, sdk},
	{"WebStorage.queryStringForwarding", is{"is": "WebStorageQueryStringForwarding"}, sdk},
	{"WebStorage.type", is{"type": "string", "enum": []string{"Web"}}, sdk},
	{"WebStorageQueryStringForwarding", request("parameters", "type"), sdk},
	{"WebStorageQueryStringForwarding.parameters", is{"type": "array"}, sdk},
	{"WebStorageQueryStringForwarding.parameters[]", is{"is": "WebStorageQueryStringParam"}, sdk},
	{"WebStorageQueryStringForwarding.type", is{"type": "string", "enum": []string{"Whitelist", "Blacklist"}}, sdk},
	{"WebStorageQueryStringParam", request("name"), sdk},
	{"WebStorageQueryStringParam.name", notEmpty, sdk + "; minimum " + decided},
	{"S3Storage", request("bucket", "credentials", "type", "useAbsolutePaths", "useTransferAcceleration"), sdk},
	{"S3Storage.bucket", is{"is": "S3Bucket"}, sdk},
	{"S3Storage.credentials", is{"is": "S3StorageCredentials"}, sdk},
	{"S3Storage.type", is{"type": "string", "enum": []string{"S3"}}, sdk},
	{"S3Storage.useAbsolutePaths", boolean, sdk},
	{"S3Storage.useTransferAcceleration", boolean, sdk},
	{"S3Bucket", request("bucketName", "bucketRegion", "objectKeyPrefix"), sdk},
	{"S3Bucket.bucketName", bucketName, oas},
	{"S3Bucket.bucketRegion", is{"type": "string", "enum": []string{
		"us-east-2", "us-east-1", "us-west-1", "us-west-2", "af-south-1", "ap-east-1", "ap-south-2", "ap-southeast-3",
		"ap-southeast-4", "ap-south-1", "ap-northeast-3", "ap-northeast-2", "ap-southeast-1", "ap-southeast-2",
		"ap-northeast-1", "ca-central-1", "ca-west-1", "eu-central-1", "eu-west-1", "eu-west-2", "eu-south-1", "eu-west-3",
		"eu-south-2", "eu-north-1", "eu-central-2", "il-central-1", "me-south-1", "me-central-1", "sa-east-1",
	}}, sdk},
	{"S3Bucket.objectKeyPrefix", objectKeyPrefix, oas},
	{"S3StorageCredentials", credentialsOf("awsAccessKey", "awsSecretKey"), sdk},
	{"S3StorageCredentials.awsAccessKey", accessKey, oas},
	{"S3StorageCredentials.awsSecretKey", secretKey, oas},
	{"GenericS3Storage", request("bucket", "credentials", "type", "useAbsolutePaths"), sdk},
	{"GenericS3Storage.bucket", is{"is": "GenericS3Bucket"}, sdk},
	{"GenericS3Storage.credentials", is{"is": "GenericS3StorageCredentials"}, sdk},
	{"GenericS3Storage.type", is{"type": "string", "enum": []string{"GenericS3"}}, sdk},
	{"GenericS3Storage.useAbsolutePaths", boolean, sdk},
	{"GenericS3Bucket", request("bucketEndpoint", "bucketName", "bucketRegion", "forcePathStyle", "objectKeyPrefix", "unsupportedOperations"), sdk},
	{"GenericS3Bucket.bucketEndpoint", httpURL, sdk},
	{"GenericS3Bucket.bucketName", bucketName, oas},
	{"GenericS3Bucket.bucketRegion", anyString, sdk},
	{"GenericS3Bucket.forcePathStyle", boolean, sdk},
	{"GenericS3Bucket.objectKeyPrefix", objectKeyPrefix, oas},
	{"GenericS3Bucket.unsupportedOperations", is{"type": "array", "maxItems": 1}, sdk + "; maximum " + decided},
	{"GenericS3Bucket.unsupportedOperations[]", is{"type": "string", "enum": []string{"DeleteObjects"}}, sdk},
	{"GenericS3StorageCredentials", credentialsOf("accessKey", "secretKey"), sdk},
	{"GenericS3StorageCredentials.accessKey", accessKey, oas},
	{"GenericS3StorageCredentials.secretKey", secretKey, oas},
	{"DigitalOceanStorage", request("bucket", "credentials", "type", "useAbsolutePaths"), sdk},
	{"DigitalOceanStorage.bucket", is{"is": "DigitalOceanSpace"}, sdk},
	{"DigitalOceanStorage.credentials", is{"is": "DigitalOceanStorageCredentials"}, sdk},
	{"DigitalOceanStorage.type", is{"type": "string", "enum": []string{"DigitalOceanSpace"}}, sdk},
	{"DigitalOceanStorage.useAbsolutePaths", boolean, sdk},
	{"DigitalOceanSpace", request("bucketName", "bucketRegion", "objectKeyPrefix"), sdk},
	{"DigitalOceanSpace.bucketName", bucketName, oas},
	{"DigitalOceanSpace.bucketRegion", is{"type": "string", "minLength": 4, "maxLength": 4, "pattern": `^[a-z]{3}\d$`}, oas},
	{"DigitalOceanSpace.objectKeyPrefix", objectKeyPrefix, oas},
	{"DigitalOceanStorageCredentials", credentialsOf("spacesAccessKey", "spacesSecretKey"), sdk},
	{"DigitalOceanStorageCredentials.spacesAccessKey", accessKey, oas},
	{"DigitalOceanStorageCredentials.spacesSecretKey", secretKey, oas},
	{"R2Storage", request("bucket", "cloudflareAccountId", "credentials", "type", "useAbsolutePaths"), sdk},
	{"R2Storage.bucket", is{"is": "R2Bucket"}, sdk},
	{"R2Storage.cloudflareAccountId", is{"type": "string", "minLength": 1, "maxLength": 64}, oas},
	{"R2Storage.credentials", is{"is": "R2StorageCredentials"}, sdk},
	{"R2Storage.type", is{"type": "string", "enum": []string{"R2"}}, sdk},
	{"R2Storage.useAbsolutePaths", boolean, sdk},
	{"R2Bucket", request("bucketName", "objectKeyPrefix"), sdk},
	{"R2Bucket.bucketName", bucketName, oas},
	{"R2Bucket.objectKeyPrefix", objectKeyPrefix, oas},
	{"R2StorageCredentials", credentialsOf("r2AccessKey", "r2SecretKey"), sdk},
	{"R2StorageCredentials.r2AccessKey", accessKey, oas},
	{"R2StorageCredentials.r2SecretKey", secretKey, oas},
	{"GoogleStorage", request("bucket", "credentials", "type", "useAbsolutePaths"), sdk},
	{"GoogleStorage.bucket", is{"is": "GoogleBucket"}, sdk},
	{"GoogleStorage.credentials", is{"is": "GoogleStorageCredentials"}, sdk},
	{"GoogleStorage.type", is{"type": "string", "enum": []string{"GoogleStorage"}}, sdk},
	{"GoogleStorage.useAbsolutePaths", boolean, sdk},
	{"GoogleBucket", request("bucketName", "objectKeyPrefix"), sdk},
	{"GoogleBucket.bucketName", bucketName, oas},
	{"GoogleBucket.objectKeyPrefix", objectKeyPrefix, oas},
	{"GoogleStorageCredentials", credentialsOf("googleAccessKey", "googleSecretKey"), sdk},
	{"GoogleStorageCredentials.googleAccessKey", accessKey, oas},
	{"GoogleStorageCredentials.googleSecretKey", secretKey, oas},
	{"AzureReadOnlyStorage", request("azureStorage", "credentials", "type", "useAbsolutePaths"), sdk},
	{"AzureReadOnlyStorage.azureStorage", is{"is": "AzureContainer"}, sdk},
	{"AzureReadOnlyStorage.credentials", is{"is": "AzureStorageCredentials"}, sdk},
	{"AzureReadOnlyStorage.type", is{"type": "string", "enum": []string{"AzureReadOnly"}}, sdk},
	{"AzureReadOnlyStorage.useAbsolutePaths", boolean, sdk},
	{"AzureContainer", request("accountName", "blobNamePrefix", "containerName"), sdk},
	{"AzureContainer.accountName", notEmpty, sdk + "; minimum " + decided},
	{"AzureContainer.blobNamePrefix", anyString, sdk},
	{"AzureContainer.containerName", notEmpty, sdk + "; minimum " + decided},
	{"AzureStorageCredentials", credentialsOf("sasToken"), sdk},
	{"AzureStorageCredentials.sasToken", notEmpty, sdk + "; minimum " + decided},

	// Jobs and caches.
	{"AsyncResponse", object("jobDocs", "jobId", "jobType", "jobUrl"), sdk},
	{"AsyncResponse.jobDocs", jobDocs, sdk},
	{"AsyncResponse.jobId", jobID, docs + ", " + oas},
	{"AsyncResponse.jobType", jobType, sdk + "; open list and pattern " + decided},
	{"AsyncResponse.jobUrl", jobURL, docs + "; pattern " + decided},
	{"JobSummary", object("accountId", "created", "jobDocs", "jobId", "jobType", "jobUrl", "lastUpdated", "status", "summary"),
		sdk + "; error " + decided},
	{"JobSummary.accountId", accountID, docs + ", " + oas},
	{"JobSummary.created", fromZero, sdk + "; width " + decided},
	{"JobSummary.error", is{"is": "JobSummaryError"}, sdk},
	{"JobSummary.jobDocs", jobDocs, sdk},
	{"JobSummary.jobId", jobID, docs + ", " + oas},
	{"JobSummary.jobType", jobType, sdk + "; open list and pattern " + decided},
	{"JobSummary.jobUrl", jobURL, docs + "; pattern " + decided},
	{"JobSummary.lastUpdated", fromZero, sdk + "; width " + decided},
	{"JobSummary.status", jobStatus, sdk + "; open list " + decided},
	{"JobSummary.summary", is{"is": "JobWork"}, sdk},
	{"JobWork", anyObject, sdk},
	{"JobSummaryError", object("code", "message", "timestamp").with("nullable", true), sdk},
	{"JobSummaryError.code", errorCode, docs + ", " + oas},
	{"JobSummaryError.details", is{"anyOf": []is{
		{"type": "object", "nullable": true, "additionalProperties": true}, {"type": "array", "items": is{}},
		{"type": "string"}, {"type": "number"}, {"type": "boolean"},
	}}, sdk},
	{"JobSummaryError.message", notEmpty, docs},
	{"JobSummaryError.timestamp", is{"type": "string", "format": "date-time", "minLength": 24, "maxLength": 24}, docs + ", " + sdk},
	{"ListRecentJobsResponse", object("items"), sdk},
	{"ListRecentJobsResponse.items", is{"type": "array"}, sdk},
	{"ListRecentJobsResponse.items[]", is{"is": "JobSummary"}, sdk},
	{"ResetCacheRequest", request("pattern", "resetEdgeCache", "resetPermanentCache"), sdk},
	{"ResetCacheRequest.pattern", is{"type": "string", "minLength": 1, "maxLength": 1000, "pattern": `^/[^*]*\*?$`}, sdk + "; limits " + decided},
	{"ResetCacheRequest.resetEdgeCache", boolean, sdk},
	{"ResetCacheRequest.resetPermanentCache", boolean, sdk},

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
	{"DownloadFile query path", filePath, docs},
	{"DownloadFile query auth", offByDefault.with("deprecated", true), sdk},
	{"DownloadFile header Range", anyString, rfc},
	{"DownloadFile header If-Range", anyString, rfc},
	{"DownloadFile header If-None-Match", anyString, rfc},
	{"DownloadFile header If-Modified-Since", anyString, rfc},
	{"CopyFile path accountId", accountID.with("required", true), docs + ", " + oas},
	{"CopyFileBatch path accountId", accountID.with("required", true), docs + ", " + oas},
	{"DeleteFileBatch path accountId", accountID.with("required", true), docs + ", " + oas},
	{"PutFolder path accountId", accountID.with("required", true), docs + ", " + oas},
	{"GetFolderDetails path accountId", accountID.with("required", true), docs + ", " + oas},
	{"DeleteFolder path accountId", accountID.with("required", true), docs + ", " + oas},
	{"DeleteFolderBatch path accountId", accountID.with("required", true), docs + ", " + oas},
	{"ListFolder path accountId", accountID.with("required", true), docs + ", " + oas},
	{"CopyFolder path accountId", accountID.with("required", true), docs + ", " + oas},
	{"CopyFolderBatch path accountId", accountID.with("required", true), docs + ", " + oas},
	{"GetJob path accountId", accountID.with("required", true), docs + ", " + oas},
	{"CancelJob path accountId", accountID.with("required", true), docs + ", " + oas},
	{"ListRecentJobs path accountId", accountID.with("required", true), docs + ", " + oas},
	{"ResetCache path accountId", accountID.with("required", true), docs + ", " + oas},
	{"ProcessFile path accountId", accountID.with("required", true), docs + ", " + oas},
	{"ProcessFileAndSave path accountId", accountID.with("required", true), docs + ", " + oas},
	{"GetFolderDetails query folderPath", folderPath.with("required", true), sdk + ", " + oas},
	{"ListFolder query folderPath", folderPath.with("required", true), sdk + ", " + oas},
	{"ListFolder query cursor", notEmpty, sdk + "; no maximum " + decided},
	{"ListFolder query dryRun", offByDefault, sdk},
	{"ListFolder query includeFiles", onByDefault, sdk},
	{"ListFolder query includeOverriddenStorage", onByDefault, sdk},
	{"ListFolder query includePhysicalFolders", onByDefault, sdk},
	{"ListFolder query includeVirtualFolders", onByDefault, sdk},
	{"ListFolder query limit", fromOne.with("maximum", 1000), sdk + ", " + oas + "; width " + decided},
	{"ListFolder query recursive", offByDefault, sdk},
	{"GetJob path jobType", jobType.with("required", true), sdk + "; open list and pattern " + decided},
	{"GetJob path jobId", jobID.with("required", true), docs + ", " + oas},
	{"CancelJob path jobType", jobType.with("required", true), sdk + "; open list and pattern " + decided},
	{"CancelJob path jobId", jobID.with("required", true), docs + ", " + oas},
	{"ListRecentJobs query jobType", is{"type": "array", "minItems": 1, "required": true}, sdk + ", " + oas + "; minimum " + decided},
	{"ListRecentJobs query jobType[]", jobType, sdk + "; open list and pattern " + decided},
	{"ProcessFileAndSave path transformation", slug.with("required", true), docs + ", " + oas},
	{"ProcessFileAndSave path filePath", filePath.with("required", true), docs + ", " + oas},
	{"ProcessFileAndSave query transformationParams", is{"is": "TransformationParamGroup"}, sdk},
	{"ProcessFile path transformation", slug.with("required", true), docs + ", " + oas},
	{"ProcessFile path filePath", filePath.with("required", true), docs + ", " + oas},
	{"ProcessFile query transformationParams", is{"is": "TransformationParamGroup"}, sdk},
	{"ProcessFile query artifact", artifactPath, sdk},
	{"ProcessFile query a", artifactPath, docs},
	{"ProcessFile query cache", onByDefault, sdk},
	{"ProcessFile query cache-only", offByDefault, sdk},
	{"ProcessFile query cache_only", offByDefault.with("deprecated", true), oas},
	{"ProcessFile query cache-perm", is{"type": "string", "enum": []string{"auto", "true", "false"}}, sdk},
	{"ProcessFile query cache_perm", is{"type": "string", "enum": []string{"auto", "true", "false"}, "deprecated": true}, oas},
	{"ProcessFile query cache-ttl", fromZero, sdk + "; type and minimum " + decided},
	{"ProcessFile query cache-ttl-404", fromZero, sdk + "; type and minimum " + decided},
	{"ProcessFile query cache_ttl", fromZero.with("deprecated", true), oas + "; type and minimum " + decided},
	{"ProcessFile query cache_ttl_404", fromZero.with("deprecated", true), oas + "; type and minimum " + decided},
	{"ProcessFile query download", offByDefault, docs + ", " + sdk},
	{"ProcessFile query exp", is{"type": "string", "pattern": `^(?:inf|[0-9]+)$`, "default": "inf"}, sdk},
	{"ProcessFile query version", anyString, docs + ", " + sdk},
	{"ProcessFile query v", anyString, docs + ", " + sdk},
	{"ProcessFile query sig", anyString, docs},
	{"ProcessFile query enc", anyString, docs},
	{"ProcessFile query path", filePath, docs},
	{"ProcessFile query auth", offByDefault.with("deprecated", true), sdk},
	{"ProcessFile header Range", anyString, rfc},
	{"ProcessFile header If-Range", anyString, rfc},
	{"ProcessFile header If-None-Match", anyString, rfc},
	{"ProcessFile header If-Modified-Since", anyString, rfc},
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

// The types of jobs that Go has names for are the known ones.
func TestKnownJobTypes(t *testing.T) {
	var named []string
	for _, kind := range gen.JobTypes() {
		named = append(named, string(kind))
	}
	if diff := cmp.Diff(jobType["x-extensible-enum"], any(named)); diff != "" {
		t.Errorf("not the known types (-known +gen)\n%s", diff)
	}
}
