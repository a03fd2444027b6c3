package suite

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// jwt is an unsigned token of the account; the fake does not check signatures.
func jwt(claims string) string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"RS256"}`)) + "." + part([]byte(claims)) + "." + part([]byte("signature"))
}

// failure is a well-formed call that the service refuses for a reason of its own.
type failure struct {
	what, operation string

	path, query, body    string // empty: those of the operation
	authorization, token string // empty: a secret key
	status               int
}

const missingFile = "filePath=%2Fmissing"

// everything is a token that permits what is tried with it.
var everything = jwt(`{"accountId":"` + account + `","exp":99999999999,"iat":1,"sub":"u","access":{"pathPermissions":[{"match":{"path":"/","scope":"Children"},"permissions":{"read":{"file":{"getFileDetails":true}},"write":{"file":{"deleteFile":true}}}}]}}`)

// uploadFailures are about uploads and single files.
var uploadFailures = []failure{
	{what: "details of a missing file", operation: "GetFileDetails", query: missingFile, status: 404},
	{what: "deleting a missing file", operation: "DeleteFile", query: missingFile, status: 404},
	{what: "an unknown upload", operation: "ListUploadParts", status: 404},
	{what: "a part of an unknown upload", operation: "GetUploadPart", status: 404},
	{what: "completing a part of an unknown upload", operation: "CompleteUploadPart", status: 404},
	{what: "a malformed key", operation: "GetFileDetails", authorization: "Bearer secret_short", status: 401},
	{what: "another account", operation: "GetFileDetails", authorization: "Bearer secret_W142hJkother", status: 403},
	{what: "deleting with a public key", operation: "DeleteFile", query: missingFile, authorization: "Bearer " + publicKey, status: 403},
	{
		what: "deleting with a public key and a token", operation: "DeleteFile", query: missingFile,
		authorization: "Bearer " + publicKey, token: everything, status: 404,
	},
	{
		what: "details with a token alone as bearer", operation: "GetFileDetails", query: missingFile,
		authorization: "Bearer " + everything, status: 404,
	},
	{
		what: "an expired token", operation: "GetFileDetails",
		authorization: "Bearer " + publicKey, token: jwt(`{"accountId":"` + account + `","exp":1}`), status: 401,
	},
	{what: "a file that is too large", operation: "BeginMultipartUpload", body: `{"size":` + strconv.Itoa(maxFileSize+1) + `}`, status: 413},
	{what: "metadata beyond 2 KB", operation: "BeginMultipartUpload", body: `{"size":1,"metadata":{"a":` + tooMuchText + `}}`, status: 400},
}

// tooMuchText is a JSON string that does not fit into 2 KB of metadata.
var tooMuchText = `"` + strings.Repeat("a", 2048) + `"`

// serviceErrors makes the service refuse what is well-formed, for reasons of its own.
func serviceErrors(h *harness) []step {
	steps := refusals(h, uploadFailures)
	steps = append(steps, folderSetup(h)...)
	return append(steps, refusals(h, slices.Concat(folderFailures(), jobFailures()))...)
}

func refusals(h *harness, failures []failure) (steps []step) {
	for _, test := range failures {
		steps = append(steps, step{test.what, func() error {
			op := operationOf(test.operation)
			r := op.requestWith(h, cmp.Or(test.path, op.path), cmp.Or(test.query, op.query), []byte(cmp.Or(test.body, op.body)))
			switch test.authorization {
			case "":
			case anonymously:
				anonymous.set(r.Header)
			default:
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
