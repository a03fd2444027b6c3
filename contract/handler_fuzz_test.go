package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// FuzzHandler sends anything to a held handler. Nothing panics, what reaches the handler broke no rule, and everything
// else is answered with an error that programs can read.
func FuzzHandler(f *testing.F) {
	f.Add("POST", "/v2/accounts/A623uY2/uploads", "", "application/json", []byte(`{"size":1,"path":{"fileName":"x"}}`))
	f.Add("POST", "/v2/accounts/A623uY2/uploads/url", "", "application/json", []byte(`{"url":"https://a.b/c","timeout":0}`))
	f.Add("PUT", "/v2/accounts/A623uY2/uploads/Kd759aLFxttm69kZ/parts/7", "", "application/json; charset=utf-8", []byte(`{"etag":"\u0022"}`))
	f.Add("GET", "/A623uY2/raw/a%2Fb", "cache=false&meta-x=1&exp=inf", "", []byte(nil))
	f.Add("POST", "/v2/accounts/A623uY2/uploads/form_data", "tag=a&tag=b", "multipart/form-data; boundary=B", []byte("--B--"))
	f.Fuzz(func(t *testing.T, method, path, query, contentType string, body []byte) {
		target, err := url.ParseRequestURI(path)
		if err != nil || target.Host != "" {
			return // no server gets such a request
		}
		target.RawQuery = query
		r := &http.Request{
			Method: method, URL: target, Header: http.Header{"Content-Type": {contentType}, "Authorization": {"Bearer k"}},
			Body: http.NoBody, ContentLength: int64(len(body)),
		}
		if len(body) > 0 {
			r.Body = readCloser{bytes.NewReader(body), http.NoBody}
		}
		broken, reached := 0, false
		h := handlerOver(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			reached = true
			jsonReply(404, wrong).ServeHTTP(w, &http.Request{})
		}), WithReporter(func(context.Context, Violation) { broken++ }))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r.WithContext(t.Context()))
		if reached == (broken > 0) {
			t.Errorf("reached: %t, %d violations", reached, broken)
		}
		var answer struct {
			Error struct{ Code, Message string }
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Error.Code == "" {
			t.Errorf("answered %d %s", w.Code, w.Body)
		}
	})
}
