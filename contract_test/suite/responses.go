package suite

import (
	"slices"
	"strings"
	"sync"
)

// detailsFields are the places of the details of a file.
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

// answers are the successful answers with a JSON body. The validator is strict here: it refuses what
// the document does not name.
var answers = slices.Concat(uploadAnswers, folderAnswers, jobAnswers)

var uploadAnswers = []message{
	{operation: "BeginMultipartUpload", base: beginResponse, fields: append(append([]field{
		object("/file"),
		closed("/file"),
		closed("/uploadParts/first/range"),
		upload("/uploadId"),
		object("/uploadParts"),
		integer("/uploadParts/count", 1, 12),
		object("/uploadParts/first"),
	}, detailsFields("/file")...), partFields("/uploadParts/first")...)},
	{operation: "GetUploadPart", base: partResponse, fields: partFields("")},
	{operation: "ListUploadParts", base: `{"remainingUploadParts":[3,4,6]}`, fields: []field{
		{at: "/remainingUploadParts", good: []any{[]any{}, []any{3, 4, 6}}, bad: notLists},
		part("/remainingUploadParts/1"),
	}},
	{operation: "CompleteUploadPart", base: `{"status":"Completed","etag":"x"}`, fields: []field{
		etag("/etag"), {at: "/status", good: []any{"Completed"}, bad: []any{"completed", "Done", "", 7, true}},
	}},
	{operation: "CompleteUploadPart", base: `{"status":"Pending"}`, fields: []field{
		closed(""),
		{at: "/status", good: []any{"Pending"}, bad: []any{"pending", "Completed", "", 7, true}},
	}},
	{operation: "BasicUpload", base: basicResponse, fields: storedFields("")},
	{operation: "UploadFromUrl", base: basicResponse, fields: storedFields("")},
	{operation: "FormDataUpload", base: formResponse, fields: append(storedFields("/files/0"),
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
	{operation: "GetFileDetails", base: detailsResponse, fields: detailsFields("")},
}

// failed are the places of the error body.
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
	cases = append(cases, message{base: errorResponse, fields: failed}.cases(operationOf("ProcessFile"), 404)...)
	cases = append(cases, message{base: runningResponse, fields: jobFields("")}.cases(operationOf("ProcessFile"), 404)...)
	for i := range operations {
		op := &operations[i]
		for _, status := range op.errors {
			add := func(what, body string, good bool) {
				cases = append(cases, jsonCase{op: op, status: status, what: op.id + " " + what, body: []byte(body), good: good})
			}
			add("as documented", errorResponse, true)
			add("with another error body", `{"error":"x"}`, false)
			add("without a body", ``, false)
		}
	}
	return cases
})

// changedResponses has every JSON answer come with one value changed at a time. The validator must let
// the good ones pass and see the bad ones.
func changedResponses(h *harness) (steps []step) {
	for _, c := range answerCases() {
		steps = append(steps, step{c.what, func() error { return h.wantAnswer(c.op, jsonAnswer(c.status, c.body), c.good) }})
	}
	return steps
}
