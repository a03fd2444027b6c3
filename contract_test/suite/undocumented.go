package suite

import (
	"net/http"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/contract"
	"github.com/c88edac7/bytescale-go/gen"
)

// checkUndocumented has every operation answer in ways that the service does not.
func checkUndocumented(w *world) {
	for i := range operations {
		op := &operations[i]
		for _, status := range []int{201, 202, 203, 205, 300, 301, 302, 304, 307, 308, 402, 405, 406, 409, 410, 411, 412, 415, 418, 422, 451} {
			w.answers(op, status, []byte(errorResponse), false, op.id+", which never does that")
		}
		for _, status := range []int{200, 204, 206, 413, 416} {
			if status != op.status && (op.id != "DownloadFile" || status == 413 || status == 204) && !op.fails(status) {
				w.answers(op, status, []byte(errorResponse), false, op.id+", which never does that")
			}
		}
		if op.answer != "" {
			for _, media := range []string{"text/json", "text/html", "application/xml", "application/octet-stream", ""} {
				w.answersWith(op, canned{op.status, http.Header{"Content-Type": {media}}, []byte(op.answer)}, false, op.id+" as "+media)
			}
		}
		w.answersWith(op, canned{500, http.Header{"Content-Type": {"text/html"}}, []byte("<html>")}, false, op.id+" as a web page")
		w.answersWith(op, canned{404, http.Header{"Content-Type": {"text/plain"}}, []byte(errorResponse)}, false, op.id+" as plain text")
	}
	w.answersWith(operationOf("DeleteFile"), canned{204, http.Header{}, []byte("x")}, false, "DeleteFile with a body")
	for _, media := range []string{"text/html", "video/mp4", "application/json"} {
		w.answersWith(operationOf("DownloadFile"), canned{200, http.Header{"Content-Type": {media}}, []byte("{")}, true, "DownloadFile as "+media)
	}
}

func (op *operation) fails(status int) bool {
	for _, s := range op.errors {
		if s == status {
			return true
		}
	}
	return false
}

// checkUnknownRequests sends what the service does not know.
func checkUnknownRequests(w *world) {
	for i := range operations {
		op := &operations[i]
		w.refusedWith(op.withQuery(w, "unknown", new(string)), op.id+" with an unknown parameter", http.StatusBadRequest)
		if op.media == "" {
			withBody := *op
			withBody.media, withBody.body = "application/json", "{}"
			w.refusedWith(withBody.request(w), op.id+" with a body", http.StatusBadRequest)
			continue
		}
		for _, media := range []string{"", "nonsense", "/", "text/"} {
			r := op.request(w)
			if r.Header.Del("Content-Type"); media != "" {
				r.Header.Set("Content-Type", media)
			}
			w.refusedWith(r, op.id+" with the content type "+media, http.StatusBadRequest)
		}
		if op.id != "BasicUpload" { // which takes any
			r := op.request(w)
			r.Header.Set("Content-Type", "text/plain")
			w.refusedWith(r, op.id+" as text/plain", http.StatusBadRequest)
		}
		empty := *op
		empty.media = ""
		w.refusedWith(empty.request(w), op.id+" without a body", http.StatusBadRequest)
	}
	for _, path := range []string{"/", "/v1/accounts/" + account + "/uploads", accountPath, accountPath + "/uploads/", accountPath + "/folders"} {
		r := (&operation{method: "GET"}).requestWith(w, path, "", nil)
		if w.send(r, path); len(w.seen) == 0 {
			w.fail("GET %s passes the validator", path)
		}
	}
	for i := range operations {
		other := operations[i]
		other.method = "PATCH"
		if w.send(other.request(w), other.path); len(w.seen) == 0 {
			w.fail("PATCH %s passes the validator", other.path)
		}
	}
}

// checkServers sends one request each to the servers that the SDK was built for.
func checkServers(w *world) {
	for _, test := range []struct {
		id, server string
		compiled   string
	}{
		{"BeginMultipartUpload", bytescale.DefaultAPIURL, gen.ServerURLProduction},
		{"DownloadFile", bytescale.DefaultCDNURL, bytescale.DefaultCDNURL},
	} {
		op := operationOf(test.id)
		transport, err := contract.NewTransport(stub{w}, contract.WithDocument(w.document))
		if err != nil {
			w.fail("%s: %v", op.id, err)
			return
		}
		w.canned = canned{500, http.Header{"Content-Type": {"application/json"}}, []byte(errorResponse)}
		for _, server := range []string{test.server, test.compiled} {
			r := op.request(w)
			to, err := http.NewRequestWithContext(w.ctx, r.Method, server+op.path, r.Body)
			if err != nil {
				w.fail("%s at %s: %v", op.id, server, err)
				continue
			}
			to.Header = r.Header
			if _, err := transport.RoundTrip(to); err != nil {
				w.fail("%s at %s: %v", op.id, server, err)
			}
		}
	}
}
