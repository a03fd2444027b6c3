package contract

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestNoBody: a request or a response without a body, which tests and other transports make, is one
// with an empty body.
func TestNoBody(t *testing.T) {
	t.Run("request", func(t *testing.T) {
		r := request(t, "POST", uploads, "", "Content-Type", "application/json")
		r.Body = nil
		var found []Violation
		w := httptest.NewRecorder()
		handlerOver(t, http.NotFoundHandler(), reportTo(&found)).ServeHTTP(w, r)
		if w.Code != http.StatusBadRequest || brief(found) != "body required" {
			t.Errorf("status %d, %s", w.Code, brief(found))
		}
	})
	t.Run("response", func(t *testing.T) {
		next := roundTripFunc(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}}, nil
		})
		_, err := transportOver(t, next).RoundTrip(request(t, "POST", uploads, `{"size":1}`))
		broken := &Error{}
		if errors.As(err, &broken); brief(broken.Violations) != "body syntax" {
			t.Error(err)
		}
	})
	t.Run("response without content", func(t *testing.T) {
		next := roundTripFunc(func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 204}, nil })
		response, err := transportOver(t, next).RoundTrip(request(t, "DELETE", "/v2/accounts/A623uY2/files?filePath=%2Fa", ""))
		if err != nil || response.Body == nil {
			t.Errorf("%v, %v", response, err)
		}
	})
	t.Run("nothing at all", func(t *testing.T) {
		next := roundTripFunc(func(*http.Request) (*http.Response, error) { return nil, nil })
		if _, err := transportOver(t, next).RoundTrip(request(t, "POST", uploads, `{"size":1}`)); !errors.Is(err, errNoResponse) {
			t.Error(err)
		}
	})
}
