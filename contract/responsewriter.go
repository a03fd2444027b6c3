package contract

import (
	"bytes"
	"io"
	"net/http"
)

// responseWriter validates a response while the handler writes it. It keeps JSON back until it is
// complete, and passes files on as they are written.
type responseWriter struct {
	http.ResponseWriter
	request  *http.Request
	exchange *exchange
	settings *settings

	wrote  bool // the handler has written the head
	answer answer
	found  []Violation
	passed bool // the head was passed on
	buffer bytes.Buffer
	extra  bool // the handler wrote a body where there must be none, or one that is too large

	refusal bool // what is written is a refusal of ours
}

// passRefusal lets what is written from now on pass, because it is a refusal and not a response of the
// handler.
func (w *responseWriter) passRefusal() { w.refusal = true }

func (w *responseWriter) WriteHeader(status int) {
	if w.wrote {
		return
	}
	if status/100 == 1 { // informational, the real one follows
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.wrote = true
	w.answer, w.found = w.exchange.checkAnswer(status, w.Header())
	if w.streams() {
		w.pass()
	}
}

// streams reports whether the body is passed on as it is written. That is so for files, unless the
// head is invalid and will be replaced.
func (w *responseWriter) streams() bool {
	if w.refusal {
		return true
	}
	if len(w.found) > 0 && !w.settings.reportOnly {
		return false
	}
	return !w.answer.empty && (w.answer.body == nil || !w.answer.body.json)
}

func (w *responseWriter) pass() {
	w.passed = true
	w.ResponseWriter.WriteHeader(w.answer.status)
}

func (w *responseWriter) Write(data []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.passed {
		return w.ResponseWriter.Write(data)
	}
	w.extra = w.extra || (w.answer.empty && len(data) > 0) || int64(w.buffer.Len()+len(data)) > w.settings.maxBody
	if w.extra && !w.settings.reportOnly {
		return len(data), nil // an error takes the place of the body
	}
	return w.buffer.Write(data)
}

// ReadFrom lets files reach the ReadFrom of the connection, which may use sendfile.
func (w *responseWriter) ReadFrom(r io.Reader) (int64, error) {
	w.WriteHeader(http.StatusOK)
	if w.passed {
		return io.Copy(w.ResponseWriter, r)
	}
	return io.Copy(struct{ io.Writer }{w}, r)
}

// Flush sends what was passed on.
func (w *responseWriter) Flush() {
	w.WriteHeader(http.StatusOK)
	if w.passed {
		_ = http.NewResponseController(w.ResponseWriter).Flush() // best effort, as http.Flusher is
	}
}

// Unwrap serves http.ResponseController, for deadlines.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// finish validates and sends what was kept back. It returns all violations of the response.
func (w *responseWriter) finish() []Violation {
	w.WriteHeader(http.StatusOK)
	if w.refusal {
		return w.found
	}
	switch {
	case w.extra && w.answer.empty:
		w.found = append(w.found, w.exchange.response(w.answer.status, InBody, violation("", RuleUnexpected, "must not have a body"))...)
	case w.extra:
		w.found = append(w.found, w.exchange.response(w.answer.status, InBody, tooLarge(w.settings.maxBody))...)
	case !w.passed && w.answer.body != nil && w.answer.body.json:
		_, broken := w.exchange.checkResponseJSON(w.answer, w.buffer.Bytes(), w.settings.maxBody)
		w.found = append(w.found, broken...)
	}
	w.settings.report(w.request.Context(), w.found)
	switch {
	case w.passed:
	case len(w.found) > 0 && !w.settings.reportOnly:
		w.settings.refuse(w.ResponseWriter, w.request, refusalOf(w.exchange.operation, w.found))
	default:
		w.pass()
		_, _ = w.ResponseWriter.Write(w.buffer.Bytes()) // the client is gone
	}
	return w.found
}
