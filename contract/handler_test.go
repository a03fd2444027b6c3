package contract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHandlerAnswersInTheDocumentedShape(t *testing.T) {
	for _, test := range []struct {
		name    string
		r       *http.Request
		status  int
		code    string
		details string
	}{
		{"body", request(t, "POST", uploads, `{"size":-1,"path":{"fileName":"a/b"}}`), 400, "request_invalid",
			`{"body.path.fileName":{"message":"must match ^[^/]*$"},"body.size":{"message":"must be at least 0"}}`},
		{"query", request(t, "GET", "/v2/accounts/A623uY2/files/details", ""), 400, "request_invalid",
			`{"query.filePath":{"message":"is required"}}`},
		{"auth", request(t, "POST", uploads, `{"size":-1}`, "Authorization", ""), 401, "credentials_missing", ""},
		{"content type", request(t, "POST", uploads, "x", "Content-Type", "text/plain"), 400, "request_invalid",
			`{"contentType":{"message":"must be a documented media type"}}`},
		{"too large", request(t, "POST", uploads, `{"originalFileName":"`+strings.Repeat("a", 2000)+`"}`), 413, "request_too_large",
			`{"body":{"message":"must have at most 1000 bytes"}}`},
		{"too large, 413 not documented", request(t, "PUT", uploads+"/"+uploadID+"/parts/0", `"`+strings.Repeat("a", 2000)+`"`), 400, "request_invalid", ""},
		{"route", request(t, "GET", "/nowhere", ""), 404, "route_unknown", ""},
		{"method", request(t, "PATCH", uploads, ""), 405, "method_not_allowed", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var found []Violation
			h := handlerOver(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached") }),
				WithMaxBody(1000), reportTo(&found))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, test.r)
			var body struct {
				Error struct {
					Code, Message string
					Details       json.RawMessage
				}
			}
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
				t.Fatal(err, w.Body)
			}
			if w.Code != test.status || body.Error.Code != test.code || body.Error.Message == "" {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if test.details != "" && string(body.Error.Details) != test.details {
				t.Errorf("details %s\nwant %s", body.Error.Details, test.details)
			}
			if got := w.Header().Get("Content-Type"); got != "application/json" || len(found) == 0 {
				t.Errorf("content type %q, %d violations", got, len(found))
			}
		})
	}
}

func TestHandlerPassesValidRequests(t *testing.T) {
	var value any
	h := handlerOver(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) != `{"size":12345678901234567}` {
			t.Errorf("body %s", body)
		}
		value = r.Body.(interface{ ValidatedValue() any }).ValidatedValue()
		jsonReply(200, begun).ServeHTTP(w, r)
	}), WithStrict())
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request(t, "POST", uploads, `{"size":12345678901234567}`))
	if w.Code != 200 || w.Body.String() != begun {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if got := value.(map[string]any)["size"]; got != json.Number("12345678901234567") {
		t.Errorf("size %v", got)
	}
}

func TestHandlerReplacesInvalidResponses(t *testing.T) {
	list := uploads + "/" + uploadID + "/parts"
	remove := "/v2/accounts/A623uY2/files?filePath=%2Fa"
	for _, test := range []struct {
		name  string
		r     *http.Request
		reply reply
		want  string // empty: passes
	}{
		{"null list", request(t, "GET", list, ""), jsonReply(200, `{"remainingUploadParts":null}`), "body/remainingUploadParts nullable"},
		{"unknown field", request(t, "GET", list, ""), jsonReply(200, `{"remainingUploadParts":[],"x":1}`), "body/x additionalProperties"},
		{"status", request(t, "GET", list, ""), jsonReply(418, wrong), "status undocumented"},
		{"content type", request(t, "GET", list, ""), reply{200, []string{"Content-Type", "text/plain"}, "{}"}, "contentType undocumented"},
		{"body on 204", request(t, "DELETE", remove, ""), reply{204, nil, "x"}, "body unexpected"},
		{"too large", request(t, "GET", list, ""), jsonReply(200, `{"remainingUploadParts":[`+strings.Repeat("1,", 1000)+`1]}`), "body tooLarge"},
		{"204", request(t, "DELETE", remove, ""), reply{204, nil, ""}, ""},
		{"error", request(t, "DELETE", remove, ""), jsonReply(404, wrong), ""},
		{"download", request(t, "GET", "/A623uY2/raw/a", ""), reply{200, []string{"Content-Type", "a/b"}, strings.Repeat("x", 5000)}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var found []Violation
			h := handlerOver(t, test.reply, WithStrict(), WithMaxBody(1000), reportTo(&found))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, test.r)
			if got := brief(found); got != test.want {
				t.Errorf("violations %s", got)
			}
			switch {
			case test.want == "" && (w.Code != test.reply.status || w.Body.String() != test.reply.body):
				t.Errorf("%d %s", w.Code, w.Body)
			case test.want != "" && (w.Code != 500 || !strings.Contains(w.Body.String(), "response_invalid")):
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}

// A body that breaks off is not answered, least of all with an implicit 200.
func TestHandlerAbortsOnABrokenBody(t *testing.T) {
	h := handlerOver(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached") }))
	r := request(t, "POST", uploads, `{"size":1}`)
	r.Body = io.NopCloser(brokenBody{strings.NewReader(`{"size"`)})
	defer func() {
		if p := recover(); p != any(http.ErrAbortHandler) {
			t.Errorf("panic: %v", p)
		}
	}()
	h.ServeHTTP(httptest.NewRecorder(), r)
}

func TestHandlerReadsNothingOfStrangers(t *testing.T) {
	h := handlerOver(t, http.NotFoundHandler())
	r := request(t, "POST", uploads, `{"size":1}`, "Authorization", "")
	r.Body = io.NopCloser(brokenBody{strings.NewReader("")})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized {
		t.Errorf("status %d", w.Code)
	}
}

func TestHandlerTellsOnlySomeOfManyBreaches(t *testing.T) {
	var many strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&many, `,"p%d":1`, i)
	}
	var found []Violation
	h := handlerOver(t, http.NotFoundHandler(), reportTo(&found))
	h.ServeHTTP(httptest.NewRecorder(), request(t, "POST", uploads, `{"size":1`+many.String()+`}`))
	if len(found) != maxViolations {
		t.Errorf("%d violations", len(found))
	}
}

func TestHandlerReportOnly(t *testing.T) {
	for _, r := range []*http.Request{
		request(t, "POST", uploads, `{"size":-1}`),
		request(t, "GET", "/nowhere", ""),
		request(t, "DELETE", "/v2/accounts/A623uY2/files?filePath=%2Fa", ""),
	} {
		n := 0
		h := handlerOver(t, jsonReply(200, `{"x":`), WithReportOnly(), WithReporter(func(context.Context, Violation) { n++ }))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 || w.Body.String() != `{"x":` || n == 0 {
			t.Errorf("%s: %d %s, %d violations", r.URL, w.Code, w.Body, n)
		}
	}
}

// TestFilesStreamThroughTheHandler sends and receives bodies piecewise, each piece only after the
// other side has had the one before.
func TestFilesStreamThroughTheHandler(t *testing.T) {
	server := httptest.NewServer(handlerOver(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			n, err := io.Copy(io.Discard, r.Body)
			if err != nil || n != 1<<20 {
				t.Error(n, err)
			}
			jsonReply(200, `{"accountId":"A623uY2","etag":"e","filePath":"/a","fileUrl":"https://u/A/raw/a"}`).ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "video/mp4")
		_, _ = io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		<-r.Context().Done() // the client leaves once it has seen the first bytes
	}), WithMaxBody(100)))
	defer server.Close()

	r := request(t, "POST", server.URL+uploads+"/binary", strings.Repeat("x", 1<<20), "Content-Type", "a/b")
	response, err := http.DefaultClient.Do(r)
	if err != nil || response.StatusCode != 200 {
		t.Fatal(response, err)
	}
	_ = response.Body.Close()

	response, err = http.DefaultClient.Do(request(t, "GET", server.URL+"/A623uY2/raw/a", ""))
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 5)
	if _, err := io.ReadFull(response.Body, first); err != nil || string(first) != "first" {
		t.Errorf("%q %v", first, err)
	}
	_ = response.Body.Close()
}

func TestErrorIsShortAndHasNoValues(t *testing.T) {
	transport := transportOver(t, &roundTrip{})
	_, err := transport.RoundTrip(request(t, "POST", uploads,
		`{"size":"s3cret","mime":"s3cret","protocol":"s3cret","tags":["s3cret!"],"path":"`+strings.Repeat("s3cret", 100)+`","metadata":"s3cret","originalFileName":7}`))
	var broken *Error
	if !errors.As(err, &broken) || len(broken.Violations) != 7 {
		t.Fatal(err)
	}
	if strings.Contains(err.Error(), "s3cret") || !strings.HasSuffix(err.Error(), "and 2 more") {
		t.Error(err)
	}
}
