package contract

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func zip(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

// TestContentCodings: a JSON body is validated as it is decoded, and passed on as it was sent. One whose
// coding is not known is refused for that reason, and not as broken JSON.
func TestContentCodings(t *testing.T) {
	coded := func(coding, body string) reply {
		return reply{200, []string{"Content-Type", "application/json", "Content-Encoding", coding}, body}
	}
	bomb := zip(`{"remainingUploadParts":[` + strings.Repeat("0,", 1<<20) + `0]}`)
	begin := request(t, "POST", uploads, `{"size":10}`)
	list := request(t, "GET", uploads+"/"+uploadID+"/parts", "")
	raw := request(t, "GET", "https://upcdn.io/A623uY2/raw/a", "")
	for _, test := range []struct {
		name  string
		r     *http.Request
		reply reply
		want  string
	}{
		{"gzip", begin, coded("gzip", zip(begun)), ""},
		{"gzip in other words", begin, coded("X-GZIP", zip(begun)), ""},
		{"identity", begin, coded("identity", begun), ""},
		{"gzip and a violation", begin, coded("gzip", zip(strings.Replace(begun, `"count":1`, `"count":0`, 1))), "body/uploadParts/count minimum"},
		{"no gzip", begin, coded("gzip", begun), "body syntax"},
		{"half of it", begin, coded("gzip", zip(begun)[:100]), "body syntax"},
		{"something behind it", begin, coded("gzip", zip(begun)+"x"), "body syntax"},
		{"too large once decoded", list, coded("gzip", bomb), "body tooLarge"},
		{"brotli", begin, coded("br", "?"), "header/Content-Encoding contentCoding"},
		{"two codings", begin, coded("gzip, br", zip(begun)), "header/Content-Encoding contentCoding"},
		{"a file", raw, reply{200, []string{"Content-Type", "text/css", "Content-Encoding", "br"}, "?"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			rewind := func() *http.Request {
				r := test.r.Clone(t.Context())
				if r.GetBody != nil {
					r.Body, _ = r.GetBody()
				}
				return r
			}
			response, err := transportOver(t, &roundTrip{handler: test.reply}, WithMaxBody(1<<20)).RoundTrip(rewind())
			broken := &Error{}
			if errors.As(err, &broken); brief(broken.Violations) != test.want {
				t.Errorf("transport: %v", err)
			}
			if err == nil {
				if body, err := io.ReadAll(response.Body); err != nil || string(body) != test.reply.body {
					t.Errorf("the body was changed: %q, %v", body, err)
				}
			}
			var found []Violation
			w := httptest.NewRecorder()
			handlerOver(t, test.reply, WithMaxBody(1<<20), reportTo(&found)).ServeHTTP(w, rewind())
			if brief(found) != test.want {
				t.Errorf("handler: %s", brief(found))
			}
			switch {
			case test.want == "" && (w.Code != 200 || w.Body.String() != test.reply.body || w.Header().Get("Content-Encoding") == ""):
				t.Errorf("handler: %d %v %q", w.Code, w.Header(), w.Body)
			case test.want != "" && (w.Code != 500 || w.Header().Get("Content-Encoding") != ""):
				t.Errorf("handler: %d %v %q", w.Code, w.Header(), w.Body)
			}
		})
	}
}

// TestRequestCodings: the API documents no coding of requests.
func TestRequestCodings(t *testing.T) {
	for coding, want := range map[string]string{"": "", "identity": "", "gzip": "header/Content-Encoding contentCoding", "br": "header/Content-Encoding contentCoding"} {
		body := `{"size":10}`
		if coding == "gzip" {
			body = zip(body)
		}
		r := request(t, "POST", uploads, body, "Content-Encoding", coding)
		_, err := transportOver(t, &roundTrip{handler: jsonReply(200, begun)}).RoundTrip(r)
		broken := &Error{}
		if errors.As(err, &broken); brief(broken.Violations) != want {
			t.Errorf("transport, %q: %v", coding, err)
		}
		r.Body, _ = r.GetBody()
		var found []Violation
		handlerOver(t, jsonReply(200, begun), reportTo(&found)).ServeHTTP(httptest.NewRecorder(), r)
		if brief(found) != want {
			t.Errorf("handler, %q: %s", coding, brief(found))
		}
	}
}
