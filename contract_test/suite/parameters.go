package suite

import (
	"fmt"
	"net/http"
	"strings"
)

// textField is a parameter that travels as text, with values that the service accepts and values that it refuses.
type textField struct {
	name     string
	good     []string
	bad      []string
	required bool
}

func long(fill string, n int) string { return strings.Repeat(fill, n) }

var (
	booleanText = []string{"true", "false"}
	notBoolean  = []string{"", "1", "0", "True", "yes"}
	wholeNumber = []string{"0", "1", "31536000"}
	notWhole    = []string{"", "-1", "1.5", "x", "1e3", "true", "99999999999999999999"}
	anyText     = []string{"x", "1", "ü/?"}
)

// uploadQuery are the query parameters of the uploads in one request. They are tried one by one, because some exclude
// each other.
var uploadQuery = []textField{
	{name: "fileName", good: []string{"n", "a b.txt", "{UTC_DATE}", long("n", 512)}, bad: []string{"a/b", long("n", 513)}},
	{name: "fileNameFallback", good: []string{"n", long("n", 512)}, bad: []string{"a/b", long("n", 513)}},
	{name: "fileNameVariablesEnabled", good: booleanText, bad: notBoolean},
	{name: "filePath", good: []string{"/a", "/a/b c", "/" + long("a", 511)}, bad: []string{"", "a", "/" + long("a", 512)}},
	{name: "folderPath", good: []string{"/a", "/{UTC_DATE}", "/" + long("a", 511)}, bad: []string{"", "a", "/" + long("a", 512)}},
	{name: "folderPathVariablesEnabled", good: booleanText, bad: notBoolean},
	{name: "originalFileName", good: []string{"a", long("é", 255)}, bad: []string{"", "a\nb", long("é", 256)}},
	{name: "tag", good: []string{"t", "a.,/=_+-Z9", long("t", 255)}, bad: []string{"", "a b", long("t", 256)}},
}

func pathQuery(name string) textField {
	return textField{name: name, good: []string{"/", "/a b", "/" + long("a", 511)}, bad: []string{"", "a", "/" + long("a", 512)}}
}

func (f textField) mustBeThere() textField { f.required = true; return f }

// downloadQuery are the query parameters of downloads, with and without a transformation.
var downloadQuery = []textField{
	{name: "cache", good: booleanText, bad: notBoolean},
	{name: "cache-ttl", good: wholeNumber, bad: notWhole},
	{name: "cache-ttl-404", good: wholeNumber, bad: notWhole},
	{name: "cache_ttl", good: wholeNumber, bad: notWhole},
	{name: "cache_ttl_404", good: wholeNumber, bad: notWhole},
	{name: "download", good: booleanText, bad: notBoolean},
	{name: "exp", good: []string{"inf", "1748204711", "1748204711000"}, bad: []string{"", "never", "-1", "1.5"}},
	{name: "version", good: anyText},
	{name: "v", good: anyText},
	{name: "sig", good: anyText},
	{name: "enc", good: anyText},
	pathQuery("path"),
	{name: "auth", good: booleanText, bad: notBoolean},
}

// transformationQuery are those that only downloads with a transformation have. Parameters of any other name are those
// of the transformation.
var transformationQuery = []textField{
	{name: "artifact", good: []string{"/", "/a b", "/" + long("a", 600)}, bad: []string{"", "a"}},
	{name: "a", good: []string{"/", "/video/part-a.ts"}, bad: []string{"", "a"}},
	{name: "cache-only", good: booleanText, bad: notBoolean},
	{name: "cache_only", good: booleanText, bad: notBoolean},
	{name: "cache-perm", good: []string{"auto", "true", "false"}, bad: []string{"", "1", "Auto", "never"}},
	{name: "cache_perm", good: []string{"auto", "true", "false"}, bad: []string{"", "1", "Auto", "never"}},
	{name: "w", good: anyText},
	{name: "text", good: []string{"", "a&b=c"}},
	{name: "meta-campaign", good: anyText},
}

// query are the query parameters of each operation.
var query = map[string][]textField{
	"BasicUpload":      uploadQuery,
	"FormDataUpload":   uploadQuery,
	"GetFileDetails":   {pathQuery("filePath").mustBeThere()},
	"DeleteFile":       {pathQuery("filePath").mustBeThere()},
	"DownloadFile":     downloadQuery,
	"GetFolderDetails": {pathQuery("folderPath").mustBeThere()},
	"ListFolder": {
		pathQuery("folderPath").mustBeThere(),
		{name: "cursor", good: []string{"L2E=", "Zm9sZGVyOi9h"}, bad: []string{""}},
		{name: "dryRun", good: booleanText, bad: notBoolean},
		{name: "includeFiles", good: booleanText, bad: notBoolean},
		{name: "includeOverriddenStorage", good: booleanText, bad: notBoolean},
		{name: "includePhysicalFolders", good: booleanText, bad: notBoolean},
		{name: "includeVirtualFolders", good: booleanText, bad: notBoolean},
		{name: "limit", good: []string{"1", "1000"}, bad: append([]string{"0", "1001"}, notWhole...)},
		{name: "recursive", good: booleanText, bad: notBoolean},
	},
	"ListRecentJobs":     {textField{name: "jobType", good: jobTypes, bad: []string{"", "a-b", "a b", "a.b"}}.mustBeThere()},
	"ProcessFile":        append(transformationQuery, downloadQuery...),
	"ProcessFileAndSave": {{name: "w", good: anyText}, {name: "text", good: []string{"", "a&b=c"}}},
}

// headers are the request headers of each operation, except for credentials and the content type.
var headers = map[string][]textField{
	"BasicUpload":    {{name: "X-Upload-Metadata", good: []string{`{}`, `{"a":{"b":[1]}}`}, bad: []string{"", "[]", "1", "null", "{", "x"}}},
	"FormDataUpload": {{name: "X-Upload-Metadata", good: []string{`{}`, `{"a":{"b":[1]}}`}, bad: []string{"", "[]", "1", "null", "{", "x"}}},
	"DownloadFile":   conditions,
	"ProcessFile":    conditions,
}

var conditions = []textField{
	{name: "Range", good: []string{"bytes=0-0", "bytes=0-", "bytes=-1", "bytes=0-1,2-3", "items=0-1"}},
	{name: "If-Range", good: []string{`"x"`, "Sat, 28 Nov 2026 21:44:00 GMT"}},
	{name: "If-None-Match", good: []string{`"x"`, `W/"x", "y"`, "*"}},
	{name: "If-Modified-Since", good: []string{"Sat, 28 Nov 2026 21:44:00 GMT"}},
}

// changedParameters sends every operation with one parameter changed at a time.
func changedParameters(h *harness) (steps []step) {
	for i := range operations {
		op := &operations[i]
		for _, f := range query[op.id] {
			steps = append(steps, f.steps(h, op, func(value *string) *http.Request { return op.withQuery(h, f.name, value) })...)
		}
		for _, f := range headers[op.id] {
			steps = append(steps, f.steps(h, op, func(value *string) *http.Request { return op.withHeader(h, f.name, value) })...)
		}
		steps = append(steps, pathParameters(h, op)...)
	}
	return append(append(steps, repeatedTags(h)...), severalTypes(h)...)
}

// steps tries the values of the parameter, and the call without it.
func (f textField) steps(h *harness, op *operation, build func(*string) *http.Request) (steps []step) {
	for _, value := range f.good {
		steps = append(steps, step{fmt.Sprintf("%s with %s=%.60q", op.id, f.name, value), func() error {
			return h.wantAccepted(build(&value))
		}})
	}
	for _, value := range f.bad {
		steps = append(steps, step{fmt.Sprintf("%s with %s=%.60q", op.id, f.name, value), func() error {
			return h.wantRefused(build(&value), http.StatusBadRequest)
		}})
	}
	return append(steps, step{fmt.Sprintf("%s without %s", op.id, f.name), func() error {
		if f.required {
			return h.wantRefused(build(nil), http.StatusBadRequest)
		}
		return h.wantAccepted(build(nil))
	}})
}

// pathValues are the parameters in paths. What leaves another path, such as an empty segment, is no
// value.
var pathValues = []struct {
	in        string // the segments of the valid path
	good, bad []string
}{
	{in: account, good: []string{"zzzzzzz", "1111111"}, bad: []string{"A623uY", "A623uY22", "A623uY0", "A623uYl"}},
	{in: uploadID, good: []string{"zzzzzzzzzzzzzzzz"}, bad: []string{"Kd759aLFxttm69k", "Kd759aLFxttm69kZZ", "Kd759aLFxttm69kO", ".."}},
	{
		in: "parts/0", good: []string{"parts/7", "parts/9007199254740992"},
		bad: []string{"parts/-1", "parts/x", "parts/1.5", "parts/99999999999999999999"},
	},
	{in: "CopyFileBatchJob", good: append([]string{"ExampleJob"}, jobTypes...), bad: []string{"a-b", "a.b", "a%20b", "%C3%A4"}},
	{in: jobID, good: []string{long("0", 26), long("Z", 26)}, bad: []string{long("0", 25), long("0", 27), long("a", 26), long("-", 26)}},
	{in: "image/", good: []string{"a/", "thumb-1.5_+=@~;%2525/", long("a", 100) + "/"}, bad: []string{"a%20b/", "a*/", ".a/", long("a", 101) + "/"}},
}

// pathParameters tries the values in the path of an operation.
func pathParameters(h *harness, op *operation) (steps []step) {
	add := func(path, what string, good bool) {
		steps = append(steps, step{op.id + " with " + what, func() error {
			r := op.requestWith(h, path, op.query, []byte(op.body))
			if good {
				return h.wantAccepted(r)
			}
			return h.wantRefused(r, http.StatusBadRequest)
		}})
	}
	for _, p := range pathValues {
		if !strings.Contains(op.path, "/"+p.in) {
			continue
		}
		for _, value := range p.good {
			add(strings.Replace(op.path, p.in, value, 1), value, true)
		}
		for _, value := range p.bad {
			add(strings.Replace(op.path, p.in, value, 1), value, false)
		}
	}
	if prefix, ok := strings.CutSuffix(op.path, "/a"); ok { // the path of a file
		add(prefix+"/"+long("a", 511), "the longest path", true)
		add(prefix+"/"+long("a", 512), "a path that is too long", false)
	}
	return steps
}

// repeatedTags checks that a list travels as one parameter per item, and how many there may be.
func repeatedTags(h *harness) (steps []step) {
	for _, id := range []string{"BasicUpload", "FormDataUpload"} {
		op := operationOf(id)
		with := func(query string) *http.Request { return op.requestWith(h, op.path, query, []byte(op.body)) }
		tags := func(n int) string { return strings.TrimSuffix(long("tag=t&", n), "&") }
		steps = append(steps,
			step{id + " with 25 tags", func() error { return h.wantAccepted(with(tags(25))) }},
			step{id + " with 26 tags", func() error { return h.wantRefused(with(tags(26)), http.StatusBadRequest) }},
			step{id + " with two names", func() error { return h.wantRefused(with("fileName=a&fileName=b"), http.StatusBadRequest) }})
	}
	return steps
}

// severalTypes checks that the types of jobs to list travel as one parameter each.
func severalTypes(h *harness) []step {
	op := operationOf("ListRecentJobs")
	with := func(query string) *http.Request { return op.requestWith(h, op.path, query, nil) }
	return []step{
		{op.id + " with two types", func() error { return h.wantAccepted(with("jobType=AntivirusJob&jobType=ResetCacheJob")) }},
		{op.id + " with one bad type", func() error { return h.wantRefused(with("jobType=AntivirusJob&jobType=a-b"), http.StatusBadRequest) }},
		{op.id + " with a list in one value", func() error { return h.wantRefused(with("jobType=AntivirusJob,ResetCacheJob"), http.StatusBadRequest) }},
	}
}
