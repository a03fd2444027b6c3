package contract

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

type userKey struct{}

// authenticator knows one key, and keeps the name of its owner in the context.
func authenticator(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret_A623uY2" {
			jsonReply(http.StatusForbidden, wrong).ServeHTTP(w, &http.Request{})
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), userKey{}, "owner")))
	})
}

// unreadable fails the test when somebody reads it.
type unreadable struct{ t *testing.T }

func (u unreadable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestAuthenticatorRunsBeforeTheBodyIsRead(t *testing.T) {
	recorder, err := NewRecorder("")
	if err != nil {
		t.Fatal(err)
	}
	var found []Violation
	user := ""
	h := handlerOver(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ = r.Context().Value(userKey{}).(string)
		jsonReply(200, begun).ServeHTTP(w, r)
	}), WithAuthenticator(authenticator), reportTo(&found), WithCoverage(recorder))
	for _, test := range []struct {
		name   string
		r      *http.Request
		body   io.Reader // nil: must not be read
		status int
		found  string
		user   string
	}{
		{"no key", request(t, "POST", uploads, `{"size":1}`, "Authorization", ""), nil, 401, "security credentials", ""},
		{"a stranger", request(t, "POST", uploads, `{"size":1}`, "Authorization", "Bearer other"), nil, 403, "", ""},
		{"a stranger with a bad query", request(t, "POST", uploads+"?a=1", `{"size":1}`, "Authorization", "Bearer other"), nil, 403, "", ""},
		{"the owner", request(t, "POST", uploads, `{"size":1}`), strings.NewReader(`{"size":1}`), 200, "", "owner"},
		{"the owner with a bad body", request(t, "POST", uploads+"?a=1", `{"size":-1}`), strings.NewReader(`{"size":-1}`), 400, "query/a undocumented, body/size minimum", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			found, user = nil, ""
			if test.r.Body = io.NopCloser(unreadable{t}); test.body != nil {
				test.r.Body = io.NopCloser(test.body)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, test.r)
			if w.Code != test.status || brief(found) != test.found || user != test.user {
				t.Errorf("%d %s, violations %s, user %q", w.Code, w.Body, brief(found), user)
			}
		})
	}
	// What the authenticator answers is validated and recorded like any other answer.
	if seen := seenPoints(document(t).Coverage(recorder)); !strings.Contains(seen, "BeginMultipartUpload response 403 application/json") {
		t.Error(seen)
	}
}
