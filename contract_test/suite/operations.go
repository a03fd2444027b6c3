package suite

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	uploadID = "Kd759aLFxttm69kZ"
	jobID    = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
)

// operation describes one operation independently of the document under test: how to call it, and
// what it answers.
type operation struct {
	id     string
	method string
	path   string
	query  string // with which the call is valid
	media  string // of the request body, empty for none
	body   string
	status int // of success
	answer string
	// errors are the statuses of failures: those that the service is known for and those of any HTTP service.
	errors []int

	public    bool // needs no credentials for public files, and answers with the bytes of a file
	freeQuery bool // takes query parameters of any name
}

var (
	commonErrors = []int{400, 401, 403, 404, 429, 500, 502, 503, 504}
	uploadErrors = append([]int{413}, commonErrors...)
)

const accountPath = "/v2/accounts/" + account

// operations are all operations of the service that the document has to describe.
var operations = []operation{
	{
		id: "BeginMultipartUpload", method: "POST", path: accountPath + "/uploads",
		media: "application/json", body: beginRequest,
		status: 200, answer: beginResponse, errors: uploadErrors,
	},
	{
		id: "GetUploadPart", method: "GET", path: accountPath + "/uploads/" + uploadID + "/parts/0",
		status: 200, answer: partResponse, errors: commonErrors,
	},
	{
		id: "ListUploadParts", method: "GET", path: accountPath + "/uploads/" + uploadID + "/parts",
		status: 200, answer: `{"remainingUploadParts":[0]}`, errors: commonErrors,
	},
	{
		id: "CompleteUploadPart", method: "PUT", path: accountPath + "/uploads/" + uploadID + "/parts/0",
		media: "application/json", body: `{"etag":"\"x\""}`,
		status: 200, answer: `{"status":"Completed","etag":"x"}`, errors: commonErrors,
	},
	{
		id: "BasicUpload", method: "POST", path: accountPath + "/uploads/binary",
		media: "text/plain", body: "hello",
		status: 200, answer: basicResponse, errors: uploadErrors,
	},
	{
		id: "FormDataUpload", method: "POST", path: accountPath + "/uploads/form_data",
		media: "multipart/form-data; boundary=B", body: formRequest,
		status: 200, answer: formResponse, errors: uploadErrors,
	},
	{
		id: "UploadFromUrl", method: "POST", path: accountPath + "/uploads/url",
		media: "application/json", body: urlRequest,
		status: 200, answer: basicResponse, errors: uploadErrors,
	},
	{
		id: "GetFileDetails", method: "GET", path: accountPath + "/files/details", query: "filePath=%2Fa",
		status: 200, answer: detailsResponse, errors: commonErrors,
	},
	{
		id: "DeleteFile", method: "DELETE", path: accountPath + "/files", query: "filePath=%2Fa",
		status: 204, errors: commonErrors,
	},
	{
		id: "DownloadFile", method: "GET", path: "/" + account + "/raw/a", public: true,
		status: 200, errors: append([]int{416}, commonErrors...),
	},
	{
		id: "CopyFile", method: "POST", path: accountPath + "/files/copy",
		media: "application/json", body: copyRequest,
		status: 200, answer: `{"status":"Copied"}`, errors: commonErrors,
	},
	{
		id: "CopyFileBatch", method: "POST", path: accountPath + "/files/copy/batch",
		media: "application/json", body: `{"files":[` + copyRequest + `]}`,
		status: 200, answer: startedResponse, errors: commonErrors,
	},
	{
		id: "DeleteFileBatch", method: "DELETE", path: accountPath + "/files/batch",
		media: "application/json", body: `{"files":["/a"]}`,
		status: 200, answer: startedResponse, errors: commonErrors,
	},
	{
		id: "PutFolder", method: "PUT", path: accountPath + "/folders",
		media: "application/json", body: `{"allowUnnamedFolder":true,"folderPath":"/suite/folder"}`,
		status: 200, answer: folderResponse, errors: commonErrors,
	},
	{
		id: "GetFolderDetails", method: "GET", path: accountPath + "/folders", query: "folderPath=%2Fsuite",
		status: 200, answer: folderResponse, errors: commonErrors,
	},
	{
		id: "DeleteFolder", method: "DELETE", path: accountPath + "/folders",
		media: "application/json", body: deleteFolderRequest,
		status: 200, answer: startedResponse, errors: commonErrors,
	},
	{
		id: "DeleteFolderBatch", method: "DELETE", path: accountPath + "/folders/batch",
		media: "application/json", body: `{"folders":[` + deleteFolderRequest + `]}`,
		status: 200, answer: startedResponse, errors: commonErrors,
	},
	{
		id: "ListFolder", method: "GET", path: accountPath + "/folders/list", query: "folderPath=%2Fsuite",
		status: 200, answer: listResponse, errors: commonErrors,
	},
	{
		id: "CopyFolder", method: "POST", path: accountPath + "/folders/copy",
		media: "application/json", body: copyFolderRequest,
		status: 200, answer: startedResponse, errors: commonErrors,
	},
	{
		id: "CopyFolderBatch", method: "POST", path: accountPath + "/folders/copy/batch",
		media: "application/json", body: `{"folders":[` + copyFolderRequest + `]}`,
		status: 200, answer: startedResponse, errors: commonErrors,
	},
	{
		id: "GetJob", method: "GET", path: accountPath + "/jobs/CopyFileBatchJob/" + jobID,
		status: 200, answer: jobResponse, errors: commonErrors,
	},
	{
		id: "CancelJob", method: "DELETE", path: accountPath + "/jobs/CopyFileBatchJob/" + jobID,
		status: 204, errors: commonErrors,
	},
	{
		id: "ListRecentJobs", method: "GET", path: accountPath + "/jobs", query: "jobType=CopyFileBatchJob",
		status: 200, answer: `{"items":[` + jobResponse + `]}`, errors: commonErrors,
	},
	{
		id: "ResetCache", method: "POST", path: accountPath + "/cache/reset",
		media: "application/json", body: `{"pattern":"/raw/a","resetEdgeCache":true,"resetPermanentCache":true}`,
		status: 200, answer: startedResponse, errors: commonErrors,
	},
	{
		id: "ProcessFile", method: "GET", path: "/" + account + "/image/a", freeQuery: true, public: true,
		status: 200, errors: append([]int{416}, commonErrors...),
	},
	{
		id: "ProcessFileAndSave", method: "POST", path: "/" + account + "/save/image/a", freeQuery: true,
		media: "application/json", body: saveRequest,
		status: 200, answer: savedResponse, errors: uploadErrors,
	},
}

// operationOf returns the operation with an id.
func operationOf(id string) *operation {
	for i := range operations {
		if operations[i].id == id {
			return &operations[i]
		}
	}
	panic("no operation " + id)
}

// fails reports whether the operation may answer a failure with the status.
func (op *operation) fails(status int) bool { return slices.Contains(op.errors, status) }

// request is a valid call of the operation.
func (op *operation) request(h *harness) *http.Request {
	return op.requestWith(h, op.path, op.query, []byte(op.body))
}

// requestWith is a call of the operation with another path, query or body.
func (op *operation) requestWith(h *harness, path, query string, body []byte) *http.Request {
	target := origin + path
	if query != "" {
		target += "?" + query
	}
	r, err := http.NewRequestWithContext(h.ctx, op.method, target, nil)
	if err != nil {
		panic(err) // paths are escaped
	}
	if op.media != "" {
		r, err = http.NewRequestWithContext(h.ctx, op.method, target, bytes.NewReader(body))
		if err != nil {
			panic(err)
		}
		r.Header.Set("Content-Type", op.media)
	}
	bearer.set(r.Header)
	return r
}

// withQuery is a valid call of the operation with another value of one query parameter; nil leaves it
// out.
func (op *operation) withQuery(h *harness, name string, value *string) *http.Request {
	values, err := url.ParseQuery(op.query)
	if err != nil {
		panic(err) // queries of operations are constants
	}
	if values.Del(name); value != nil {
		values.Set(name, *value)
	}
	return op.requestWith(h, op.path, values.Encode(), []byte(op.body))
}

// withHeader is a valid call of the operation with another value of one header; nil leaves it out.
func (op *operation) withHeader(h *harness, name string, value *string) *http.Request {
	r := op.request(h)
	if r.Header.Del(name); value != nil {
		r.Header.Set(name, *value)
	}
	return r
}

// escape writes a path as it stands in URLs of the CDN.
func escape(path string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(path) {
		switch c := path[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.~*'()/", c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

func queryOf(name, value string) string { return url.Values{name: {value}}.Encode() }
