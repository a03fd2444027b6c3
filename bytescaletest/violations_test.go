package bytescaletest_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/bytescaletest"
)

// Every deviation from the rules gets the right error, and fails the test
// unless the server is lenient.
func TestViolations(t *testing.T) {
	const content = "0123456789abc" // two parts
	storage := func(code string) func(answer) bool {
		return func(a answer) bool { return bytes.Contains(a.body, []byte("<Code>"+code+"</Code>")) }
	}
	api := func(status int, code string) func(answer) bool {
		return func(a answer) bool { return a.status == status && a.code() == code }
	}
	put := func(s *session, change func(*http.Request)) answer {
		r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPut, s.part(0).UploadURL, strings.NewReader(content[:10]))
		change(r)
		return s.do(r, err)
	}
	cases := []struct {
		name      string
		do        func(*session) answer
		want      func(answer) bool
		violation string // "" if it is an error, but nobody's mistake
	}{
		{"credentials to storage", func(s *session) answer {
			return put(s, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+s.key) })
		}, storage("InvalidArgument"), "credentials"},
		{"token to storage", func(s *session) answer {
			return put(s, func(r *http.Request) { r.Header.Set("Authorization-Token", "t") })
		}, storage("InvalidArgument"), "credentials"},
		{"chunked", func(s *session) answer {
			return put(s, func(r *http.Request) { r.ContentLength = -1 })
		}, storage("NotImplemented"), "chunked"},
		{"too short", func(s *session) answer {
			return s.putTo(s.part(0).UploadURL, []byte("012"))
		}, storage("IncompleteBody"), "has 10 bytes, but 3 were sent"},
		{"too long", func(s *session) answer {
			return s.putTo(s.part(1).UploadURL, []byte(content))
		}, storage("EntityTooLarge"), "has 3 bytes, but 13 were sent"},
		{"another part's signature", func(s *session) answer {
			return s.putTo(strings.Replace(s.part(0).UploadURL, "/0?", "/1?", 1), []byte("abc"))
		}, storage("SignatureDoesNotMatch"), "was not handed out"},
		{"later expiry", func(s *session) answer {
			return s.putTo(strings.Replace(s.part(0).UploadURL, "expires=", "expires=9", 1), []byte(content[:10]))
		}, storage("SignatureDoesNotMatch"), "was not handed out"},
		{"no expiry", func(s *session) answer {
			url, _, _ := strings.Cut(s.part(0).UploadURL, "?")
			return s.putTo(url, []byte(content[:10]))
		}, storage("SignatureDoesNotMatch"), "was not handed out"},
		{"part that does not exist", func(s *session) answer { return s.get(2) },
			api(404, "upload_part_not_found"), "has only 2"},
		{"completing a part that does not exist", func(s *session) answer { return s.complete(2, "x") },
			api(404, "upload_part_not_found"), "has only 2"},
		{"negative index", func(s *session) answer { return s.get(-1) },
			api(400, "request_invalid"), "uploadPartIndex"},
		{"completing before the PUT", func(s *session) answer { return s.complete(0, "x") },
			api(400, "part_not_uploaded"), "before its PUT"},
		{"wrong etag", func(s *session) answer {
			s.put(0)
			return s.complete(0, "x")
		}, api(400, "etag_mismatch"), "another etag"},
		{"no etag", func(s *session) answer {
			s.put(0)
			return s.api(http.MethodPut, s.parts("/0"), map[string]any{})
		}, api(400, "request_invalid"), "etag"},
		{"negative size", func(s *session) answer {
			return s.api(http.MethodPost, "/uploads", map[string]any{"size": -1})
		}, api(400, "request_invalid"), "size"},
		{"unknown property", func(s *session) answer {
			return s.api(http.MethodPost, "/uploads", map[string]any{"size": 1, "sise": 2})
		}, api(400, "request_invalid"), "sise"},
		{"unknown operation", func(s *session) answer { return s.api(http.MethodGet, "/webhooks", nil) },
			api(404, "route_unknown"), "no operation"},
		{"unknown method", func(s *session) answer { return s.api(http.MethodPatch, "/uploads", nil) },
			api(405, "method_not_allowed"), "no method"},
		{"no credentials", func(s *session) answer {
			return s.do(http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.srv.URL()+"/v2/accounts/A623uY2"+s.parts(""), nil))
		}, api(401, "credentials_missing"), "credentials"},
		{"upload that does not exist", func(s *session) answer {
			return s.api(http.MethodGet, "/uploads/1111111111111111/parts", nil)
		}, api(404, "upload_not_found"), ""},
		{"huge body", func(s *session) answer {
			return s.api(http.MethodPost, "/uploads", map[string]any{"size": 1, "originalFileName": strings.Repeat("x", 300<<10)})
		}, func(a answer) bool { return a.status == 413 }, "at most 262144 bytes"},
		{"metadata beyond 2 KB", func(s *session) answer {
			return s.begin("x", func(body map[string]any) {
				body["metadata"] = map[string]any{"a": strings.Repeat("x", 2048)}
			})
		}, api(400, "metadata_too_large"), ""},
		{"path that climbs", func(s *session) answer { return s.begin("x", path("/../x")) },
			api(400, "path_invalid"), ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			networks(t, func(t *testing.T, network ...bytescaletest.Option) {
				lenient := bytescaletest.NewServer(t, append(network, bytescaletest.WithPartSize(10), bytescaletest.WithLenient())...)
				s := newSession(t, lenient)
				s.mustBegin(content)
				if got := c.do(s); !c.want(got) {
					t.Errorf("got %v", got)
				}

				allowed := &fakeT{}
				strict := bytescaletest.NewServer(allowed, append(network, bytescaletest.WithPartSize(10))...)
				s = newSession(t, strict)
				s.mustBegin(content)
				c.do(s)
				problems := allowed.end()
				if c.violation == "" && problems != "" || !strings.Contains(problems, c.violation) {
					t.Errorf("problems: %q, want %q", problems, c.violation)
				}
				if strings.Contains(problems, "signature=") || strings.Contains(problems, s.key) {
					t.Errorf("a secret is in %q", problems)
				}
			})
		})
	}
}

// A PUT without any length reaches the server only from clients other than
// net/http.
func TestPutWithoutLength(t *testing.T) {
	srv := bytescaletest.NewServer(t, bytescaletest.WithLenient())
	s := newSession(t, srv)
	s.mustBegin("x")
	conn, err := net.Dial("tcp", strings.TrimPrefix(srv.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: localhost\r\n\r\n", strings.TrimPrefix(s.part(0).UploadURL, srv.URL()))
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusLengthRequired {
		t.Errorf("got %s %s", response.Status, body)
	}
}
