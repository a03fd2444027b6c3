package suite

import "net/http"

// answerHeader is a header of answers, with values that the service sends and values that it does not.
type answerHeader struct {
	name      string
	good, bad []string
	required  bool
}

var retryAfter = answerHeader{name: "Retry-After", good: []string{"2", "0", "Wed, 21 Oct 2026 07:28:00 GMT"}, bad: []string{""}}

// downloadHeaders are the headers of answers with the bytes of a file, by status.
var downloadHeaders = map[int][]answerHeader{
	200: fileHeaders,
	206: append([]answerHeader{{
		name: "Content-Range", good: []string{"bytes 0-1/3", "bytes 0-1/*"},
		bad: []string{"", "bytes */3", "bytes 0-1", "0-1/3", "items 0-1/3"}, required: true,
	}}, fileHeaders...),
	304: {{name: "Etag", good: []string{`"x"`}, bad: []string{""}}},
	416: {{name: "Content-Range", good: []string{"bytes */3"}, bad: []string{"", "bytes 0-1/3", "*/3"}}},
}

var fileHeaders = []answerHeader{
	{name: "Etag", good: []string{`"x"`, "x"}, bad: []string{""}},
	{name: "Accept-Ranges", good: []string{"bytes", "none"}},
}

// changedHeaders has answers come with the headers that programs read, present and absent, good and
// bad.
func changedHeaders(h *harness) (steps []step) {
	for i := range operations {
		for _, status := range []int{429, 500, 503} {
			steps = append(steps, retryAfter.steps(h, &operations[i], status)...)
		}
	}
	for i := range operations {
		if op := &operations[i]; op.public {
			for status, headers := range downloadHeaders {
				for _, header := range headers {
					steps = append(steps, header.steps(h, op, status)...)
				}
			}
		}
	}
	return steps
}

// steps tries values of the header in an answer that is valid otherwise.
func (a answerHeader) steps(h *harness, op *operation, status int) (steps []step) {
	add := func(what string, value *string, good bool) {
		steps = append(steps, step{op.id + what, func() error { return h.wantAnswer(op, a.answer(status, value), good) }})
	}
	for _, value := range a.good {
		add(" with "+a.name+": "+value, &value, true)
	}
	for _, value := range a.bad {
		add(" with "+a.name+": "+value, &value, false)
	}
	add(" without "+a.name, nil, !a.required)
	return steps
}

// answer is a valid answer but for the value of the header; nil leaves it out.
func (a answerHeader) answer(status int, value *string) stubAnswer {
	answer := jsonAnswer(status, []byte(errorResponse))
	switch {
	case status == http.StatusNotModified:
		answer = stubAnswer{status: status, header: http.Header{}}
	case status < 400:
		answer.header.Set("Content-Type", "video/mp4")
	}
	if status == http.StatusPartialContent {
		answer.header.Set("Content-Range", "bytes 0-1/3")
	}
	if answer.header.Del(a.name); value != nil {
		answer.header.Set(a.name, *value)
	}
	return answer
}
