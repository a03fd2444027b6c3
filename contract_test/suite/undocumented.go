package suite

import (
	"net/http"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/contract"
	"github.com/c88edac7/bytescale-go/gen"
)

// unusedStatuses are statuses that no operation answers.
var unusedStatuses = []int{201, 202, 203, 205, 300, 301, 302, 307, 308, 402, 405, 406, 409, 410, 411, 412, 415, 418, 422, 451}

// undocumentedAnswers has every operation answer in ways that the service does not.
func undocumentedAnswers(h *harness) (steps []step) {
	add := func(op *operation, what string, answer stubAnswer, good bool) {
		steps = append(steps, step{op.id + " " + what, func() error { return h.wantAnswer(op, answer, good) }})
	}
	for i := range operations {
		op := &operations[i]
		for _, status := range append(otherStatuses(op), unusedStatuses...) {
			add(op, "with a status that it never has", jsonAnswer(status, []byte(errorResponse)), false)
		}
		if op.answer != "" {
			for _, media := range []string{"text/json", "text/html", "application/xml", "application/octet-stream", ""} {
				add(op, "as "+media, answerOf(op.status, media, op.answer), false)
			}
		}
		add(op, "as a web page", answerOf(500, "text/html", "<html>"), false)
		add(op, "as plain text", answerOf(404, "text/plain", errorResponse), false)
	}
	for i := range operations {
		op := &operations[i]
		if op.status == http.StatusNoContent {
			add(op, "with a body", stubAnswer{status: 204, header: http.Header{}, body: []byte("x")}, false)
		}
		if op.public {
			for _, media := range []string{"text/html", "video/mp4", "application/json"} {
				add(op, "as "+media, answerOf(200, media, "{"), true)
			}
		}
	}
	return steps
}

func answerOf(status int, media, body string) stubAnswer {
	return stubAnswer{status: status, header: http.Header{"Content-Type": {media}}, body: []byte(body)}
}

// otherStatuses are statuses that other operations answer, and this one does not.
func otherStatuses(op *operation) (statuses []int) {
	for _, status := range []int{200, 204, 206, 304, 413, 416} {
		if status == op.status || op.fails(status) || op.public && (status == 206 || status == 304) {
			continue
		}
		statuses = append(statuses, status)
	}
	return statuses
}

// undocumentedRequests sends what the service does not know.
func undocumentedRequests(h *harness) (steps []step) {
	for i := range operations {
		steps = append(steps, changedCalls(h, &operations[i])...)
	}
	for _, path := range []string{"/", "/v1/accounts/" + account + "/uploads", accountPath, accountPath + "/uploads/", accountPath + "/webhooks"} {
		steps = append(steps, step{"GET " + path, func() error {
			return h.wantUnknown((&operation{method: "GET"}).requestWith(h, path, "", nil))
		}})
	}
	for _, op := range operations {
		op.method = "PATCH"
		steps = append(steps, step{"PATCH " + op.path, func() error { return h.wantUnknown(op.request(h)) }})
	}
	return steps
}

// changedCalls are calls of an operation with something that it does not take.
func changedCalls(h *harness, op *operation) (steps []step) {
	add := func(what string, build func() *http.Request) {
		steps = append(steps, step{op.id + " " + what, func() error { return h.wantRefused(build(), http.StatusBadRequest) }})
	}
	if !op.freeQuery {
		add("with an unknown parameter", func() *http.Request { return op.withQuery(h, "unknown", new(string)) })
	}
	if op.media == "" {
		withBody := *op
		withBody.media, withBody.body = "application/json", "{}"
		add("with a body", func() *http.Request { return withBody.request(h) })
		return steps
	}
	medias := []string{"", "nonsense", "/", "text/"}
	if op.id != "BasicUpload" { // which takes any
		medias = append(medias, "text/plain")
	}
	for _, media := range medias {
		add("with the content type "+media, func() *http.Request {
			r := op.request(h)
			if r.Header.Del("Content-Type"); media != "" {
				r.Header.Set("Content-Type", media)
			}
			return r
		})
	}
	empty := *op
	empty.media = ""
	add("without a body", func() *http.Request { return empty.request(h) })
	return steps
}

// defaultServers sends one request each to the servers that the SDK was built for.
func defaultServers(h *harness) (steps []step) {
	for _, test := range []struct{ id, server string }{
		{"BeginMultipartUpload", bytescale.DefaultAPIURL},
		{"BeginMultipartUpload", gen.ServerURLProduction},
		{"DownloadFile", bytescale.DefaultCDNURL},
	} {
		steps = append(steps, step{test.id + " at " + test.server, func() error {
			op := operationOf(test.id)
			transport := contract.NewTransport(stubTransport{h}, contract.WithDocument(h.document))
			r := op.request(h)
			to, err := http.NewRequestWithContext(h.ctx, r.Method, test.server+op.path, r.Body)
			if err != nil {
				return err
			}
			to.Header = r.Header
			h.stub = jsonAnswer(500, []byte(errorResponse))
			_, err = transport.RoundTrip(to)
			return err
		}})
	}
	return steps
}
