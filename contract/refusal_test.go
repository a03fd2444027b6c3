package contract

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestRefusalWriter: a refusal can have the error body of another API.
func TestRefusalWriter(t *testing.T) {
	problem := WithRefusalWriter(func(w http.ResponseWriter, r *http.Request, refusal Refusal) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(refusal.Status)
		fmt.Fprintf(w, "%s %s %s", r.Method, refusal.Code, brief(refusal.Violations))
	})
	full := handlerOver(t, jsonReply(200, begun), problem).(*handler)
	full.held.Store(maxHeld)
	for _, test := range []struct {
		name   string
		h      http.Handler
		r      *http.Request
		status int
		want   string
		header string
	}{
		{"request", handlerOver(t, nil, problem), request(t, "POST", uploads, `{"size":-1}`), 400, "POST request_invalid body/size minimum", ""},
		{"credentials", handlerOver(t, nil, problem), request(t, "POST", uploads, `{"size":1}`, "Authorization", ""), 401, "POST credentials_missing security credentials", "Www-Authenticate"},
		{"route", handlerOver(t, nil, problem), request(t, "GET", "/nowhere", ""), 404, "GET route_unknown route unknownRoute", ""},
		{"method", handlerOver(t, nil, problem), request(t, "PATCH", uploads, ""), 405, "PATCH method_not_allowed route method", "Allow"},
		{"no room", full, request(t, "POST", uploads, `{"size":1}`), 503, "POST server_busy ", "Retry-After"},
		{"response", handlerOver(t, jsonReply(200, `{}`), problem), request(t, "GET", uploads+"/"+uploadID+"/parts", ""), 500, "GET response_invalid body/remainingUploadParts required", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			test.h.ServeHTTP(w, test.r)
			if w.Code != test.status || w.Body.String() != test.want || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
			}
			if test.header != "" && w.Header().Get(test.header) == "" {
				t.Errorf("no header %s in %v", test.header, w.Header())
			}
			if strings.Contains(w.Body.String(), `"error"`) {
				t.Error("the default body is written, too")
			}
		})
	}
}
