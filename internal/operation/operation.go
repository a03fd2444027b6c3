// Package operation is the list of the API's operations. The events of the
// client, the routes of the fake and the checks of scripted faults read it, so
// that an operation is added in one place.
package operation

import (
	"slices"
	"strings"
)

// The ids of the operations, as in openapi.yaml.
const (
	BeginMultipartUpload = "BeginMultipartUpload"
	GetUploadPart        = "GetUploadPart"
	ListUploadParts      = "ListUploadParts"
	CompleteUploadPart   = "CompleteUploadPart"
	BasicUpload          = "BasicUpload"
	FormDataUpload       = "FormDataUpload"
	UploadFromURL        = "UploadFromUrl"

	GetFileDetails  = "GetFileDetails"
	CopyFile        = "CopyFile"
	CopyFileBatch   = "CopyFileBatch"
	DeleteFile      = "DeleteFile"
	DeleteFileBatch = "DeleteFileBatch"

	PutFolder         = "PutFolder"
	GetFolderDetails  = "GetFolderDetails"
	DeleteFolder      = "DeleteFolder"
	DeleteFolderBatch = "DeleteFolderBatch"
	ListFolder        = "ListFolder"
	CopyFolder        = "CopyFolder"
	CopyFolderBatch   = "CopyFolderBatch"

	GetJob         = "GetJob"
	CancelJob      = "CancelJob"
	ListRecentJobs = "ListRecentJobs"
	ResetCache     = "ResetCache"

	DownloadFile       = "DownloadFile"
	ProcessFile        = "ProcessFile"
	ProcessFileAndSave = "ProcessFileAndSave"
)

// PutPart is the name of the PUT of a part to its pre-signed URL. It goes to
// object storage and is not an operation of openapi.yaml.
const PutPart = "PutPart"

// AccessToken is the name of the two calls by which a browser registers a JWT with the
// CDN and forgets it. The vendor documents them only by its SDK, and they are not
// operations of openapi.yaml.
const AccessToken = "AccessToken"

// Server is one of the two servers of openapi.yaml.
type Server int

const (
	// API is the server of all operations but those of files by URL.
	API Server = iota
	// CDN is the server of files by URL.
	CDN
)

// Operation describes one operation of openapi.yaml.
type Operation struct {
	ID     string
	Method string
	Path   string // the template of openapi.yaml
	Server Server

	segments []segment
}

const account = "/v2/accounts/{accountId}"

// all lists every operation of openapi.yaml. No path matches two templates,
// because a literal of one is never a value of another's parameter.
var all = compile([]Operation{
	{ID: BeginMultipartUpload, Method: "POST", Path: account + "/uploads"},
	{ID: ListUploadParts, Method: "GET", Path: account + "/uploads/{uploadId}/parts"},
	{ID: GetUploadPart, Method: "GET", Path: account + "/uploads/{uploadId}/parts/{uploadPartIndex}"},
	{ID: CompleteUploadPart, Method: "PUT", Path: account + "/uploads/{uploadId}/parts/{uploadPartIndex}"},
	{ID: BasicUpload, Method: "POST", Path: account + "/uploads/binary"},
	{ID: FormDataUpload, Method: "POST", Path: account + "/uploads/form_data"},
	{ID: UploadFromURL, Method: "POST", Path: account + "/uploads/url"},
	{ID: GetFileDetails, Method: "GET", Path: account + "/files/details"},
	{ID: CopyFile, Method: "POST", Path: account + "/files/copy"},
	{ID: CopyFileBatch, Method: "POST", Path: account + "/files/copy/batch"},
	{ID: DeleteFile, Method: "DELETE", Path: account + "/files"},
	{ID: DeleteFileBatch, Method: "DELETE", Path: account + "/files/batch"},
	{ID: GetFolderDetails, Method: "GET", Path: account + "/folders"},
	{ID: PutFolder, Method: "PUT", Path: account + "/folders"},
	{ID: DeleteFolder, Method: "DELETE", Path: account + "/folders"},
	{ID: DeleteFolderBatch, Method: "DELETE", Path: account + "/folders/batch"},
	{ID: ListFolder, Method: "GET", Path: account + "/folders/list"},
	{ID: CopyFolder, Method: "POST", Path: account + "/folders/copy"},
	{ID: CopyFolderBatch, Method: "POST", Path: account + "/folders/copy/batch"},
	{ID: ListRecentJobs, Method: "GET", Path: account + "/jobs"},
	{ID: GetJob, Method: "GET", Path: account + "/jobs/{jobType}/{jobId}"},
	{ID: CancelJob, Method: "DELETE", Path: account + "/jobs/{jobType}/{jobId}"},
	{ID: ResetCache, Method: "POST", Path: account + "/cache/reset"},
	{ID: DownloadFile, Method: "GET", Path: "/{accountId}/raw{filePath}", Server: CDN},
	{ID: ProcessFileAndSave, Method: "POST", Path: "/{accountId}/save/{transformation}{filePath}", Server: CDN},
	{ID: ProcessFile, Method: "GET", Path: "/{accountId}/{transformation}{filePath}", Server: CDN},
})

// All returns a copy of the list.
func All() []Operation { return append([]Operation(nil), all...) }

// Find returns the operation with the given id.
func Find(id string) (Operation, bool) {
	for _, op := range all {
		if op.ID == id {
			return op, true
		}
	}
	return Operation{}, false
}

// IsAPI reports whether id is an operation of the API server: neither that of a
// file by its URL nor [PutPart].
func IsAPI(id string) bool {
	op, ok := Find(id)
	return ok && op.Server == API
}

// Match returns the operation of a request to a server and the values of its
// path parameters. path is the decoded path below the base address of the
// server. If only the method is wrong, Match returns no id and the methods that
// the path has, separated by commas.
func Match(server Server, method, path string) (id string, params Params, allow string) {
	template := ""
	for i := range all {
		op := &all[i]
		if op.Server != server || template != "" && op.Path != template {
			continue
		}
		found, ok := op.match(path)
		if !ok {
			continue
		}
		if op.Method == method {
			return op.ID, found, ""
		}
		template = op.Path
		if allow != "" {
			allow += ", "
		}
		allow += op.Method
	}
	return "", Params{}, allow
}

// maxParams is the largest number of path parameters of an operation.
const maxParams = 3

// Params holds the values of path parameters.
type Params [maxParams]struct{ name, value string }

// Get returns the value of a parameter, or "" if the path does not have it.
func (p Params) Get(name string) string {
	for _, param := range p {
		if param.name == name {
			return param.value
		}
	}
	return ""
}

// segment is one segment of a template: a literal, a parameter, or either of
// them followed by a parameter that takes the rest of the path.
type segment struct {
	literal, param, rest string

	// reserved are the literals that other templates of the server have in the
	// place of param. They are no values of it.
	reserved []string
}

func compile(list []Operation) []Operation {
	for i := range list {
		for text := range strings.SplitSeq(list[i].Path[1:], "/") {
			list[i].segments = append(list[i].segments, parseSegment(text))
		}
	}
	for _, op := range list {
		for _, other := range list {
			if op.Server == other.Server {
				op.reserve(other)
			}
		}
	}
	return list
}

// reserve looks for the first place where the templates of two operations
// differ, and reserves the literal of other there.
func (op Operation) reserve(other Operation) {
	for i := range min(len(op.segments), len(other.segments)) {
		s, literal := &op.segments[i], other.segments[i].literal
		if s.param != "" && literal != "" && !slices.Contains(s.reserved, literal) {
			s.reserved = append(s.reserved, literal)
		}
		if s.literal != literal {
			return
		}
	}
}

// parseSegment reads "name", "{param}", "name{rest}" and "{param}{rest}".
func parseSegment(text string) segment {
	var s segment
	s.literal, text, _ = strings.Cut(text, "{")
	first, second, two := strings.Cut(strings.TrimSuffix(text, "}"), "}{")
	switch {
	case two:
		s.param, s.rest = first, second
	case s.literal != "":
		s.rest = first
	default:
		s.param = first
	}
	return s
}

// match compares a path with the template, and returns its parameters.
func (op *Operation) match(path string) (params Params, ok bool) {
	count := 0
	add := func(name, value string) {
		params[count].name, params[count].value = name, value
		count++
	}
	for _, s := range op.segments {
		var text string
		if path, ok = strings.CutPrefix(path, "/"); !ok {
			return Params{}, false
		}
		slash := strings.IndexByte(path, '/')
		if slash < 0 {
			slash = len(path)
		}
		text, path = path[:slash], path[slash:]
		switch {
		case s.literal != "" && text != s.literal, s.param != "" && (text == "" || slices.Contains(s.reserved, text)):
			return Params{}, false
		case s.param != "":
			add(s.param, text)
		}
		if s.rest != "" {
			if path == "" {
				return Params{}, false
			}
			add(s.rest, path)
			path = ""
		}
	}
	return params, path == ""
}
