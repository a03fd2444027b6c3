package suite

import (
	"io"
	"net/http"
	"strings"
)

// checkDownloads downloads a file in every documented way. The generated client cannot: the path of the file is a part
// of the path of the URL.
func checkDownloads(w *world) {
	const path, content = "/downloads/a b/ü!'()*~+?#&=%.txt", "0123456789"
	store := operationOf("BasicUpload").requestWith(w, accountPath+"/uploads/binary", queryOf("filePath", path), []byte(content))
	if response, err := w.strict.RoundTrip(store); err != nil || response.StatusCode != 200 {
		w.fail("storing the file: %v, %v", response, err)
		return
	}
	raw := "/" + account + "/raw" + escape(path)
	for _, query := range []string{
		"", "cache=false", "cache-ttl=31536000", "cache-ttl-404=60", "cache_ttl=31536000", "cache_ttl_404=60", "download=true",
		"exp=inf", "exp=99999999999", "version=1", "v=1", "sig=1.F91kfA1g.MDEy", "enc=1.F91kfA1g.MDEy.Y2Rl", "auth=true", "meta-campaign=x",
	} {
		w.download(raw, query, "", 200, content)
	}
	for byteRange, want := range map[string]string{"bytes=0-3": "0123", "bytes=8-": "89", "bytes=-1": "9"} {
		w.download(raw, "", byteRange, 206, want)
	}
	w.download(raw, "", "bytes=100-", 416, "")
	for _, form := range append([]credentials{anonymous}, accepted...) {
		r := operationOf("DownloadFile").requestWith(w, raw, "", nil)
		form.set(r.Header)
		w.downloadWith(r, "as "+form.name, 200, content)
	}
	w.download("/"+account+"/raw/missing.txt", "", "", 404, "")
}

func (w *world) download(path, query, byteRange string, status int, want string) {
	r := operationOf("DownloadFile").requestWith(w, path, query, nil)
	if byteRange != "" {
		r.Header.Set("Range", byteRange)
	}
	w.downloadWith(r, strings.TrimSpace(query+" "+byteRange), status, want)
}

func (w *world) downloadWith(r *http.Request, what string, status int, want string) {
	response, err := w.strict.RoundTrip(r)
	if err != nil {
		w.fail("DownloadFile %s: %v", what, err)
		return
	}
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != status || (want != "" && string(body) != want) {
		w.fail("DownloadFile %s: status %d, %q, %v", what, response.StatusCode, body, err)
	}
}
