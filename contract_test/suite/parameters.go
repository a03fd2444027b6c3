package suite

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// textField is what is known about a parameter that travels as text.
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

// uploadQuery are the query parameters of the uploads in one request. Some exclude each other, so they are tried one
// by one.
var uploadQuery = []textField{
	{"fileName", []string{"n", "a b.txt", "{UTC_DATE}", long("n", 512)}, []string{"a/b", long("n", 513)}, false},
	{"fileNameFallback", []string{"n", long("n", 512)}, []string{"a/b", long("n", 513)}, false},
	{"fileNameVariablesEnabled", booleanText, notBoolean, false},
	{"filePath", []string{"/a", "/a/b c", "/" + long("a", 511)}, []string{"", "a", "/" + long("a", 512)}, false},
	{"folderPath", []string{"/a", "/{UTC_DATE}", "/" + long("a", 511)}, []string{"", "a", "/" + long("a", 512)}, false},
	{"folderPathVariablesEnabled", booleanText, notBoolean, false},
	{"originalFileName", []string{"a", long("é", 255)}, []string{"", "a\nb", long("é", 256)}, false},
	{"tag", []string{"t", "a.,/=_+-Z9", long("t", 255)}, []string{"", "a b", long("t", 256)}, false},
}

var filePathQuery = []textField{
	{"filePath", []string{"/", "/a b", "/" + long("a", 511)}, []string{"", "a", "/" + long("a", 512)}, true},
}

// query are the query parameters of each operation.
var query = map[string][]textField{
	"BasicUpload":    uploadQuery,
	"FormDataUpload": uploadQuery,
	"GetFileDetails": filePathQuery,
	"DeleteFile":     filePathQuery,
	"DownloadFile": {
		{"cache", booleanText, notBoolean, false},
		{"cache-ttl", wholeNumber, notWhole, false},
		{"cache-ttl-404", wholeNumber, notWhole, false},
		{"cache_ttl", wholeNumber, notWhole, false},
		{"cache_ttl_404", wholeNumber, notWhole, false},
		{"download", booleanText, notBoolean, false},
		{"exp", []string{"inf", "1748204711", "1748204711000"}, []string{"", "never", "-1", "1.5"}, false},
		{"version", anyText, nil, false},
		{"v", anyText, nil, false},
		{"sig", anyText, nil, false},
		{"enc", anyText, nil, false},
		{"auth", booleanText, notBoolean, false},
	},
}

// headers are the request headers of each operation, credentials and content type aside.
var headers = map[string][]textField{
	"BasicUpload":    {{"X-Upload-Metadata", []string{`{}`, `{"a":{"b":[1]}}`}, []string{"", "[]", "1", "null", "{", "x"}, false}},
	"FormDataUpload": {{"X-Upload-Metadata", []string{`{}`, `{"a":{"b":[1]}}`}, []string{"", "[]", "1", "null", "{", "x"}, false}},
	"DownloadFile": {{
		"Range", []string{"bytes=0-0", "bytes=0-", "bytes=-1"},
		[]string{"", "bytes=", "bytes=-", "bytes=0-1,2-3", "items=0-1", "0-1"}, false,
	}},
}

// checkParameters sends every operation with one parameter changed at a time.
func checkParameters(w *world) {
	for i := range operations {
		op := &operations[i]
		for _, f := range query[op.id] {
			op.textField(w, f, func(value *string) *http.Request { return op.withQuery(w, f.name, value) })
		}
		for _, f := range headers[op.id] {
			op.textField(w, f, func(value *string) *http.Request {
				r := op.request(w)
				if r.Header.Del(f.name); value != nil {
					r.Header.Set(f.name, *value)
				}
				return r
			})
		}
		op.pathParameters(w)
	}
	w.repeatedTags()
}

func (op *operation) textField(w *world, f textField, build func(*string) *http.Request) {
	for _, value := range f.good {
		w.takes(build(&value), fmt.Sprintf("%s with %s=%.60q", op.id, f.name, value))
	}
	for _, value := range f.bad {
		w.refusedWith(build(&value), fmt.Sprintf("%s with %s=%.60q", op.id, f.name, value), http.StatusBadRequest)
	}
	if what := fmt.Sprintf("%s without %s", op.id, f.name); f.required {
		w.refusedWith(build(nil), what, http.StatusBadRequest)
	} else {
		w.takes(build(nil), what)
	}
}

func (op *operation) withQuery(w *world, name string, value *string) *http.Request {
	values, err := url.ParseQuery(op.query)
	if err != nil {
		panic(err) // constants
	}
	if values.Del(name); value != nil {
		values.Set(name, *value)
	}
	return op.requestWith(w, op.path, values.Encode(), []byte(op.body))
}

// pathParameters tries the values in the path. What leaves another path, such as an empty segment, is no parameter.
func (op *operation) pathParameters(w *world) {
	for _, p := range []struct {
		in        string // the segment of the valid path
		good, bad []string
	}{
		{account, []string{"zzzzzzz", "1111111"}, []string{"A623uY", "A623uY22", "A623uY0", "A623uYl"}},
		{uploadID, []string{"zzzzzzzzzzzzzzzz"}, []string{"Kd759aLFxttm69k", "Kd759aLFxttm69kZZ", "Kd759aLFxttm69kO", ".."}},
		{"parts/0", []string{"parts/7", "parts/9007199254740992"}, []string{"parts/-1", "parts/x", "parts/1.5", "parts/99999999999999999999"}},
	} {
		if !strings.Contains(op.path, "/"+p.in) {
			continue
		}
		for _, value := range p.good {
			w.takes(op.requestWith(w, strings.Replace(op.path, p.in, value, 1), op.query, []byte(op.body)), op.id+" with the segment "+value)
		}
		for _, value := range p.bad {
			w.refusedWith(op.requestWith(w, strings.Replace(op.path, p.in, value, 1), op.query, []byte(op.body)),
				op.id+" with the segment "+value, http.StatusBadRequest)
		}
	}
	if op.id == "DownloadFile" {
		w.takes(op.requestWith(w, "/"+account+"/raw/"+long("a", 511), "", nil), "the longest path")
		w.refusedWith(op.requestWith(w, "/"+account+"/raw/"+long("a", 512), "", nil), "a path that is too long", http.StatusBadRequest)
	}
}

// repeatedTags checks that a list travels as one parameter per item, and how many there may be.
func (w *world) repeatedTags() {
	for _, id := range []string{"BasicUpload", "FormDataUpload"} {
		op := operationOf(id)
		repeated := func(n int) *http.Request {
			return op.requestWith(w, op.path, strings.TrimSuffix(long("tag=t&", n), "&"), []byte(op.body))
		}
		w.takes(repeated(25), id+" with 25 tags")
		w.refusedWith(repeated(26), id+" with 26 tags", http.StatusBadRequest)
		w.refusedWith(op.requestWith(w, op.path, "fileName=a&fileName=b", []byte(op.body)), id+" with two names", http.StatusBadRequest)
	}
}
