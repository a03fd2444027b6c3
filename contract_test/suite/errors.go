package suite

import (
	"cmp"
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

// serviceErrors makes the service refuse what is well-formed, for reasons of its own.
func serviceErrors(h *harness) (steps []step) {
	details, remove, begin := operationOf("GetFileDetails"), operationOf("DeleteFile"), operationOf("BeginMultipartUpload")
	missing := "filePath=%2Fmissing"
	everything := jwt(`{"accountId":"` + account + `","exp":99999999999,"iat":1,"sub":"u","access":{"pathPermissions":[{"match":{"path":"/","scope":"Children"},"permissions":{"read":{"file":{"getFileDetails":true}},"write":{"file":{"deleteFile":true}}}}]}}`)
	for _, test := range []struct {
		what string
		op   *operation

		query, body          string // empty: those of the operation
		authorization, token string // empty: a secret key
		status               int
	}{
		{what: "details of a missing file", op: details, query: missing, status: 404},
		{what: "deleting a missing file", op: remove, query: missing, status: 404},
		{what: "an unknown upload", op: operationOf("ListUploadParts"), status: 404},
		{what: "a part of an unknown upload", op: operationOf("GetUploadPart"), status: 404},
		{what: "completing a part of an unknown upload", op: operationOf("CompleteUploadPart"), status: 404},
		{what: "a malformed key", op: details, authorization: "Bearer secret_short", status: 401},
		{what: "another account", op: details, authorization: "Bearer secret_W142hJkother", status: 403},
		{what: "deleting with a public key", op: remove, query: missing, authorization: "Bearer " + publicKey, status: 403},
		{
			what: "deleting with a public key and a token", op: remove, query: missing,
			authorization: "Bearer " + publicKey, token: everything, status: 404,
		},
		{
			what: "details with a token alone as bearer", op: details, query: missing,
			authorization: "Bearer " + everything, status: 404,
		},
		{
			what: "an expired token", op: details,
			authorization: "Bearer " + publicKey, token: jwt(`{"accountId":"` + account + `","exp":1}`), status: 401,
		},
		{what: "a file that is too large", op: begin, body: `{"size":` + strconv.Itoa(maxFileSize+1) + `}`, status: 413},
		{
			what: "metadata beyond 2 KB", op: begin,
			body: `{"size":1,"metadata":{"a":"` + strings.Repeat("a", 2048) + `"}}`, status: 400,
		},
	} {
		steps = append(steps, step{test.what, func() error {
			r := test.op.requestWith(h, test.op.path, cmp.Or(test.query, test.op.query), []byte(cmp.Or(test.body, test.op.body)))
			if test.authorization != "" {
				credentials{authorization: test.authorization, token: test.token}.set(r.Header)
			}
			return h.wantFailure(r, test.status)
		}})
	}
	return steps
}

// scriptedErrors scripts every documented failure of every operation.
func scriptedErrors(h *harness) (steps []step) {
	for i := range operations {
		op := &operations[i]
		for _, status := range op.errors {
			steps = append(steps, step{fmt.Sprintf("%s failing with %d", op.id, status), func() error {
				scripted := fault.Fault{Operation: op.id, Kind: fault.Status, Status: status}
				if status == http.StatusTooManyRequests {
					scripted.RetryAfter = "2"
				}
				if err := h.service.Fail(scripted); err != nil {
					return err
				}
				return h.wantFailure(op.request(h), status)
			}})
		}
	}
	return append(steps, step{"all of them", func() error {
		if unused := h.service.UnusedFaults(); len(unused) > 0 {
			return fmt.Errorf("%d faults were not used", len(unused))
		}
		return nil
	}})
}
