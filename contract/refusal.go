package contract

import (
	"encoding/json"
	"net/http"
	"strings"
)

// The error codes of a handler. The service publishes no list; these are this package's own.
const (
	codeCredentials = "credentials_missing"
	codeInvalid     = "request_invalid"
	codeTooLarge    = "request_too_large"
	codeRoute       = "route_unknown"
	codeMethod      = "method_not_allowed"
	codeResponse    = "response_invalid"
	codeBusy        = "server_busy"
)

// writeError answers with the documented error body of the API and returns the status. op is nil if the
// request matches no operation.
func writeError(w http.ResponseWriter, op *operation, found []Violation) int {
	status, code, message := http.StatusBadRequest, codeInvalid, "The request breaks the API's contract."
	for _, v := range found {
		switch {
		case v.Direction == Response:
			status, code, message = http.StatusInternalServerError, codeResponse, "The response breaks the API's contract."
		case v.Location == InSecurity:
			status, code = http.StatusUnauthorized, codeCredentials
			message = "A valid Authorization header with the Basic or Bearer scheme is required."
			w.Header().Set("WWW-Authenticate", "Bearer")
		case v.Rule == RuleTooLarge && op.response(http.StatusRequestEntityTooLarge, false) != nil:
			status, code, message = http.StatusRequestEntityTooLarge, codeTooLarge, "The request is too large."
		case v.Rule == RuleMethod:
			status, code, message = http.StatusMethodNotAllowed, codeMethod, "The path does not support this method."
		case v.Location == InRoute:
			status, code, message = http.StatusNotFound, codeRoute, "There is no such operation."
		}
	}
	body := map[string]any{"error": map[string]any{"code": code, "message": message, "details": details(found)}}
	data, _ := json.Marshal(body) // strings and maps of strings only
	w.Header().Set("Content-Type", "application/json")
	w.Header().Del("Content-Length") // of what it replaces
	w.WriteHeader(status)
	_, _ = w.Write(data) // the client is gone
	return status
}

// writeBusy answers a request for which there is no memory.
func writeBusy(w http.ResponseWriter) {
	data, _ := json.Marshal(map[string]any{"error": map[string]any{"code": codeBusy, "message": "There are too many large requests at once."}})
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
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
