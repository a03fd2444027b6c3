package fake

import "fmt"

// Code is an error code of the API with the status it comes with.
type Code struct {
	Code    string // ^[a-z0-9_]+$
	Status  int
	Meaning string // for the docs, and the message unless a Refusal says more
	Vendor  bool   // seen at the real service; all others are ours
}

// The codes. The vendor publishes no list: statuses follow what is known, the
// names are ours unless Vendor is set.
var (
	CodeInvalidRequest   = Code{Code: "request_invalid", Status: 400, Meaning: "The request breaks a rule of the API description."}
	CodeMetadataTooLarge = Code{Code: "metadata_too_large", Status: 400, Meaning: "Metadata is limited to 2048 bytes of compact JSON."}
	CodePathInvalid      = Code{Code: "path_invalid", Status: 400, Meaning: "The path, after its variables are replaced, is not a valid file path."}
	CodePathConflict     = Code{Code: "path_parameters_conflict", Status: 400, Meaning: "These path parameters cannot be given together."}
	CodeETagMismatch     = Code{Code: "etag_mismatch", Status: 400, Meaning: "The etag is not the one that the part's PUT was answered with."}
	CodePartNotUploaded  = Code{Code: "part_not_uploaded", Status: 400, Meaning: "No bytes have arrived for this part."}
	CodeSourceRefused    = Code{Code: "source_refused", Status: 400, Meaning: "The source address may not be fetched."}
	CodeSourceFailed     = Code{Code: "source_failed", Status: 400, Meaning: "The source could not be fetched."}
	CodeSourceTimeout    = Code{Code: "source_timeout", Status: 400, Meaning: "The source was not fetched in time."}
	CodeRangeInvalid     = Code{Code: "range_not_satisfiable", Status: 416, Meaning: "The byte range lies outside the file."}

	CodeAuthMissing  = Code{Code: "credentials_missing", Status: 401, Meaning: "Send an Authorization header with the Basic or Bearer scheme."}
	CodeAuthDenied   = Code{Code: "authentication_failed_credentials_denied", Status: 401, Meaning: "Unauthenticated: invalid credentials.", Vendor: true}
	CodeTokenExpired = Code{Code: "authentication_token_expired", Status: 401, Meaning: "The JWT has expired."}

	CodeAccountMismatch = Code{Code: "account_mismatch", Status: 403, Meaning: "The credentials belong to another account than the one in the path."}
	CodeForbidden       = Code{Code: "permission_denied", Status: 403, Meaning: "The credentials do not allow this."}
	CodeFileExists      = Code{Code: "file_exists", Status: 403, Meaning: "A file exists at this path and the credentials do not allow to replace it."}
	CodePathExhausted   = Code{Code: "path_exhausted", Status: 403, Meaning: "No free path was found for the unique digits."}

	CodeFileNotFound     = Code{Code: "file_not_found", Status: 404, Meaning: "No file at this path."}
	CodeContentDiscarded = Code{Code: "content_discarded", Status: 404, Meaning: "This server discards the bytes of files."}
	CodeUploadNotFound   = Code{Code: "upload_not_found", Status: 404, Meaning: "No such upload, or it has expired."}
	CodePartNotFound     = Code{Code: "upload_part_not_found", Status: 404, Meaning: "The upload has no part with this index."}
	CodeRouteNotFound    = Code{Code: "route_unknown", Status: 404, Meaning: "No such operation."}
	CodeMethodInvalid    = Code{Code: "method_not_allowed", Status: 405, Meaning: "The address does not support this method."}
	CodeLengthRequired   = Code{Code: "content_length_required", Status: 411, Meaning: "Send a Content-Length; chunked bodies are refused."}
	CodeFileTooLarge     = Code{Code: "file_too_large", Status: 413, Meaning: "The file is larger than allowed."}

	CodeInternal = Code{Code: "internal_error", Status: 500, Meaning: "The server failed."}
)

// Refusal is an error that is answered with a code.
type Refusal struct {
	Code    Code
	Message string         // "" means the meaning of the code
	Details map[string]any // keyed by field, for validation
}

// Refuse makes a *Refusal whose message is formatted like fmt.Sprintf.
func Refuse(code Code, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Error returns the code and the message.
func (r *Refusal) Error() string { return r.Code.Code + ": " + r.message() }

func (r *Refusal) message() string {
	if r.Message == "" {
		return r.Code.Meaning
	}
	return r.Message
}
