package contract

import (
	"encoding/json"
	"net/http"
	"strings"
)

// A Refusal is what a handler answers in place of a response: to a request that breaks the contract, to
// one for which it has no room, or when the response breaks the contract.
type Refusal struct {
	// Status is the HTTP status: 400, 401, 404, 405, 413, 500 or 503.
	Status int
	// Code is a name of the reason, such as "request_invalid".
	Code string
	// Message is a sentence for people.
	Message string
	// Violations is empty if there is no room for the request.
	Violations []Violation
}

// The codes of refusals. The service publishes no list; these are this package's own.
const (
	codeCredentials = "credentials_missing"
	codeInvalid     = "request_invalid"
	codeTooLarge    = "request_too_large"
	codeRoute       = "route_unknown"
	codeMethod      = "method_not_allowed"
	codeResponse    = "response_invalid"
	codeBusy        = "server_busy"
)

// refusalOf chooses the answer to violations. op is nil if the request matches no operation.
func refusalOf(op *operation, found []Violation) Refusal {
	refusal := Refusal{Status: http.StatusBadRequest, Code: codeInvalid, Message: "The request breaks the API's contract.", Violations: found}
	is := func(status int, code, message string) {
		refusal.Status, refusal.Code, refusal.Message = status, code, message
	}
	for _, v := range found {
		switch {
		case v.Direction == Response:
			is(http.StatusInternalServerError, codeResponse, "The response breaks the API's contract.")
		case v.Location == InSecurity:
			is(http.StatusUnauthorized, codeCredentials, "A valid Authorization header with the Basic or Bearer scheme is required.")
		case v.Rule == RuleTooLarge && op.response(http.StatusRequestEntityTooLarge, false) != nil:
			is(http.StatusRequestEntityTooLarge, codeTooLarge, "The request is too large.")
		case v.Rule == RuleMethod:
			is(http.StatusMethodNotAllowed, codeMethod, "The path does not support this method.")
		case v.Location == InRoute:
			is(http.StatusNotFound, codeRoute, "There is no such operation.")
		}
	}
	return refusal
}

// busy is the answer to a request for which there is no room.
var busy = Refusal{Status: http.StatusServiceUnavailable, Code: codeBusy, Message: "There are too many large requests at once."}

// refuse writes a refusal with its headers.
func (s *settings) refuse(w http.ResponseWriter, r *http.Request, refusal Refusal) {
	switch refusal.Status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Del("Content-Length") // of what it replaces
	w.Header().Del("Content-Encoding")
	s.writeRefusal(w, r, refusal)
}

// writeErrorBody writes a refusal as the documented error body of the API.
func writeErrorBody(w http.ResponseWriter, _ *http.Request, refusal Refusal) {
	info := map[string]any{"code": refusal.Code, "message": refusal.Message}
	if len(refusal.Violations) > 0 {
		info["details"] = details(refusal.Violations)
	}
	data, _ := json.Marshal(map[string]any{"error": info}) // strings and maps of strings only
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(refusal.Status)
	_, _ = w.Write(data) // the client is gone
}

// details returns one entry for each place, like "body.size" or "query.filePath".
func details(found []Violation) map[string]any {
	entries := map[string]any{}
	for _, v := range found {
		place := string(v.Location)
		for token := range strings.SplitSeq(strings.TrimPrefix(v.Pointer, "/"), "/") {
			if token != "" {
				place += "." + pointerUnescaper.Replace(token)
			}
		}
		if _, taken := entries[place]; !taken {
			entries[place] = map[string]string{"message": v.Message}
		}
	}
	return entries
}

var pointerUnescaper = strings.NewReplacer("~1", "/", "~0", "~")
