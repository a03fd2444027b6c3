package contract

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestTransportRequests(t *testing.T) {
	details := "/v2/accounts/A623uY2/files/details"
	long := strings.Repeat("a", 300)
	for _, test := range []struct {
		name string
		r    *http.Request
		want string // violations; empty: passes
	}{
		{"begin", request(t, "POST", uploads, `{"size":0}`), ""},
		{"begin, all fields", request(t, "POST", uploads, `{"size":1,"metadata":{"a":[1,null]},"mime":"a/b","originalFileName":"x",`+
			`"path":{"fileName":"f"},"protocol":"1.1","tags":["t"]}`), ""},
		{"no size", request(t, "POST", uploads, `{}`), "body/size required"},
		{"negative", request(t, "POST", uploads, `{"size":-1}`), "body/size minimum"},
		{"fraction", request(t, "POST", uploads, `{"size":1.5}`), "body/size type"},
		{"beyond int64", request(t, "POST", uploads, `{"size":1e30}`), "body/size format"},
		{"null", request(t, "POST", uploads, `{"size":null}`), "body/size nullable"},
		{"string", request(t, "POST", uploads, `{"size":"1"}`), "body/size type"},
		{"unknown property", request(t, "POST", uploads, `{"size":1,"sise":2}`), "body/sise additionalProperties"},
		{"other case", request(t, "POST", uploads, `{"size":1,"Size":2}`), "body/Size additionalProperties"},
		{"twice", request(t, "POST", uploads, `{"size":1,"size":2}`), "body syntax"},
		{"trailing", request(t, "POST", uploads, `{"size":1} x`), "body syntax"},
		{"two values", request(t, "POST", uploads, `{"size":1}{"size":1}`), "body syntax"},
		{"no comma", request(t, "POST", uploads, `{"size":1 "mime":"a/b"}`), "body syntax"},
		{"garbage", request(t, "POST", uploads, `{"size"`), "body syntax"},
		{"deep", request(t, "POST", uploads, `{"size":1,"metadata":{"a":`+strings.Repeat("[", 300)+strings.Repeat("]", 300)+`}}`), "body syntax"},
		{"several", request(t, "POST", uploads, `{"size":-1,"mime":"x","tags":["a b",""]}`),
			"body/mime minLength, body/mime pattern, body/size minimum, body/tags/0 pattern, body/tags/1 minLength"},
		{"enum", request(t, "POST", uploads, `{"size":1,"protocol":"2"}`), "body/protocol enum"},
		{"union: which field", request(t, "POST", uploads, `{"size":1,"path":{"fileName":"a/b"}}`), "body/path/fileName pattern"},
		{"union: neither", request(t, "POST", uploads, `{"size":1,"path":7}`), "body/path oneOf"},
		{"too many tags", request(t, "POST", uploads, `{"size":1,"tags":["`+strings.Repeat(`a","`, 25)+`a"]}`), "body/tags maxItems"},
		{"no body", request(t, "POST", uploads, "", "Content-Type", "application/json"), "body required"},
		{"content type", request(t, "POST", uploads, `{"size":1}`, "Content-Type", "text/json"), "contentType undocumented"},
		{"no content type", request(t, "POST", uploads, `{"size":1}`, "Content-Type", ""), "contentType undocumented"},
		{"charset", request(t, "POST", uploads, `{"size":1}`, "Content-Type", "application/json; charset=utf-8"), ""},
		{"charset in capitals", request(t, "POST", uploads, `{"size":1}`, "Content-Type", `Application/JSON; Charset="UTF-8"`), ""},
		{"another charset", request(t, "POST", uploads, `{"size":1}`, "Content-Type", "application/json; charset=utf-16"), "contentType charset"},
		{"charset of a file", request(t, "POST", uploads+"/binary", "x", "Content-Type", "text/plain; charset=utf-16"), ""},
		{"two content types", twice(request(t, "POST", uploads, `{"size":1}`), "Content-Type", "text/plain"), "contentType repeated"},
		{"not UTF-8", request(t, "POST", uploads, "{\"size\":1,\"originalFileName\":\"\xff\"}"), "body syntax"},
		{"lone surrogate", request(t, "POST", uploads, `{"size":1,"originalFileName":"\ud800"}`), "body syntax"},
		{"byte order mark", request(t, "POST", uploads, "\ufeff"+`{"size":1}`), "body syntax"},
		{"surrogate pair", request(t, "POST", uploads, `{"size":1,"originalFileName":"\ud83d\ude00"}`), ""},
		{"account", request(t, "POST", "/v2/accounts/A623uY0/uploads", `{"size":1}`), "path/accountId pattern"},
		{"account length", request(t, "POST", "/v2/accounts/A/uploads", `{"size":1}`), "path/accountId minLength"},
		{"query", request(t, "POST", uploads+"?a=1", `{"size":1}`), "query/a undocumented"},
		{"part index", request(t, "GET", uploads+"/"+uploadID+"/parts/-1", ""), "path/uploadPartIndex minimum"},
		{"part index type", request(t, "GET", uploads+"/"+uploadID+"/parts/1e1", ""), "path/uploadPartIndex type"},
		{"body on GET", request(t, "GET", uploads+"/"+uploadID+"/parts/1", "{}"), "body unexpected"},
		{"file path", request(t, "GET", details+"?filePath=%2Fa", ""), ""},
		{"no file path", request(t, "GET", details, ""), "query/filePath required"},
		{"empty file path", request(t, "GET", details+"?filePath=", ""), "query/filePath minLength, query/filePath pattern"},
		{"two file paths", request(t, "GET", details+"?filePath=%2Fa&filePath=%2Fb", ""), "query/filePath repeated"},
		{"bad query", request(t, "GET", details+"?filePath=%2Fa;b", ""), "query syntax, query/filePath required"},
		{"binary", request(t, "POST", uploads+"/binary?tag=a&tag=b&fileNameVariablesEnabled=false", "x", "Content-Type", "image/png",
			"X-Upload-Metadata", `{"a":1}`), ""},
		{"binary, no type", request(t, "POST", uploads+"/binary", "x", "Content-Type", ""), "contentType undocumented"},
		{"binary, tag", request(t, "POST", uploads+"/binary?tag=a&tag="+long, "x"), "query/tag/1 maxLength"},
		{"binary, metadata", request(t, "POST", uploads+"/binary", "x", "X-Upload-Metadata", "[1]"), "header/X-Upload-Metadata type"},
		{"binary, metadata garbage", request(t, "POST", uploads+"/binary", "x", "X-Upload-Metadata", "{"), "header/X-Upload-Metadata syntax"},
		{"binary, boolean", request(t, "POST", uploads+"/binary?fileNameVariablesEnabled=1", "x"), "query/fileNameVariablesEnabled type"},
		{"form without boundary", request(t, "POST", uploads+"/form_data", "x", "Content-Type", "multipart/form-data"), "contentType undocumented"},
		{"no auth", request(t, "POST", uploads, `{"size":1}`, "Authorization", ""), "security credentials"},
		{"odd auth", request(t, "POST", uploads, `{"size":1}`, "Authorization", "Digest x"), "security credentials"},
		{"empty bearer", request(t, "POST", uploads, `{"size":1}`, "Authorization", "Bearer "), "security credentials"},
		{"basic", request(t, "POST", uploads, `{"size":1}`, "Authorization", "Basic YXBpa2V5Oms="), ""},
		{"basic, other user", request(t, "POST", uploads, `{"size":1}`, "Authorization", "Basic dXNlcjpr"), "security credentials"},
		{"with token", request(t, "POST", uploads, `{"size":1}`, "Authorization-Token", "jwt"), ""},
		{"token alone", request(t, "POST", uploads, `{"size":1}`, "Authorization", "", "Authorization-Token", "jwt"), "security credentials"},
		{"unknown host", request(t, "POST", "https://example.com"+uploads, `{"size":1}`), "route unknownHost"},
		{"unknown route", request(t, "GET", "/v2/accounts/A623uY2/webhooks", ""), "route unknownRoute"},
		{"method", request(t, "PATCH", uploads, ""), "route method"},
		{"API on the CDN", request(t, "POST", "https://upcdn.io"+uploads, `{"size":1}`), "route unknownRoute"},
		{"scheme", request(t, "POST", "http://api.bytescale.com"+uploads, `{"size":1}`), "route unknownHost"},
		{"download", request(t, "GET", "https://upcdn.io/A623uY2/raw/a/b%20c.txt?cache=false&meta-x=1", "", "Authorization", ""), ""},
		{"download with key", request(t, "GET", "https://upcdn.io/A623uY2/raw/a", ""), ""},
		{"download with odd auth", request(t, "GET", "https://upcdn.io/A623uY2/raw/a", "", "Authorization", "Digest x"), "security credentials"},
		{"ranges of any form", request(t, "GET", "https://upcdn.io/A623uY2/raw/a", "", "Range", "items=0-1,3-4"), ""},
		{"download from the API", request(t, "GET", "/A623uY2/raw/a", ""), "route unknownRoute"},
	} {
		t.Run(test.name, func(t *testing.T) {
			next := &roundTrip{handler: jsonReply(400, wrong)}
			var reported []Violation
			transport := transportOver(t, next, reportTo(&reported))
			response, err := transport.RoundTrip(test.r)
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				_ = response.Body.Close()
				if len(reported) != 0 || next.calls != 1 {
					t.Errorf("reported %v, %d calls", reported, next.calls)
				}
				return
			}
			var broken *Error
			if !errors.As(err, &broken) {
				t.Fatalf("not refused: %v", err)
			}
			if got := brief(broken.Violations); got != test.want || brief(reported) != got {
				t.Errorf("got %s\nreported %s\nwant %s", got, brief(reported), test.want)
			}
			if next.calls != 0 {
				t.Error("the request was sent")
			}
			for _, v := range broken.Violations {
				if v.Direction != Request || (v.Location != InRoute && v.Operation == "") {
					t.Errorf("%+v", v)
				}
			}
		})
	}
}

func TestTransportResponses(t *testing.T) {
	begin := func(t *testing.T) *http.Request { return request(t, "POST", uploads, `{"size":10}`) }
	get := func(url string) func(t *testing.T) *http.Request {
		return func(t *testing.T) *http.Request { return request(t, "GET", url, "") }
	}
	remove := func(t *testing.T) *http.Request {
		return request(t, "DELETE", "/v2/accounts/A623uY2/files?filePath=%2Fa", "")
	}
	complete := func(t *testing.T) *http.Request {
		return request(t, "PUT", uploads+"/"+uploadID+"/parts/0", `{"etag":"\"x\""}`)
	}
	list, raw := get(uploads+"/"+uploadID+"/parts"), get("https://upcdn.io/A623uY2/raw/a")
	more := strings.Replace(begun, `"tags":[]`, `"tags":[],"later":1`, 1)
	for _, test := range []struct {
		name           string
		request        func(*testing.T) *http.Request
		reply          reply
		tolerant       string
		strictAlsoWant string // in addition when strict
	}{
		{"good", begin, jsonReply(200, begun), "", ""},
		{"new field", begin, jsonReply(200, more), "", "body/file/later additionalProperties"},
		{"missing field", begin, jsonReply(200, strings.Replace(begun, `"tags":[]`, `"tags":null`, 1)), "body/file/tags nullable", ""},
		{"relative URL", begin, jsonReply(200, strings.Replace(begun, "https://storage.example.com/p", "//storage/ppppppp", 1)),
			"body/uploadParts/first/uploadUrl format", ""},
		{"empty", begin, jsonReply(200, ""), "body syntax", ""},
		{"HTML", begin, reply{200, []string{"Content-Type", "text/html"}, "<html>"}, "contentType undocumented", ""},
		{"no content type", begin, reply{200, []string{"Content-Type", ""}, begun}, "contentType undocumented", ""},
		{"undocumented", begin, jsonReply(201, begun), "status undocumented", ""},
		{"undocumented error, in spite of default", begin, jsonReply(418, wrong), "status undocumented", ""},
		{"redirect", begin, reply{307, nil, ""}, "status undocumented", ""},
		{"not modified", begin, reply{304, nil, ""}, "status undocumented", ""},
		{"range of statuses", begin, jsonReply(503, wrong), "", ""},
		{"error shape", begin, jsonReply(500, `{"error":"x"}`), "body/error type", ""},
		{"error code", begin, jsonReply(404, `{"error":{"code":"A","message":"m"}}`), "body/error/code pattern", ""},
		{"retry", begin, reply{429, []string{"Content-Type", "application/json", "Retry-After", "3"}, wrong}, "", ""},
		{"null list", list, jsonReply(200, `{"remainingUploadParts":null}`), "body/remainingUploadParts nullable", ""},
		{"list item", list, jsonReply(200, `{"remainingUploadParts":[0,-1]}`), "body/remainingUploadParts/1 minimum", ""},
		{"completed", complete, jsonReply(200, `{"status":"Completed","etag":"x"}`), "", ""},
		{"completed without etag", complete, jsonReply(200, `{"status":"Completed"}`), "body/etag required", ""},
		{"pending with etag", complete, jsonReply(200, `{"status":"Pending","etag":"x"}`), "", "body/etag additionalProperties"},
		{"discriminator", complete, jsonReply(200, `{"status":"Done"}`), "body discriminator", ""},
		{"deleted", remove, reply{204, nil, ""}, "", ""},
		{"deleted, wrong status", remove, jsonReply(200, `{}`), "status undocumented", ""},
		{"two content types", begin, reply{200, []string{"Content-Type", "application/json", "Content-Type", "application/json"}, begun}, "contentType repeated", ""},
		{"another charset", begin, reply{200, []string{"Content-Type", "application/json; charset=latin1"}, begun}, "contentType charset", ""},
		{"byte order mark", begin, jsonReply(200, "\ufeff"+begun), "", "body syntax"},
		{"two byte order marks", begin, jsonReply(200, "\ufeff\ufeff"+begun), "body syntax", ""},
		{"not UTF-8", begin, jsonReply(400, "{\"error\":{\"code\":\"c\",\"message\":\"\xfc\"}}"), "body syntax", ""},
		{"bytes", raw, reply{200, []string{"Content-Type", "application/json"}, "not JSON, a file"}, "", ""},
		{"bytes without type", raw, reply{200, []string{"Content-Type", ""}, "x"}, "contentType undocumented", ""},
		{"range", raw, reply{206, []string{"Content-Type", "a/b", "Content-Range", "bytes 0-1/3"}, "xx"}, "", ""},
		{"range without header", raw, reply{206, []string{"Content-Type", "a/b"}, "xx"}, "header/Content-Range required", ""},
	} {
		for _, strict := range []bool{false, true} {
			want, mode := test.tolerant, []Option(nil)
			if strict {
				want, mode = test.tolerant+test.strictAlsoWant, []Option{WithStrict()}
			}
			name := test.name + ", tolerant"
			if strict {
				name = test.name + ", strict"
			}
			t.Run(name, func(t *testing.T) {
				transport := transportOver(t, &roundTrip{handler: test.reply}, mode...)
				response, err := transport.RoundTrip(test.request(t))
				var broken *Error
				if errors.As(err, &broken) {
					if got := brief(broken.Violations); got != want {
						t.Errorf("got %s\nwant %s", got, want)
					}
					return
				}
				if err != nil || want != "" {
					t.Fatalf("error %v, want %s", err, want)
				}
				body, err := io.ReadAll(response.Body)
				if err != nil || string(body) != test.reply.body {
					t.Errorf("body %q, %v", body, err)
				}
			})
		}
	}
}

func TestTransportLeavesRequestsAlone(t *testing.T) {
	for name, strip := range map[string]bool{"with GetBody": false, "without": true} {
		t.Run(name, func(t *testing.T) {
			next := &roundTrip{handler: jsonReply(200, begun)}
			r := request(t, "POST", uploads, `{"size":10}`)
			if strip {
				r.GetBody = nil
			}
			body := r.Body
			if _, err := transportOver(t, next).RoundTrip(r); err != nil {
				t.Fatal(err)
			}
			if next.body != `{"size":10}` || r.Body != body {
				t.Errorf("sent %q; body replaced: %v", next.body, r.Body != body)
			}
		})
	}
}

func TestTransportReportOnly(t *testing.T) {
	var found []Violation
	next := &roundTrip{handler: jsonReply(200, `{}`)}
	transport := transportOver(t, next, WithReportOnly(), reportTo(&found))
	response, err := transport.RoundTrip(request(t, "POST", uploads, `{"size":-1}`))
	if err != nil || response.StatusCode != 200 || next.calls != 1 {
		t.Fatal(response, err)
	}
	if got := brief(found); got != "body/size minimum, body/file required, body/uploadId required, body/uploadParts required" {
		t.Error(got)
	}
	if _, err := transport.RoundTrip(request(t, "GET", "https://example.com/", "")); err != nil {
		t.Error(err)
	}
}

// brokenBody is a connection that dies in the middle of an answer.
type brokenBody struct{ io.Reader }

var errCut = errors.New("connection cut")

func (b brokenBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = errCut
	}
	return n, err
}

type cutting struct{ http.RoundTripper }

func (c cutting) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := c.RoundTripper.RoundTrip(r)
	response.Body = io.NopCloser(brokenBody{response.Body})
	return response, err
}

func TestTransportPassesBrokenConnections(t *testing.T) {
	transport := transportOver(t, cutting{&roundTrip{handler: jsonReply(200, `{"file":`)}})
	response, err := transport.RoundTrip(request(t, "POST", uploads, `{"size":1}`))
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(response.Body); string(body) != `{"file":` || !errors.Is(err, errCut) {
		t.Errorf("%q, %v", body, err)
	}
}

func TestTransportMaxBody(t *testing.T) {
	big := `{"size":1,"originalFileName":"` + strings.Repeat("a", 200) + `"}`
	transport := transportOver(t, &roundTrip{handler: jsonReply(200, begun)}, WithMaxBody(100))
	for name, r := range map[string]*http.Request{
		"request":  request(t, "POST", uploads, big),
		"response": request(t, "POST", uploads, `{"size":1}`),
	} {
		_, err := transport.RoundTrip(r)
		var broken *Error
		if !errors.As(err, &broken) || brief(broken.Violations) != "body tooLarge" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTransportServers(t *testing.T) {
	transport := transportOver(t, &roundTrip{handler: jsonReply(200, begun)},
		serversAt(t, "http://127.0.0.1:8744/base/", "http://127.0.0.1:8744"))
	for url, ok := range map[string]bool{
		"http://127.0.0.1:8744/base" + uploads: true,
		"http://127.0.0.1:8744" + uploads:      false,
		"http://127.0.0.1:8745/base" + uploads: false,
	} {
		if _, err := transport.RoundTrip(request(t, "POST", url, `{"size":1}`)); (err == nil) != ok {
			t.Errorf("%s: %v", url, err)
		}
	}
	// The same origin serves the CDN too.
	if _, err := transportOver(t, &roundTrip{handler: reply{200, []string{"Content-Type", "a/b"}, "x"}},
		serversAt(t, "http://127.0.0.1:8744", "http://127.0.0.1:8744")).RoundTrip(request(t, "GET", "http://127.0.0.1:8744/A623uY2/raw/a", "")); err != nil {
		t.Error(err)
	}
}

// An exploded object is any query parameter that is not described by name. Names may repeat, and the values are checked.
func TestFreeQueryParameters(t *testing.T) {
	spec := `{"openapi":"3.0.3","info":{"title":"t","version":"1"},"servers":[{"url":"https://api.bytescale.com"}],"paths":{"/a":{"get":{
"operationId":"A","parameters":[{"name":"cache","in":"query","schema":{"type":"boolean"}},
{"name":"params","in":"query","schema":{"type":"object","additionalProperties":{"oneOf":[{"type":"boolean"},{"type":"integer","minimum":1}]}}}],
"responses":{"200":{"description":"ok"}}}}}}`
	d, err := Load([]byte(spec))
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"":                 "",
		"cache=true":       "",
		"w=1&h=true&w=2":   "",
		"w=0&h=1":          "query/w oneOf",
		"w=1&w=x":          "query/w oneOf",
		"cache=1&params=1": "query/cache type",
		"cache=true&w=1&h": "query/h oneOf",
	} {
		recorder, err := NewRecorder("")
		if err != nil {
			t.Fatal(err)
		}
		transport := transportOver(t, &roundTrip{handler: reply{status: 200}}, WithDocument(d), WithCoverage(recorder))
		_, err = transport.RoundTrip(request(t, "GET", "/a?"+query, "", "Authorization", ""))
		broken := &Error{}
		if errors.As(err, &broken); brief(broken.Violations) != want {
			t.Errorf("%s: %v, want %q", query, err, want)
		}
		covered := false
		for _, point := range d.Coverage(recorder).Points {
			covered = covered || point.Value == "query:params" && point.Seen
		}
		if covered != (want == "" && strings.Contains(query, "w=")) {
			t.Errorf("%s: covered %v", query, covered)
		}
	}
}
