package contract

import (
	"bytes"
	"io"
	"net/http"
)

// responseWriter validates a response while the handler writes it. JSON is held back until it is
// complete; files pass straight through.
type responseWriter struct {
	http.ResponseWriter
	request  *http.Request
	exchange *exchange
	settings *settings

	wrote  bool // the status is known
	answer answer
	found  []Violation
	passed bool // the head has gone out
	buffer bytes.Buffer
	extra  bool // bytes where there must be none, or too many
}

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

// streams says whether the body goes out as it is written: a valid response with a file, or anything
// when violations are only reported and there is no JSON to look at.
func (w *responseWriter) streams() bool {
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
		return len(data), nil // replaced by an error in any case
	}
	return w.buffer.Write(data)
}

// ReadFrom keeps the short way from a file to the connection open.
func (w *responseWriter) ReadFrom(r io.Reader) (int64, error) {
	w.WriteHeader(http.StatusOK)
	if w.passed {
		return io.Copy(w.ResponseWriter, r)
	}
	return io.Copy(struct{ io.Writer }{w}, r)
}

// Flush sends what may be sent.
func (w *responseWriter) Flush() {
	w.WriteHeader(http.StatusOK)
	if w.passed {
		_ = http.NewResponseController(w.ResponseWriter).Flush() // best effort, as http.Flusher is
	}
}

// Unwrap serves http.ResponseController, for deadlines.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// finish validates and sends what was held back. It returns all violations of the response.
func (w *responseWriter) finish() []Violation {
	w.WriteHeader(http.StatusOK)
	switch {
	case w.extra && w.answer.empty:
		w.found = append(w.found, w.exchange.response(w.answer.status, InBody, violation("", RuleUnexpected, "must not have a body"))...)
	case w.extra:
		w.found = append(w.found, w.exchange.response(w.answer.status, InBody, tooLarge(w.settings.maxBody))...)
	case !w.passed && w.answer.body != nil && w.answer.body.json:
		_, broken := w.exchange.checkResponseJSON(w.answer, w.buffer.Bytes())
		w.found = append(w.found, broken...)
	}
	w.settings.report(w.request.Context(), w.found)
	switch {
	case w.passed:
	case len(w.found) > 0 && !w.settings.reportOnly:
		writeError(w.ResponseWriter, w.exchange.operation, w.found)
	default:
		w.pass()
		_, _ = w.ResponseWriter.Write(w.buffer.Bytes()) // the client is gone
	}
	return w.found
}
