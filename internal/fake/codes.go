package fake

import (
	"cmp"
	"fmt"
	"slices"
)

// Code is an error code of the API with the status it comes with.
type Code struct {
	Code    string // ^[a-z0-9_]+$
	Status  int
	Meaning string // for the docs, and the message unless a Refusal says more
	Vendor  bool   // seen at the real service; all others are ours
}

// codes are all that were made by ours and vendors.
var codes []Code

func ours(code string, status int, meaning string) Code {
	codes = append(codes, Code{Code: code, Status: status, Meaning: meaning})
	return codes[len(codes)-1]
}

func vendors(code string, status int, meaning string) Code {
	codes = append(codes, Code{Code: code, Status: status, Meaning: meaning, Vendor: true})
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
	CodeInvalidRequest   = ours("request_invalid", 400, "The request breaks a rule of the API description.")
	CodeMetadataTooLarge = ours("metadata_too_large", 400, "Metadata is limited to 2048 bytes of compact JSON.")
	CodePathInvalid      = ours("path_invalid", 400, "The path, after its variables are replaced, is not a valid file path.")
	CodePathConflict     = ours("path_parameters_conflict", 400, "These path parameters cannot be given together.")
	CodeETagMismatch     = ours("etag_mismatch", 400, "The etag is not the one that the part's PUT was answered with.")
	CodePartNotUploaded  = ours("part_not_uploaded", 400, "No bytes have arrived for this part.")
	CodeSourceRefused    = ours("source_refused", 400, "The source address may not be fetched.")
	CodeSourceFailed     = ours("source_failed", 400, "The source could not be fetched.")
	CodeSourceTimeout    = ours("source_timeout", 400, "The source was not fetched in time.")

	CodeAuthMissing  = ours("credentials_missing", 401, "Send an Authorization header with the Basic or Bearer scheme.")
	CodeAuthDenied   = vendors("authentication_failed_credentials_denied", 401, "Unauthenticated: invalid credentials.")
	CodeTokenExpired = ours("authentication_token_expired", 401, "The JWT has expired.")

	CodeAccountMismatch = ours("account_mismatch", 403, "The credentials belong to another account than the one in the path.")
	CodeForbidden       = ours("permission_denied", 403, "The credentials do not allow this.")
	CodeFileExists      = ours("file_exists", 403, "A file exists at this path and the credentials do not allow to replace it.")
	CodePathExhausted   = ours("path_exhausted", 403, "No free path was found for the unique digits.")

	CodeFileNotFound     = ours("file_not_found", 404, "No file at this path.")
	CodeContentDiscarded = ours("content_discarded", 404, "This server discards the bytes of files.")
	CodeUploadNotFound   = ours("upload_not_found", 404, "No such upload, or it has expired.")
	CodePartNotFound     = ours("upload_part_not_found", 404, "The upload has no part with this index.")
	CodeRouteNotFound    = ours("route_unknown", 404, "No such operation.")
	CodeMethodInvalid    = ours("method_not_allowed", 405, "The address does not support this method.")
	CodeRequestTooLarge  = ours("request_too_large", 413, "The JSON body is larger than 256 KiB.")
	CodeFileTooLarge     = ours("file_too_large", 413, "The file is larger than allowed.")
	CodeRangeInvalid     = ours("range_not_satisfiable", 416, "The byte range lies outside the file.")

	CodeResponseInvalid = ours("response_invalid", 500, "The answer would have broken a rule of the API description.")
	CodeInternal        = ours("internal_error", 500, "The server failed.")
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
