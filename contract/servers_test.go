package contract

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// withServers is a document of two operations. "Own" has servers of its own.
func withServers(t *testing.T, shared, own string) *Document {
	t.Helper()
	answer := `"responses":{"204":{"description":"ok"}}`
	d, err := Load([]byte(`{"openapi":"3.0.3","info":{"title":"t","version":"1"},"servers":` + shared + `,"paths":{
"/a":{"get":{"operationId":"A",` + answer + `}},
"/own":{"servers":` + own + `,"get":{"operationId":"Own",` + answer + `}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestServersWithAPath(t *testing.T) {
	const cdn = `[{"url":"https://cdn.example.com"}]`
	for _, test := range []struct {
		name        string
		shared, own string
		option      Option
		good, bad   []string // URLs that a transport sends to, and others
		paths       []string // that a handler knows
		otherPaths  []string // and others
	}{
		{
			name: "a path", shared: `[{"url":"https://api.example.com/v1"}]`, own: `[{"url":"https://cdn.example.com/files/"}]`,
			good:  []string{"https://api.example.com/v1/a", "https://cdn.example.com/files/own"},
			bad:   []string{"https://api.example.com/a", "https://api.example.com/v1", "https://api.example.com/v1a/a", "https://api.example.com/v1/own", "https://cdn.example.com/own"},
			paths: []string{"/v1/a", "/files/own"}, otherPaths: []string{"/a", "/v1", "/v1a/a", "/v1/own", "/files/a", "/own"},
		},
		{
			name: "several servers", shared: `[{"url":"https://api.example.com/v1"},{"url":"http://localhost:8080"}]`, own: cdn,
			good:  []string{"https://api.example.com/v1/a", "http://localhost:8080/a"},
			bad:   []string{"http://localhost:8080/v1/a", "https://localhost:8080/a"},
			paths: []string{"/v1/a", "/a", "/own"}, otherPaths: []string{"/v1/own", "/v2/a"},
		},
		{
			name: "default ports", shared: `[{"url":"https://api.example.com"}]`, own: `[{"url":"http://cdn.example.com:80"}]`,
			good:  []string{"https://api.example.com:443/a", "https://API.example.com/a", "http://cdn.example.com/own"},
			bad:   []string{"https://api.example.com:80/a", "http://api.example.com:443/a", "http://cdn.example.com:443/own"},
			paths: []string{"/a", "/own"},
		},
		{
			name: "a relative URL", shared: `[{"url":"/api"}]`, own: cdn,
			bad:   []string{"https://api.example.com/api/a"},
			paths: []string{"/api/a", "/own"}, otherPaths: []string{"/a"},
		},
		{
			name: "no servers", shared: `[]`, own: cdn,
			bad:   []string{"https://api.example.com/a"},
			paths: []string{"/a", "/own"},
		},
		{
			name: "variables", shared: `[{"url":"https://{region}.example.com/{version}","variables":{"region":{"default":"eu"},"version":{"default":"v2"}}}]`, own: cdn,
			good:  []string{"https://eu.example.com/v2/a"},
			bad:   []string{"https://us.example.com/v2/a"},
			paths: []string{"/v2/a"}, otherPaths: []string{"/a"},
		},
		{
			name: "an escaped path", shared: `[{"url":"https://api.example.com/a%20b"}]`, own: cdn,
			good:  []string{"https://api.example.com/a%20b/a"},
			paths: []string{"/a%20b/a"}, otherPaths: []string{"/a"},
		},
		{
			name: "other servers", shared: `[{"url":"https://api.example.com/v1"}]`, own: cdn, option: serversAt(t, "http://127.0.0.1:1/base/", "http://127.0.0.1:1"),
			good:  []string{"http://127.0.0.1:1/base/a", "http://127.0.0.1:1/own"},
			bad:   []string{"https://api.example.com/v1/a"},
			paths: []string{"/base/a", "/own"}, otherPaths: []string{"/v1/a", "/a"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := withServers(t, test.shared, test.own)
			opts := []Option{WithDocument(d)}
			if test.option != nil {
				opts = append(opts, test.option)
			}
			next := reply{http.StatusNoContent, nil, ""}
			transport, handler := NewTransport(&roundTrip{handler: next}, opts...), NewHandler(next, opts...)
			send := func(url string, good bool) {
				if _, err := transport.RoundTrip(request(t, "GET", url, "", "Authorization", "")); (err == nil) != good {
					t.Errorf("%s: %v", url, err)
				}
			}
			serve := func(path string, status int) {
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, request(t, "GET", path, "", "Authorization", ""))
				if w.Code != status {
					t.Errorf("%s: %d", path, w.Code)
				}
			}
			for _, url := range test.good {
				send(url, true)
			}
			for _, url := range test.bad {
				send(url, false)
			}
			for _, path := range test.paths {
				serve(path, http.StatusNoContent)
			}
			for _, path := range test.otherPaths {
				serve(path, http.StatusNotFound)
			}
		})
	}
}

func TestMethodsBelowAPath(t *testing.T) {
	h := NewHandler(http.NotFoundHandler(), WithDocument(withServers(t, `[{"url":"https://api.example.com/v1"}]`, `[{"url":"https://cdn.example.com"}]`)))
	for path, allow := range map[string]string{"/v1/a": "GET", "/own": "GET", "/v1/own": "", "/a": ""} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request(t, "DELETE", path, "", "Authorization", ""))
		if got := w.Header().Get("Allow"); got != allow || (w.Code == http.StatusMethodNotAllowed) != (allow != "") {
			t.Errorf("%s: %d, Allow: %s", path, w.Code, got)
		}
	}
}
