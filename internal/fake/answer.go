package fake

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// writeError answers an API call that failed.
func (s *Server) writeError(w http.ResponseWriter, r *http.Request, err error) {
	var refused *refusal.Error
	switch {
	case errors.As(err, &refused):
		writeRefusal(w, refused)
	case r.Context().Err() != nil || errors.Is(err, errBodyCut):
		panic(http.ErrAbortHandler) // the client has left
	default:
		// An error of the store may name files of this machine. Clients do not see it.
		s.fail(err)
		code := refusal.Internal
		if store.IsFull(err) {
			code = refusal.StorageFull
		}
		writeRefusal(w, &refusal.Error{Code: code})
	}
}

// fail reports a failure to the owner of the server.
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
	_, _ = w.Write(data) // fails only if the client has left
}

// answerEarly answers at once and then reads the rest of the request. Otherwise a
// client that writes its whole body before it reads would see a broken connection
// instead of the answer. A request without a body is answered when its handler returns,
// so that it no longer counts as open when the client has the answer.
func answerEarly(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	controller := http.NewResponseController(w)
	_ = controller.EnableFullDuplex() // without it, net/http reads the body first
	if status != http.StatusNoContent && status != http.StatusNotModified {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // fails only if the client has left
	if r.ContentLength == 0 {
		return
	}
	_ = controller.Flush() // likewise
	finishBody(r)
}

// maxRest is how much of a request is read after it was answered.
const maxRest = 64 << 20

// finishBody reads the rest of a request that was answered early. If that fails or is
// too much, it gives up the connection, because net/http would otherwise read it in two
// places.
func finishBody(r *http.Request) {
	n, err := io.CopyN(io.Discard, r.Body, maxRest+1)
	if n > maxRest || err != io.EOF {
		panic(http.ErrAbortHandler)
	}
}
