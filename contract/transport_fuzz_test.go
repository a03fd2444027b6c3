package contract

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// FuzzTransportAnswers answers valid calls with anything. Nothing panics. An answer is passed on with
// exactly its bytes, or refused with short printable violations, and nothing is passed on that breaks a
// rule.
func FuzzTransportAnswers(f *testing.F) {
	f.Add(0, 200, "application/json", "", []byte(begun), false)
	f.Add(1, 204, "", "", []byte(nil), true)
	f.Add(2, 206, "video/mp4", "bytes 0-1/3", []byte("ab"), false)
	f.Add(3, 200, "application/json", "", []byte(`{"remainingUploadParts":[0,-1,"x",1e999]}`), false)
	f.Add(4, 503, "application/json; charset=utf-8", "", []byte(wrong), false)
	f.Add(0, 200, "application/json", "", []byte(`{"file":{"x\n\u202e":1}}`), false)
	f.Fuzz(func(t *testing.T, call, status int, contentType, contentRange string, body []byte, noBody bool) {
		requests := []*http.Request{
			request(t, "POST", uploads, `{"size":10}`),
			request(t, "DELETE", "/v2/accounts/A623uY2/files?filePath=%2Fa", ""),
			request(t, "GET", "https://upcdn.io/A623uY2/raw/a", ""),
			request(t, "GET", uploads+"/"+uploadID+"/parts", ""),
			request(t, "GET", "/v2/accounts/A623uY2/files/details?filePath=%2Fa", ""),
		}
		next := roundTripFunc(func(*http.Request) (*http.Response, error) {
			response := &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {contentType}}}
			if contentRange != "" {
				response.Header["Content-Range"] = []string{contentRange}
			}
			if !noBody {
				response.Body = io.NopCloser(bytes.NewReader(body))
			}
			return response, nil
		})
		if noBody {
			body = nil
		}
		var found []Violation
		for _, opts := range [][]Option{{}, {WithStrict()}, {WithReportOnly()}} {
			found = nil
			r := requests[uint(call)%uint(len(requests))].Clone(t.Context())
			if r.GetBody != nil {
				r.Body, _ = r.GetBody()
			}
			response, err := transportOver(t, next, append(opts, reportTo(&found))...).RoundTrip(r)
			var broken *Error
			switch {
			case errors.As(err, &broken):
				if len(broken.Violations) == 0 || len(broken.Violations) != len(found) {
					t.Errorf("%d violations in the error, %d reported", len(broken.Violations), len(found))
				}
			case err != nil:
				t.Error(err)
			default:
				if got, err := io.ReadAll(response.Body); err != nil || !bytes.Equal(got, body) {
					t.Errorf("the body is %q, %v", got, err)
				}
				if len(found) > 0 && len(opts) == 0 {
					t.Errorf("passed in spite of %v", found)
				}
			}
			for _, v := range found {
				checkLine(t, v)
				if strings.Contains(v.Message, string(body)) && len(body) > 60 {
					t.Errorf("the message holds the body: %s", v.Message)
				}
			}
		}
	})
}
