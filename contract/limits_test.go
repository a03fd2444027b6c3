package contract

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func TestLargest(t *testing.T) {
	for schema, want := range map[string]bodyLimit{
		`{"type":"integer"}`:                          {bytes: scalarBytes, values: 1},
		`{"type":"boolean"}`:                          {bytes: scalarBytes, values: 1},
		`{"type":"string","maxLength":100}`:           {bytes: 402, values: 1},
		`{"type":"string","enum":["a","longest"]}`:    {bytes: 30, values: 1},
		`{"type":"string"}`:                           {bytes: freeBytes, values: 1},
		`{}`:                                          {bytes: freeBytes, values: freeValues},
		`{"type":"array","items":{"type":"integer"}}`: {bytes: freeBytes, values: freeValues},
		`{"type":"array","maxItems":10,"items":{"type":"integer"}}`: {bytes: 2 + 10*(scalarBytes+1), values: 11},
		`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"integer"},"b":{"type":"boolean"}}}`: {
			bytes: 2 + 2*(scalarBytes+5), values: 3,
		},
		`{"type":"object"}`: {bytes: 2 + freeBytes, values: 1 + freeValues},
		`{"oneOf":[{"type":"string","maxLength":100},{"type":"array","maxItems":2,"items":{"type":"boolean"}}]}`: {bytes: 402, values: 3},
		`{"allOf":[{"type":"integer"},{"type":"integer"}]}`:                                                      {bytes: 2 * scalarBytes, values: 2},
	} {
		parsed := &openapi3.Schema{}
		if err := parsed.UnmarshalJSON([]byte(schema)); err != nil {
			t.Fatal(err)
		}
		if got := largest(parsed, nil); got != want {
			t.Errorf("%s: %+v, want %+v", schema, got, want)
		}
	}
	// A schema that contains itself, and one whose limits are beyond all bounds.
	loop := openapi3.NewArraySchema()
	loop.WithMaxItems(1 << 40).Items = loop.NewRef()
	if got := largest(loop, nil); got.bytes > DefaultMaxBody || got.values > maxResponseValues {
		t.Errorf("%+v", got)
	}
}

// TestRequestLimits: how long a request may be depends on its operation.
func TestRequestLimits(t *testing.T) {
	begin := uploads
	complete := uploads + "/" + uploadID + "/parts/0"
	zeros := func(n int) string { return "[0" + strings.Repeat(",0", n-1) + "]" }
	for _, test := range []struct {
		name string
		r    *http.Request
		want string
	}{
		{"as large as it may be", request(t, "POST", begin, `{"size":1,"metadata":{"a":"`+strings.Repeat("a", 256<<10-30)+`"}}`), ""},
		{"a byte more", request(t, "POST", begin, `{"size":1,"metadata":{"a":"`+strings.Repeat("a", 256<<10-29)+`"}}`), "body tooLarge"},
		{"metadata of many values", request(t, "POST", begin, `{"size":1,"metadata":{"a":`+zeros(4000)+`}}`), ""},
		{"too many values", request(t, "POST", begin, `{"size":1,"metadata":{"a":`+zeros(5000)+`}}`), "body tooLarge"},
		{"too many values for a small operation", request(t, "PUT", complete, `{"etag":`+zeros(2000)+`}`), "body tooLarge"},
		{"a few values of the wrong type", request(t, "PUT", complete, `{"etag":`+zeros(500)+`}`), "body/etag type"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var found []Violation
			next := &roundTrip{handler: jsonReply(400, wrong)}
			if _, err := transportOver(t, next, reportTo(&found)).RoundTrip(test.r); (err == nil) != (test.want == "") {
				t.Error(err)
			}
			if got := brief(found); got != test.want {
				t.Errorf("transport: %s", got)
			}
			found = nil
			body, err := test.r.GetBody()
			if err != nil {
				t.Fatal(err)
			}
			test.r.Body = body
			handlerOver(t, jsonReply(400, wrong), reportTo(&found)).ServeHTTP(httptest.NewRecorder(), test.r)
			if got := brief(found); got != test.want {
				t.Errorf("handler: %s", got)
			}
		})
	}
}

// TestResponseValues: a response may be large, but not of ever so many values.
func TestResponseValues(t *testing.T) {
	list := func(n int) string { return `{"remainingUploadParts":[0` + strings.Repeat(",0", n-1) + `]}` }
	for n, want := range map[int]string{maxResponseValues - 10: "", maxResponseValues: "body tooLarge"} {
		var found []Violation
		transport := transportOver(t, &roundTrip{handler: jsonReply(200, list(n))}, reportTo(&found), WithReportOnly())
		if _, err := transport.RoundTrip(request(t, "GET", uploads+"/"+uploadID+"/parts", "")); err != nil {
			t.Fatal(err)
		}
		if got := brief(found); got != want {
			t.Errorf("%d values: %s", n, got)
		}
	}
}

// TestHandlerHoldsLittle: the bodies that a handler holds at once are limited in sum. Requests that find
// no room are told to come back.
func TestHandlerHoldsLittle(t *testing.T) {
	h := handlerOver(t, jsonReply(200, begun)).(*handler)
	h.held.Store(maxHeld - 2000)
	send := func(body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request(t, "POST", uploads, body))
		return w
	}
	large := `{"size":1,"metadata":{"a":"` + strings.Repeat("a", 5000) + `"}}`
	if w := send(large); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if w := send(`{"size":1}`); w.Code != http.StatusOK {
		t.Errorf("a small one: %d %s", w.Code, w.Body)
	}
	h.held.Store(0)
	if w := send(large); w.Code != http.StatusOK || h.held.Load() != 0 {
		t.Errorf("with room: %d %s, %d bytes are held", w.Code, w.Body, h.held.Load())
	}
	// A client that leaves, and a handler that panics, give their room back.
	r := request(t, "POST", uploads, large)
	r.Body = io.NopCloser(brokenBody{strings.NewReader(large)})
	func() {
		defer func() { _ = recover() }()
		h.ServeHTTP(httptest.NewRecorder(), r.WithContext(context.Background()))
	}()
	h.next = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	func() {
		defer func() { _ = recover() }()
		send(large)
	}()
	if held := h.held.Load(); held != 0 {
		t.Errorf("%d bytes are held", held)
	}
}
