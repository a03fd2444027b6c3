package suite

import (
	"net/http"
	"slices"
	"strings"
	"sync"
)

// message is a valid JSON body and the places in it.
type message struct {
	operation string
	base      string
	fields    []field
}

// optionalFile are the fields that describe the file in requests, apart from its path.
var optionalFile = []field{
	freeObject("/metadata").mayBeAbsent(),
	mimeType("/mime").mayBeAbsent(),
	originalName("/originalFileName").mayBeAbsent(),
	tags("/tags").mayBeAbsent(),
	tagAt("/tags/0"),
	pathUnion().mayBeAbsent(),
}

// pathUnion is a literal path or an object.
func pathUnion() field {
	f := anyPath("/path")
	f.good = append(f.good, map[string]any{}, map[string]any{"folderPath": "/x"}, map[string]any{"fileName": "x"})
	f.bad = []any{7, true, []any{}, strings.Repeat("p", 513), "a\nb"}
	return f
}

// requests are the requests with a JSON body.
var requests = slices.Concat(uploadRequests, copyRequests, folderRequests, otherRequests)

var uploadRequests = []message{
	{operation: "BeginMultipartUpload", base: beginRequest, fields: append([]field{
		closed(""),
		closed("/path"),
		fileName("/path/fileName").mayBeAbsent(),
		fileName("/path/fileNameFallback").mayBeAbsent(),
		boolean("/path/fileNameVariablesEnabled").mayBeAbsent(),
		anyPath("/path/folderPath").mayBeAbsent(),
		boolean("/path/folderPathVariablesEnabled").mayBeAbsent(),
		choice("/protocol", "1.0", "1.1").mayBeAbsent(),
		bytes64("/size"),
	}, optionalFile...)},
	{operation: "CompleteUploadPart", base: `{"etag":"x"}`, fields: []field{closed(""), etag("/etag")}},
	{operation: "UploadFromUrl", base: urlRequest, fields: append([]field{
		closed(""),
		{at: "/timeout", good: []any{1, 30000, 5000}, bad: append([]any{0, -1, 30001}, notIntegers...), optional: true},
		sourceURL("/url"),
	}, optionalFile...)},
}

func sourceURL(at string) field {
	f := fileURL(at)
	long := "https://a.b/" + strings.Repeat("a", 8180)
	f.good = append(f.good, long)
	f.bad = append(f.bad, long+"a")
	return f
}

// jsonCase is one message and whether it is good.
type jsonCase struct {
	op     *operation
	status int // of an answer
	what   string
	body   []byte
	good   bool
}

// requestCases are all requests to try. They are the same for every document and made once.
var requestCases = sync.OnceValue(func() (cases []jsonCase) {
	for _, m := range requests {
		cases = append(cases, m.cases(operationOf(m.operation), 0)...)
	}
	return cases
})

// wholes are bodies that are no object at all.
var wholes = []string{`null`, `[]`, `"x"`, `7`, `{`, ``}

// cases are the base and everything that differs from it in one place.
func (m message) cases(op *operation, status int) []jsonCase {
	var cases []jsonCase
	add := func(what string, body []byte, good bool) {
		cases = append(cases, jsonCase{op: op, status: status, what: op.id + " " + what, body: body, good: good})
	}
	add("as documented", []byte(m.base), true)
	for _, whole := range wholes {
		add("with the body "+whole, []byte(whole), false)
	}
	for _, f := range m.fields {
		change := func(value any, good bool) { add("with "+f.at+" "+show(value), variant(m.base, f.at, value), good) }
		for _, value := range f.good {
			change(value, true)
		}
		for _, value := range f.bad {
			change(value, false)
		}
		change(absent{}, f.optional)
		change(nil, f.nullable)
	}
	return cases
}

// changedRequests sends every operation with a JSON body with one value changed at a time. Good values
// must pass both validators; bad ones must be seen by the client's and be refused by the service in the
// documented way.
func changedRequests(h *harness) (steps []step) {
	for _, c := range requestCases() {
		steps = append(steps, step{c.what, func() error {
			r := c.op.requestWith(h, c.op.path, c.op.query, c.body)
			if c.good {
				return h.wantAccepted(r)
			}
			return h.wantRefused(r, http.StatusBadRequest)
		}})
	}
	return steps
}
