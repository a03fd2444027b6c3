package suite

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

// downloads downloads a file in every documented way. The generated client cannot: the path of the file
// is a part of the path of the URL.
func downloads(h *harness) []step {
	const path, content = "/downloads/a b/ü!'()*~+?#&=%.txt", "0123456789"
	raw, missing := "/"+account+"/raw"+escape(path), "/"+account+"/raw/missing.txt"
	steps := []step{{"storing the file", func() error { return h.storeFile(path, content) }}}
	add := func(path, query, byteRange string, form credentials, status int, want string) {
		what := strings.TrimSpace(fmt.Sprintf("%s %s as %s", query, byteRange, form.name))
		steps = append(steps, step{what, func() error {
			r := operationOf("DownloadFile").requestWith(h, path, query, nil)
			form.set(r.Header)
			if byteRange != "" {
				r.Header.Set("Range", byteRange)
			}
			return h.wantContent(r, status, want)
		}})
	}
	for _, query := range []string{
		"", "cache=false", "cache-ttl=31536000", "cache-ttl-404=60", "cache_ttl=31536000", "cache_ttl_404=60", "download=true",
		"exp=inf", "exp=99999999999", "version=1", "v=1", "sig=1.F91kfA1g.MDEy", "enc=1.F91kfA1g.MDEy.Y2Rl", "auth=true", "meta-campaign=x",
	} {
		add(raw, query, "", bearer, 200, content)
	}
	add(missing, queryOf("path", path), "", bearer, 200, content)
	for byteRange, want := range map[string]string{"bytes=0-3": "0123", "bytes=8-": "89", "bytes=-1": "9"} {
		add(raw, "", byteRange, bearer, 206, want)
	}
	add(raw, "", "bytes=100-", bearer, 416, "")
	add(raw, "", "items=0-3", bearer, 200, content) // a unit that nobody knows is ignored
	condition := func(header, value string, status int, want string) {
		steps = append(steps, step{header + " " + value, func() error {
			r := operationOf("DownloadFile").requestWith(h, raw, "", nil)
			r.Header.Set(header, value)
			if header == "If-Range" {
				r.Header.Set("Range", "bytes=0-3")
			}
			return h.wantContent(r, status, want)
		}})
	}
	condition("If-Range", `"another"`, 200, content)
	condition("If-None-Match", `"another"`, 200, content)
	condition("If-None-Match", `"another", *`, 304, "")
	condition("If-Modified-Since", "Fri, 31 Dec 9999 23:59:59 GMT", 304, "")
	for _, form := range append([]credentials{anonymous}, accepted...) {
		add(raw, "", "", form, 200, content)
	}
	add(missing, "", "", bearer, 404, "")
	return steps
}

// wantContent demands the status and, unless it is empty, the content of a valid answer.
func (h *harness) wantContent(r *http.Request, status int, want string) error {
	response, err := h.strict.RoundTrip(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if want != "" && string(body) != want {
		return fmt.Errorf("the content is %q, not %q", body, want)
	}
	return wantStatus(response.StatusCode, status)
}
