package suite

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/c88edac7/bytescale-go/contract"
	"github.com/c88edac7/bytescale-go/gen"
)

// send sends a request to the service. The validator does not stop it, and what it sees is in
// h.seen afterwards.
func (h *harness) send(r *http.Request) (*http.Response, error) {
	h.seen = nil
	return h.tolerant.RoundTrip(r)
}

// sendStubbed sends a request that is answered with a stub.
func (h *harness) sendStubbed(r *http.Request, answer stubAnswer) error {
	h.seen, h.stub = nil, answer
	_, err := h.stubbed.RoundTrip(r)
	return err
}

// wantAccepted demands that a request breaks no rule. What the service answers does not matter: a file
// may be missing.
func (h *harness) wantAccepted(r *http.Request) error {
	if _, err := h.send(r); err != nil {
		return err
	}
	if len(h.seen) > 0 {
		return fmt.Errorf("is refused: %v", h.seen[0])
	}
	return nil
}

// wantRefused demands that the client's validator sees a violation in a request, and that the service
// answers it with a status and the documented error body.
func (h *harness) wantRefused(r *http.Request, status int) error {
	response, err := h.send(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	seen := false
	for _, v := range h.seen {
		if v.Direction == contract.Response {
			return fmt.Errorf("the answer breaks the contract: %v", v)
		}
		seen = true
	}
	if !seen {
		return errors.New("passes the validator")
	}
	return wantError(response, status)
}

// wantUnknown demands that the client's validator sees a violation in a request, whatever the answer is.
func (h *harness) wantUnknown(r *http.Request) error {
	if _, err := h.send(r); err != nil {
		return err
	}
	if len(h.seen) == 0 {
		return errors.New("passes the validator")
	}
	return nil
}

// wantAnswer demands that the client's validator lets a good answer to a valid call pass, and sees a
// violation in a bad one.
func (h *harness) wantAnswer(op *operation, answer stubAnswer, good bool) error {
	if err := h.sendStubbed(op.request(h), answer); err != nil {
		return err
	}
	switch {
	case good && len(h.seen) > 0:
		return fmt.Errorf("the answer is refused: %v", h.seen[0])
	case !good && len(h.seen) == 0:
		return errors.New("the answer passes the validator")
	}
	for _, v := range h.seen {
		if v.Direction != contract.Response {
			return fmt.Errorf("the request breaks the contract: %v", v)
		}
	}
	return nil
}

// wantStatus demands the status of an answer.
func wantStatus(got, want int) error {
	if got != want {
		return fmt.Errorf("status %d, not %d", got, want)
	}
	return nil
}

// wantError demands a status and an error body that programs can read.
func wantError(response *http.Response, status int) error {
	if err := wantStatus(response.StatusCode, status); err != nil {
		return err
	}
	data, err := io.ReadAll(response.Body)
	var body gen.ErrorResponse
	if err == nil {
		err = json.Unmarshal(data, &body)
	}
	switch {
	case err != nil:
		return fmt.Errorf("the error body: %w", err)
	case body.Error.Code == "" || body.Error.Message == "":
		return errors.New("the error body has no code or no message")
	}
	return nil
}

// wantFailure demands that a valid request is answered with an error, which must be valid, too.
func (h *harness) wantFailure(r *http.Request, status int) error {
	response, err := h.strict.RoundTrip(r)
	if err != nil {
		return err
	}
	return wantError(response, status)
}
