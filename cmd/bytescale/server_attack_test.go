//go:build attack && unix

package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Whatever a server answers, the command stays small. The answers are those of which
// text, or what it decodes to, would be large.
func TestMemoryOfHostileServer(t *testing.T) {
	dir := t.TempDir()
	plain, peak := buildMeasured(t, dir)
	large := filepath.Join(dir, "large")
	sparse(t, large, 20*mib)
	many := filepath.Join(dir, "many")
	if err := os.Mkdir(many, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		if err := os.WriteFile(filepath.Join(many, fmt.Sprint(i)), make([]byte, 2000), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, attack := range hostileServers() {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(nil)
			server.Config.Handler = attack("http://" + server.Listener.Addr().String())
			server.Start()
			defer server.Close()
			env := []string{
				"BYTESCALE_API_URL=" + server.URL, "BYTESCALE_CDN_URL=" + server.URL, "BYTESCALE_API_KEY=" + testKey,
				"HOME=" + dir, "XDG_STATE_HOME=" + filepath.Join(dir, "state"), "TMPDIR=" + dir, "PATH=" + os.Getenv("PATH"),
			}
			for _, args := range [][]string{
				{plain, "upload", "-q", "-r", many}, {plain, "upload", "-q", large},
				{plain, "info", "/a"}, {plain, "download", "-q", "-o", filepath.Join(dir, "out"), "/a"},
			} {
				what := strings.Join(args[1:], " ")
				cmd := exec.Command(peak, args...)
				cmd.Env = env
				out, _ := cmd.Output() // the command may well fail
				var bytes int64
				if _, err := fmt.Sscan(string(out), &bytes); err != nil {
					t.Fatalf("%s: %q: %v", what, out, err)
				}
				t.Logf("%s: %.1f MB at the peak", what, float64(bytes)/mb)
				if bytes > 64*mb {
					t.Errorf("%s: %.1f MB at the peak, 64 allowed", what, float64(bytes)/mb)
				}
			}
		})
	}
}

// hostileServers are servers whose answers are large, or decode to what is large. Each
// is made for the address that it will have.
func hostileServers() map[string]func(address string) http.Handler {
	const million = 1_000_000
	objects := "[" + strings.Repeat("{},", million/3) + "{}]"
	refusal := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"error":{"code":"a","message":"b","details":{"a":`+objects+`}}}`)
		}
	}
	return map[string]func(string) http.Handler{
		"errors of the API": func(string) http.Handler { return refusal(400) },
		"transient errors":  func(string) http.Handler { return firstAnswers(refusal(503)) },
		"errors of storage": func(address string) http.Handler { return &oddService{address: address, put: refusal(400)} },
		"endless errors": func(string) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(400)
				endless(w)
			})
		},
		"endless answers": func(string) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { endless(w) })
		},
		"a header of 10 MB": func(string) http.Handler {
			return firstAnswers(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("A", strings.Repeat("a", 10*million))
			})
		},
		"a header of many fields": func(string) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for i := range 2_000 {
					w.Header()[fmt.Sprintf("%x", i)] = []string{""}
				}
				w.WriteHeader(400)
			})
		},
		"headers that stop": func(string) http.Handler {
			return firstAnswers(func(w http.ResponseWriter, _ *http.Request) { stopInHeader(w) })
		},
		"compressed answers": func(string) http.Handler {
			var bomb bytes.Buffer
			w := gzip.NewWriter(&bomb)
			_, _ = io.WriteString(w, strings.Repeat(" ", 50*million))
			_ = w.Close()
			return firstAnswers(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				_, _ = w.Write(bomb.Bytes())
			})
		},
		"metadata of many values": func(address string) http.Handler {
			return &oddService{address: address, metadata: `{"a":` + objects[:90_000] + `{}]}`}
		},
		"metadata of as many values as are allowed": func(address string) http.Handler {
			return &oddService{address: address, metadata: `{"b":"` + strings.Repeat("x", 100_000) + `","a":` + objects[:3*1900] + `{}]}`}
		},
		"long URLs of parts": func(address string) http.Handler {
			return &oddService{address: address, query: strings.Repeat("a=12345678&", 1400), put: refusal(403)}
		},
		"long lists of parts": func(address string) http.Handler {
			return &oddService{address: address, list: partList(16 << 20)}
		},
		"lists of parts as long as is allowed": func(address string) http.Handler {
			return &oddService{address: address, list: partList(1<<20 - 10)}
		},
	}
}

// firstAnswers answers the first requests by f and refuses the others, so that the
// command comes to an end.
func firstAnswers(f http.HandlerFunc) http.Handler {
	var n atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) > 70 {
			w.WriteHeader(400)
			return
		}
		f(w, r)
	})
}

func endless(w io.Writer) {
	for text := []byte(strings.Repeat("{", 64<<10)); ; {
		if _, err := w.Write(text); err != nil {
			return
		}
	}
}

// stopInHeader sends most of a header and nothing more for a while.
func stopInHeader(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	var header strings.Builder
	header.WriteString("HTTP/1.1 200 OK\r\n")
	for i := 0; header.Len() < 15<<10; i++ {
		fmt.Fprintf(&header, "%x:\r\n", i)
	}
	_, _ = io.WriteString(conn, header.String())
	_ = conn.SetReadDeadline(time.Now().Add(3 * time.Second))
	_, _ = conn.Read(make([]byte, 1)) // until the client leaves
}

func partList(length int) string {
	var list strings.Builder
	list.WriteString(`{"remainingUploadParts":[0`)
	for i := 1; list.Len() < length-10; i++ {
		fmt.Fprintf(&list, ",%d", i)
	}
	list.WriteString("]}")
	return list.String()
}

// oddService is the service as far as uploads need it, with odd answers. It says that
// every upload has a part for each 2000 bytes, or four parts.
type oddService struct {
	address  string
	metadata string           // of every file
	query    string           // of the URLs of parts
	list     string           // of parts; no completion succeeds if it is set
	put      http.HandlerFunc // answers to the PUTs of parts
	lists    atomic.Int64
}

func (s *oddService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	put := r.Method == http.MethodPut
	var size, index int64
	_, last, _ := strings.Cut(r.URL.Path, "/parts/")
	_, _ = fmt.Sscan(last, &index)
	switch {
	case strings.HasSuffix(r.URL.Path, "/uploads"):
		_, rest, _ := strings.Cut(string(body), `"size":`)
		_, _ = fmt.Sscan(rest, &size)
		count := min(4, max(1, size/2000))
		fmt.Fprintf(w, `{"file":%s,"uploadId":"u%d","uploadParts":{"count":%d,"first":%s}}`, s.file(size), size, count, s.part(size, 0))
	case strings.HasPrefix(r.URL.Path, "/storage") && s.put != nil:
		s.put(w, r)
	case strings.HasPrefix(r.URL.Path, "/storage"):
		w.Header().Set("ETag", "e")
	case put && s.list != "":
		w.WriteHeader(500)
	case put:
		_, _ = io.WriteString(w, `{"status":"Completed","etag":"e"}`)
	case strings.HasSuffix(r.URL.Path, "/parts") && s.lists.Add(1) > 30:
		w.WriteHeader(404)
	case strings.HasSuffix(r.URL.Path, "/parts"):
		_, _ = io.WriteString(w, cmp.Or(s.list, `{"remainingUploadParts":[]}`))
	case strings.HasPrefix(last, fmt.Sprint(index)):
		_, _ = fmt.Sscanf(r.URL.Path, "/v2/accounts/A623uY2/uploads/u%d/", &size)
		_, _ = io.WriteString(w, s.part(size, index))
	default:
		_, _ = io.WriteString(w, s.file(1))
	}
}

func (s *oddService) file(size int64) string {
	return fmt.Sprintf(`{"accountId":"A623uY2","filePath":"/a","fileUrl":"%s/a","lastModified":1,"metadata":%s,"mime":"a/b","size":%d,"tags":[]}`,
		s.address, cmp.Or(s.metadata, "{}"), size)
}

func (s *oddService) part(size, index int64) string {
	count := min(4, max(1, size/2000))
	end := size * (index + 1) / count
	return fmt.Sprintf(`{"uploadId":"u%d","uploadPartIndex":%d,"uploadUrl":"%s/storage?%s","range":{"inclusiveStart":%d,"inclusiveEnd":%d}}`,
		size, index, s.address, s.query, size*index/count, end-1)
}
