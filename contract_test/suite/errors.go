package suite

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// jwt is an unsigned token of the account; the fake does not check signatures.
func jwt(claims string) string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"RS256"}`)) + "." + part([]byte(claims)) + "." + part([]byte("signature"))
}

// checkOwnErrors makes the service refuse what is well-formed, for reasons of its own.
func checkOwnErrors(w *world) {
	details, remove, begin := operationOf("GetFileDetails"), operationOf("DeleteFile"), operationOf("BeginMultipartUpload")
	with := func(r *http.Request, authorization, token string) *http.Request {
		credentials{"", authorization, token}.set(r.Header)
		return r
	}
	missing := "filePath=%2Fmissing"
	everything := jwt(`{"accountId":"` + account + `","access":{"pathPermissions":[{"permissions":{"read":{"file":{"getFileDetails":true}},"write":{"file":{"deleteFile":true}}}}]}}`)
	for _, test := range []struct {
		what   string
		r      *http.Request
		status int
	}{
		{"details of a missing file", details.requestWith(w, details.path, missing, nil), 404},
		{"deleting a missing file", remove.requestWith(w, remove.path, missing, nil), 404},
		{"an unknown upload", operationOf("ListUploadParts").request(w), 404},
		{"a part of an unknown upload", operationOf("GetUploadPart").request(w), 404},
		{"completing a part of an unknown upload", operationOf("CompleteUploadPart").request(w), 404},
		{"a malformed key", with(details.request(w), "Bearer secret_short", ""), 401},
		{"another account", with(details.request(w), "Bearer secret_W142hJkother", ""), 403},
		{"deleting with a public key", with(remove.requestWith(w, remove.path, missing, nil), "Bearer "+publicKey, ""), 403},
		{"deleting with a public key and a token", with(remove.requestWith(w, remove.path, missing, nil), "Bearer "+publicKey, everything), 404},
		{"details with a token alone as bearer", with(details.requestWith(w, details.path, missing, nil), "Bearer "+everything, ""), 404},
		{"an expired token", with(details.request(w), "Bearer "+publicKey, jwt(`{"accountId":"`+account+`","exp":1}`)), 401},
		{"a file that is too large", begin.requestWith(w, begin.path, "", []byte(`{"size":`+strconv.Itoa(maxFileSize+1)+`}`)), 413},
		{"metadata beyond 2 KB", begin.requestWith(w, begin.path, "", []byte(`{"size":1,"metadata":{"a":"`+strings.Repeat("a", 2048)+`"}}`)), 400},
	} {
		response, err := w.strict.RoundTrip(test.r)
		switch {
		case err != nil:
			w.fail("%s: %v", test.what, err)
		case response.StatusCode != test.status:
			w.fail("%s: status %d, not %d", test.what, response.StatusCode, test.status)
		default:
			w.documentedError(response, test.what)
		}
	}
}

// checkFaults scripts every documented failure of every operation.
func checkFaults(w *world) {
	for i := range operations {
		op := &operations[i]
		for _, status := range op.errors {
			what := fmt.Sprintf("%s failing with %d", op.id, status)
			fault := fault.Fault{Operation: op.id, Kind: fault.Status, Status: status}
			if status == http.StatusTooManyRequests {
				fault.RetryAfter = "2"
			}
			if err := w.service.Fail(fault); err != nil {
				w.fail("%s: %v", what, err)
				continue
			}
			response, err := w.strict.RoundTrip(op.request(w))
			switch {
			case err != nil:
				w.fail("%s: %v", what, err)
			case response.StatusCode != status:
				w.fail("%s: status %d", what, response.StatusCode)
			default:
				w.documentedError(response, what)
			}
		}
	}
	if unused := w.service.UnusedFaults(); len(unused) > 0 {
		w.fail("%d faults were not used", len(unused))
	}
}
