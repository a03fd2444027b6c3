package suite

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/c88edac7/bytescale-go/contract"
	"github.com/c88edac7/bytescale-go/gen"
)

// message is a JSON body and what is known about the places in it.
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

var requests = []message{
	{"BeginMultipartUpload", beginRequest, append([]field{
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
	{"CompleteUploadPart", `{"etag":"x"}`, []field{closed(""), etag("/etag")}},
	{"UploadFromUrl", urlRequest, append([]field{
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

// jsonCase is one message of a known kind: a base with one value changed.
type jsonCase struct {
	op     *operation
	status int // of an answer
	what   string
	body   []byte
	good   bool
}

// requestCases are all requests to try. They are the same for every document, so they are made once.
var requestCases = sync.OnceValue(func() (cases []jsonCase) {
	for _, m := range requests {
		cases = append(cases, m.cases(operationOf(m.operation), 0)...)
	}
	return cases
})

// wholes are bodies that are no object at all.
var wholes = []string{`null`, `[]`, `"x"`, `7`, `{`, ``}

// cases are the base, and all that differs from it in one place.
func (m message) cases(op *operation, status int) []jsonCase {
	cases := []jsonCase{{op, status, op.id + " as documented", []byte(m.base), true}}
	for _, whole := range wholes {
		cases = append(cases, jsonCase{op, status, op.id + " with the body " + whole, []byte(whole), false})
	}
	for _, f := range m.fields {
		f.each(func(value any, good bool) {
			cases = append(cases, jsonCase{op, status, op.id + " with " + f.at + " " + show(value), variant(m.base, f.at, value), good})
		})
	}
	return cases
}

// checkRequests sends every operation with a JSON body with one value changed at a time. Good values must pass both
// validators; bad ones must be seen by the client's and be refused by the service in the documented way.
func checkRequests(w *world) {
	for _, c := range requestCases() {
		r := c.op.requestWith(w, c.op.path, c.op.query, c.body)
		if c.good {
			w.takes(r, c.what)
		} else {
			w.refusedWith(r, c.what, http.StatusBadRequest)
		}
	}
}

// takes demands that a request breaks no rule. What the service makes of it is another matter: a file may be missing.
func (w *world) takes(r *http.Request, what string) {
	if response := w.send(r, what); response != nil && len(w.seen) > 0 {
		w.fail("%s is refused: %v", what, w.seen[0])
	}
}

// refusedWith demands that the client's validator sees a violation in a request, and that the service answers it with a
// status and the documented error body.
func (w *world) refusedWith(r *http.Request, what string, status int) {
	response := w.send(r, what)
	if response == nil {
		return
	}
	defer response.Body.Close()
	seen := false
	for _, v := range w.seen {
		if seen = seen || v.Direction == contract.Request; v.Direction == contract.Response {
			w.fail("%s: the answer breaks the contract: %v", what, v)
		}
	}
	if !seen {
		w.fail("%s passes the validator", what)
	}
	if response.StatusCode != status {
		w.fail("%s is answered with %d, not %d", what, response.StatusCode, status)
		return
	}
	w.documentedError(response, what)
}

// send sends a request past the validator, which only takes notes.
func (w *world) send(r *http.Request, what string) *http.Response { return w.sendBy(w.lax, r, what) }

func (w *world) sendBy(transport http.RoundTripper, r *http.Request, what string) *http.Response {
	w.seen = nil
	response, err := transport.RoundTrip(r)
	if err != nil {
		w.fail("%s: %v", what, err)
		return nil
	}
	return response
}

// documentedError demands an error body that programs can read.
func (w *world) documentedError(response *http.Response, what string) {
	data, err := io.ReadAll(response.Body)
	var body gen.ErrorResponse
	if err == nil {
		err = json.Unmarshal(data, &body)
	}
	if err != nil || body.Error.Code == "" || body.Error.Message == "" {
		w.fail("%s is not answered with the documented error body: %v", what, err)
	}
}
