package suite

import (
	"net/http"
	"strings"
	"sync"
)

// detailsFields are the places of a description of a file.
func detailsFields(prefix string) []field {
	return []field{
		accountID(prefix + "/accountId"),
		etag(prefix + "/etag").mayBeAbsent().mayBeNull(), // older answers have none, and uploads in progress have null
		filePath(prefix + "/filePath"),
		fileURL(prefix + "/fileUrl"),
		bytes64(prefix + "/lastModified"),
		freeObject(prefix + "/metadata"),
		mimeType(prefix + "/mime"),
		originalName(prefix + "/originalFileName").mayBeNull(),
		bytes64(prefix + "/size"),
		tags(prefix + "/tags"),
		tagAt(prefix + "/tags/0"),
	}
}

func partFields(prefix string) []field {
	uploadURL := text(prefix+"/uploadUrl", "https://a/", 1, 0, "https://a", "/relative/url", "")
	uploadURL.good = append(uploadURL.good, "https://...long-url...x-id=PutObject", "http://127.0.0.1:8744/storage/x?sig=y", "https://a.b/"+strings.Repeat("x", 4000))
	return []field{
		object(prefix + "/range"),
		integer(prefix+"/range/inclusiveEnd", -1, 0),
		integer(prefix+"/range/inclusiveStart", 0),
		upload(prefix + "/uploadId"),
		part(prefix + "/uploadPartIndex"),
		uploadURL,
	}
}

func storedFields(prefix string) []field {
	return []field{
		accountID(prefix + "/accountId"), etag(prefix + "/etag"), filePath(prefix + "/filePath"), fileURL(prefix + "/fileUrl"),
	}
}

// answers are the successful answers with a JSON body. The validator is strict here: what the document does not name, it
// does not let pass.
var answers = []message{
	{"BeginMultipartUpload", beginResponse, append(append([]field{
		object("/file"),
		closed("/file"),
		closed("/uploadParts/first/range"),
		upload("/uploadId"),
		object("/uploadParts"),
		integer("/uploadParts/count", 1, 12),
		object("/uploadParts/first"),
	}, detailsFields("/file")...), partFields("/uploadParts/first")...)},
	{"GetUploadPart", partResponse, partFields("")},
	{"ListUploadParts", `{"remainingUploadParts":[3,4,6]}`, []field{
		{at: "/remainingUploadParts", good: []any{[]any{}, []any{3, 4, 6}}, bad: notLists},
		part("/remainingUploadParts/1"),
	}},
	{"CompleteUploadPart", `{"status":"Completed","etag":"x"}`, []field{
		etag("/etag"), {at: "/status", good: []any{"Completed"}, bad: []any{"completed", "Done", "", 7, true}},
	}},
	{"CompleteUploadPart", `{"status":"Pending"}`, []field{
		closed(""),
		{at: "/status", good: []any{"Pending"}, bad: []any{"pending", "Completed", "", 7, true}},
	}},
	{"BasicUpload", basicResponse, storedFields("")},
	{"UploadFromUrl", basicResponse, storedFields("")},
	{"FormDataUpload", formResponse, append(storedFields("/files/0"),
		text("/files/0/formDataFieldName", "f", 1, 0, ""),
		field{at: "/files", good: []any{[]any{}}, bad: notLists},
		object("/files/0"),
		field{at: "/errors", good: []any{[]any{}}, bad: notLists},
		object("/errors/0"),
		text("/errors/0/formDataFieldName", "f", 1, 0, ""),
		object("/errors/0/error"),
		code("/errors/0/error/code"),
		text("/errors/0/error/message", "m", 1, 0, ""),
		field{
			at: "/errors/0/error/timestamp", good: []any{"2024-11-14T15:19:29.471Z", "2024-11-14T15:19:29Z"},
			bad: append([]any{"", "yesterday", "2024-11-14", "2024-13-14T15:19:29Z"}, notStrings...), optional: true,
		},
		freeObject("/errors/0/error/details").mayBeAbsent())},
	{"GetFileDetails", detailsResponse, detailsFields("")},
}

// failed is what every failure says.
var failed = []field{
	object("/error"),
	closed("/error"),
	code("/error/code"),
	text("/error/message", "m", 1, 0, ""),
	freeObject("/error/details").mayBeAbsent(),
}

// answerCases are all answers to try.
var answerCases = sync.OnceValue(func() (cases []jsonCase) {
	for _, m := range answers {
		op := operationOf(m.operation)
		cases = append(cases, m.cases(op, op.status)...)
	}
	for _, status := range uploadErrors {
		cases = append(cases, message{base: errorResponse, fields: failed}.cases(operationOf("BeginMultipartUpload"), status)...)
	}
	cases = append(cases, message{base: errorResponse, fields: failed}.cases(operationOf("DownloadFile"), 416)...)
	for i := range operations {
		for _, status := range operations[i].errors {
			add := func(what, body string, good bool) {
				cases = append(cases, jsonCase{&operations[i], status, operations[i].id + " " + what, []byte(body), good})
			}
			add("as documented", errorResponse, true)
			add("with another error body", `{"error":"x"}`, false)
			add("without a body", ``, false)
		}
	}
	return cases
})

// checkResponses has every JSON answer come with one value changed at a time. The validator must let the good ones pass
// and see the bad ones.
func checkResponses(w *world) {
	for _, c := range answerCases() {
		w.answers(c.op, c.status, c.body, c.good, c.what)
	}
}

// answers lets a valid call be answered in a certain way.
func (w *world) answers(op *operation, status int, body []byte, good bool, what string) {
	w.answersWith(op, canned{status, http.Header{"Content-Type": {"application/json"}}, body}, good, what)
}

func (w *world) answersWith(op *operation, answer canned, good bool, what string) {
	w.canned = answer
	response := w.sendBy(w.stubbed, op.request(w), op.id)
	switch {
	case response == nil:
	case good && len(w.seen) > 0:
		w.fail("answer %d of %s is refused: %v", answer.status, what, w.seen[0])
	case !good && len(w.seen) == 0:
		w.fail("answer %d of %s passes the validator", answer.status, what)
	case !good:
		for _, v := range w.seen {
			if v.Direction != "response" {
				w.fail("%s: %v", op.id, v)
			}
		}
	}
}
