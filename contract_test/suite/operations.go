package suite

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
)

const uploadID = "Kd759aLFxttm69kZ"

// operation is what is known about one operation by heart: how to call it, and what it answers with.
type operation struct {
	id     string
	method string
	path   string
	query  string // with which the call is valid
	media  string // of the request body, empty for none
	body   string
	status int // of success
	answer string
	// errors are the statuses of failures: those the service is known for and those any HTTP service gives.
	errors []int
}

var (
	commonErrors = []int{400, 401, 403, 404, 429, 500, 502, 503, 504}
	uploadErrors = append([]int{413}, commonErrors...)
)

const accountPath = "/v2/accounts/" + account

// operations are all operations of the service that the document has to describe.
var operations = []operation{
	{"BeginMultipartUpload", "POST", accountPath + "/uploads", "", "application/json", beginRequest, 200, beginResponse, uploadErrors},
	{"GetUploadPart", "GET", accountPath + "/uploads/" + uploadID + "/parts/0", "", "", "", 200, partResponse, commonErrors},
	{"ListUploadParts", "GET", accountPath + "/uploads/" + uploadID + "/parts", "", "", "", 200, `{"remainingUploadParts":[0]}`, commonErrors},
	{"CompleteUploadPart", "PUT", accountPath + "/uploads/" + uploadID + "/parts/0", "", "application/json", `{"etag":"\"x\""}`,
		200, `{"status":"Completed","etag":"x"}`, commonErrors},
	{"BasicUpload", "POST", accountPath + "/uploads/binary", "", "text/plain", "hello", 200, basicResponse, uploadErrors},
	{"FormDataUpload", "POST", accountPath + "/uploads/form_data", "", "multipart/form-data; boundary=B", formRequest, 200, formResponse, uploadErrors},
	{"UploadFromUrl", "POST", accountPath + "/uploads/url", "", "application/json", urlRequest, 200, basicResponse, uploadErrors},
	{"GetFileDetails", "GET", accountPath + "/files/details", "filePath=%2Fa", "", "", 200, detailsResponse, commonErrors},
	{"DeleteFile", "DELETE", accountPath + "/files", "filePath=%2Fa", "", "", 204, "", commonErrors},
	{"DownloadFile", "GET", "/" + account + "/raw/a", "", "", "", 200, "", append([]int{416}, commonErrors...)},
}

// operationOf finds an operation by its id.
func operationOf(id string) *operation {
	for i := range operations {
		if operations[i].id == id {
			return &operations[i]
		}
	}
	panic("no operation " + id)
}

// request is a valid call of the operation.
func (op *operation) request(w *world) *http.Request {
	return op.requestWith(w, op.path, op.query, []byte(op.body))
}

func (op *operation) requestWith(w *world, path, query string, body []byte) *http.Request {
	target := origin + path
	if query != "" {
		target += "?" + query
	}
	r, err := http.NewRequestWithContext(w.ctx, op.method, target, nil)
	if err != nil {
		panic(err) // paths are escaped
	}
	if op.media != "" {
		r, err = http.NewRequestWithContext(w.ctx, op.method, target, bytes.NewReader(body))
		if err != nil {
			panic(err)
		}
		r.Header.Set("Content-Type", op.media)
	}
	bearer.set(r.Header)
	return r
}

// escape writes a path as the CDN wants it, see the reference of its URLs.
func escape(path string) string {
	var b strings.Builder
	for i := range len(path) {
		switch c := path[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.~*'()/", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteString("%" + strings.ToUpper(hexDigits(c)))
		}
	}
	return b.String()
}

func hexDigits(c byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[c>>4], digits[c&15]})
}

func queryOf(name, value string) string { return url.Values{name: {value}}.Encode() }
