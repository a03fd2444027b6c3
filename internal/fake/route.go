package fake

import (
	"net/http"
	"strconv"
	"strings"
)

// Operation names that are not operationIds of the API description.
const (
	// OpPutPart is the upload of a part's bytes to its pre-signed URL.
	OpPutPart = "PutPart"
	opUnknown = ""
)

// The operationIds of the API description.
const (
	opBegin        = "BeginMultipartUpload"
	opGetPart      = "GetUploadPart"
	opListParts    = "ListUploadParts"
	opCompletePart = "CompleteUploadPart"
	opBasicUpload  = "BasicUpload"
	opFormData     = "FormDataUpload"
	opFromURL      = "UploadFromUrl"
	opDetails      = "GetFileDetails"
	opDelete       = "DeleteFile"
	opDownload     = "DownloadFile"
)

// Operations lists the operations of the API that the fake serves.
func Operations() []string {
	return []string{opBegin, opGetPart, opListParts, opCompletePart, opBasicUpload,
		opFormData, opFromURL, opDetails, opDelete, opDownload}
}

// call is what a request asks for, as far as its address tells.
type call struct {
	operation string
	account   string
	upload    string // "" if the operation has none
	part      int64  // -1 if the operation has none, or it is not a number
	path      string // file path of a download
}

func (c *call) isAPI() bool { return IsAPI(c.operation) }

// IsAPI tells whether an operation is a call of the API, and neither a
// download nor the PUT of a part.
func IsAPI(operation string) bool {
	return operation != opUnknown && operation != OpPutPart && operation != opDownload
}

// route recognises a request. The address of one that is known, but with a
// method it does not have, gives allow, the methods that it has.
func route(r *http.Request) (c call, allow string) {
	c = call{part: -1}
	segments := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case len(segments) >= 3 && segments[0] == "v2" && segments[1] == "accounts":
		c.account = segments[2]
		return c.routeAPI(r.Method, segments[3:])
	case len(segments) == 4 && segments[0] == "storage":
		c.account, c.upload, c.part = segments[1], segments[2], parseIndex(segments[3])
		return c.choose(r.Method, methods{"PUT": OpPutPart})
	case len(segments) >= 3 && segments[1] == "raw":
		c.account = segments[0]
		c.path = strings.TrimPrefix(r.URL.Path, "/"+segments[0]+"/raw")
		return c.choose(r.Method, methods{"GET": opDownload})
	}
	return c, ""
}

func (c call) routeAPI(method string, rest []string) (call, string) {
	switch strings.Join(rest, "/") {
	case "uploads":
		return c.choose(method, methods{"POST": opBegin})
	case "uploads/binary":
		return c.choose(method, methods{"POST": opBasicUpload})
	case "uploads/form_data":
		return c.choose(method, methods{"POST": opFormData})
	case "uploads/url":
		return c.choose(method, methods{"POST": opFromURL})
	case "files/details":
		return c.choose(method, methods{"GET": opDetails})
	case "files":
		return c.choose(method, methods{"DELETE": opDelete})
	}
	if len(rest) < 3 || len(rest) > 4 || rest[0] != "uploads" || rest[1] == "" || rest[2] != "parts" {
		return c, ""
	}
	c.upload = rest[1]
	if len(rest) == 3 {
		return c.choose(method, methods{"GET": opListParts})
	}
	c.part = parseIndex(rest[3])
	return c.choose(method, methods{"GET": opGetPart, "PUT": opCompletePart})
}

// methods maps the methods of an address to their operations.
type methods map[string]string

func (c call) choose(method string, known methods) (call, string) {
	if operation, ok := known[method]; ok {
		c.operation = operation
		return c, ""
	}
	var allow []string
	for _, m := range []string{"GET", "HEAD", "POST", "PUT", "DELETE"} {
		if known[m] != "" {
			allow = append(allow, m)
		}
	}
	return c, strings.Join(allow, ", ")
}

// parseIndex reads the index of a part; -1 if the text is not one.
func parseIndex(text string) int64 {
	index, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return -1
	}
	return int64(index)
}
