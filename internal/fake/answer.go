package fake

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
)

// writeError answers an API call that failed.
func (s *Server) writeError(w http.ResponseWriter, r *http.Request, err error) {
	var refused *refusal.Error
	switch {
	case errors.As(err, &refused):
		writeRefusal(w, refused)
	case r.Context().Err() != nil || errors.Is(err, errBodyCut):
		panic(http.ErrAbortHandler) // nobody is there to read an answer
	default:
		// What the store says about files of ours is nothing for clients.
		s.fail(err)
		writeRefusal(w, &refusal.Error{Code: refusal.Internal})
	}
}

// fail tells who runs the server of a failure.
func (s *Server) fail(err error) {
	if s.options.OnFailure != nil {
		s.options.OnFailure(err)
	}
}

// writeRefusal answers with the error body of the API.
func writeRefusal(w http.ResponseWriter, refused *refusal.Error) {
	writeJSON(w, refused.Code.Status, gen.ErrorResponse{Error: gen.ErrorInfo{
		Code: refused.Code.Name, Message: refused.Text(), Details: refused.Details,
	}})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		status, data = http.StatusInternalServerError, []byte(`{"error":{"code":"internal_error","message":"The answer cannot be written as JSON."}}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(data) // a client that left needs no answer
}

// answerEarly answers at once and then reads the rest of the request, so that
// a client that writes first and reads later sees the answer and not a broken
// connection.
func answerEarly(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	controller := http.NewResponseController(w)
	_ = controller.EnableFullDuplex() // without it, the body is read before
	if status != http.StatusNoContent && status != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)   // the client may be gone
	_ = controller.Flush() // likewise
	finishBody(r)
}

// finishBody reads a request to its end, after an answer that did not wait for
// it. A connection on which that fails is given up: net/http would go on reading
// it in two places.
func finishBody(r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		panic(http.ErrAbortHandler)
	}
}
