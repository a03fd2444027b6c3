package contract

import (
	"fmt"
	"net/http"
)

// PutPart is the name of the operation in violations of the PUT of an upload part. The document has no
// such operation, because the service chooses the URL and its host.
const PutPart = "PutPart"

// checkPut validates the PUT of a part of known length.
func checkPut(r *http.Request, length int64) []Violation {
	var found []Violation
	breaks := func(in Location, at, rule, message string) {
		found = append(found, Violation{
			Operation: PutPart, Direction: Request, Location: in, Pointer: at, Rule: rule, Message: message,
		})
	}
	has := r.Body != nil && r.Body != http.NoBody
	switch {
	case len(r.TransferEncoding) > 0 || r.ContentLength < 0 || (has && r.ContentLength == 0):
		breaks(InHeader, "/Content-Length", "required", "is required, chunked encoding is not supported")
	case r.ContentLength != length || (!has && length > 0):
		breaks(InHeader, "/Content-Length", RuleLength, fmt.Sprintf("must be %d, the length of the part", length))
	}
	for _, header := range append([]string{"Cookie"}, credentialHeaders...) {
		if len(r.Header.Values(header)) > 0 {
			breaks(InHeader, pointer("", header), RuleCredentials, "must not be sent to storage")
		}
	}
	return found
}

// checkPutAnswer validates the answer of storage.
func checkPutAnswer(status int, header http.Header) []Violation {
	if status/100 != 2 || header.Get("Etag") != "" {
		return nil
	}
	return []Violation{{
		Operation: PutPart, Direction: Response, Status: status, Location: InHeader,
		Pointer: "/Etag", Rule: "required", Message: "is required",
	}}
}
