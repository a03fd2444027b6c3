// Package refusal lists the error codes with which the fake service refuses
// requests.
package refusal

import (
	"cmp"
	"fmt"
	"slices"
)

// Code is an error code of the API with the status it comes with.
type Code struct {
	Name    string // ^[a-z0-9_]+$
	Status  int
	Meaning string // for the docs, and the message unless an Error has another one
	Vendor  bool   // seen at the real service; all others are ours
}

// codes collects what ours and vendors define.
var codes []Code

func ours(code string, status int, meaning string) Code {
	codes = append(codes, Code{Name: code, Status: status, Meaning: meaning})
	return codes[len(codes)-1]
}

func vendors(code string, status int, meaning string) Code {
	codes = append(codes, Code{Name: code, Status: status, Meaning: meaning, Vendor: true})
	return codes[len(codes)-1]
}

// Codes lists all error codes of the API, by status.
func Codes() []Code {
	return slices.SortedStableFunc(slices.Values(codes), func(a, b Code) int { return cmp.Compare(a.Status, b.Status) })
}

// The codes. The vendor publishes no list: statuses follow what is known, the
// names are ours unless the vendor's is known. Those that the contract
// validator answers with are the same here.
var (
	InvalidRequest   = ours("request_invalid", 400, "The request breaks a rule of the API description.")
	MetadataTooLarge = ours("metadata_too_large", 400, "Metadata is limited to 2048 bytes of compact JSON.")
	PathInvalid      = ours("path_invalid", 400, "The path, after its variables are replaced, is not a valid file path.")
	PathConflict     = ours("path_parameters_conflict", 400, "These path parameters cannot be given together.")
	ETagMismatch     = ours("etag_mismatch", 400, "The etag is not the one that the part's PUT was answered with.")
	PartNotUploaded  = ours("part_not_uploaded", 400, "No bytes have arrived for this part.")
	SourceRefused    = ours("source_refused", 400, "The source address may not be fetched.")
	SourceFailed     = ours("source_failed", 400, "The source could not be fetched.")
	SourceTimeout    = ours("source_timeout", 400, "The source was not fetched in time.")

	TagsTooMany          = ours("tags_too_many", 400, "A file has at most 25 tags.")
	CursorInvalid        = ours("cursor_invalid", 400, "The cursor is not one of this list.")
	FolderUnnamed        = ours("folder_unnamed", 400, "A folder path that ends with a slash needs allowUnnamedFolder.")
	CopyIntoItself       = ours("copy_into_itself", 400, "A folder cannot be copied into itself.")
	OptionsConflict      = ours("options_conflict", 400, "copyOverriddenStorage needs copyVirtualFolders set to false.")
	NothingToReset       = ours("nothing_to_reset", 400, "At least one of the caches has to be reset.")
	JobTypeUnknown       = ours("job_type_unknown", 400, "There is no such type of job.")
	TransformationFailed = ours("transformation_failed", 400, "The file could not be transformed.")

	CredentialsMissing = ours("credentials_missing", 401, "Send an Authorization header with the Basic or Bearer scheme.")
	CredentialsDenied  = vendors("authentication_failed_credentials_denied", 401, "Unauthenticated: invalid credentials.")
	TokenExpired       = ours("authentication_token_expired", 401, "The JWT has expired.")

	AccountMismatch  = ours("account_mismatch", 403, "The credentials belong to another account than the one in the path.")
	PermissionDenied = ours("permission_denied", 403, "The credentials do not allow this.")
	TokenOrigin      = ours("token_origin_not_allowed", 403, "The JWT may not be used by pages of this origin.")
	URLSignature     = ours("url_signature_invalid", 403, "The signature of the URL is not valid.")
	URLExpired       = ours("url_expired", 403, "The URL has expired.")
	FileExists       = ours("file_exists", 403, "A file exists at this path and the credentials do not allow to replace it.")
	PathExhausted    = ours("path_exhausted", 403, "No free path was found for the unique digits.")
	TooManyUploads   = ours("too_many_uploads", 403, "Too many uploads are in progress. Complete some, or wait until they expire.")

	FileNotFound        = ours("file_not_found", 404, "No file at this path.")
	ContentDiscarded    = ours("content_discarded", 404, "This server discards the bytes of files.")
	UploadNotFound      = ours("upload_not_found", 404, "No such upload, or it has expired.")
	PartNotFound        = ours("upload_part_not_found", 404, "The upload has no part with this index.")
	JobNotFound         = ours("job_not_found", 404, "No such job of this type.")
	NoTransformation    = ours("transformation_not_found", 404, "There is no such transformation or preset.")
	NoArtifact          = ours("artifact_not_found", 404, "The transformation has no such output file.")
	NotCached           = ours("not_cached", 404, "No result is cached.")
	RouteUnknown        = ours("route_unknown", 404, "No such operation.")
	MethodNotAllowed    = ours("method_not_allowed", 405, "The address does not support this method.")
	RequestTooLarge     = ours("request_too_large", 413, "The JSON body is larger than allowed.")
	FileTooLarge        = ours("file_too_large", 413, "The file is larger than allowed.")
	FormTooLarge        = ours("form_too_large", 413, "The form has more than 100 parts, or a part whose header is larger than 8 KiB.")
	RangeNotSatisfiable = ours("range_not_satisfiable", 416, "The byte range lies outside the file.")

	TooManyJobs = ours("too_many_jobs", 429, "Too many jobs are not over yet.")

	ResponseInvalid = ours("response_invalid", 500, "The answer would have broken a rule of the API description.")
	Internal        = ours("internal_error", 500, "The server failed.")
	StorageExternal = ours("storage_external", 501, "The fake serves only internal storage, without mounts.")
	StorageFull     = ours("storage_full", 507, "The server has no room for more.")
)

// Error is an error that the service answers with a code.
type Error struct {
	Code    Code
	Message string         // "" means the meaning of the code
	Details map[string]any // keyed by field
}

// Errorf returns an Error whose message is formatted like fmt.Sprintf.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Error returns the code and the message.
func (e *Error) Error() string { return e.Code.Name + ": " + e.Text() }

// Text returns the message of the answer.
func (e *Error) Text() string {
	if e.Message == "" {
		return e.Code.Meaning
	}
	return e.Message
}
