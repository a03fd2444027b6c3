package fake

import (
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// download answers with the bytes of a file, or one range of them. The headers keep
// browsers from running anything that was uploaded.
func (s *Server) download(w http.ResponseWriter, r *http.Request) {
	x := exchangeOf(r.Context())
	if s.options.PrivateFiles || len(r.Header["Authorization"]) > 0 { // a key that is sent must be right, also for a public file
		if _, err := s.authorize(r.Header, x.account); err != nil {
			s.writeError(w, r, err)
			return
		}
	}
	file, content, err := s.store.Open(x.account, x.path)
	if err != nil {
		s.writeError(w, r, fileError(err))
		return
	}
	if content == nil {
		writeRefusal(w, &refusal.Error{Code: refusal.ContentDiscarded})
		return
	}
	defer content.Close()

	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	header.Set("Accept-Ranges", "bytes")
	header.Set("ETag", quoted(file.ETag))
	header.Set("Last-Modified", file.LastModified.UTC().Format(http.TimeFormat))
	if notModified(r.Header, &file) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	span := byteRange{length: file.Size}
	if rangeApplies(r.Header, &file) {
		if span, err = parseRange(r.Header.Values("Range"), file.Size); err != nil {
			header.Del("ETag") // the answer is not the file
			header.Del("Last-Modified")
			header.Set("Content-Range", "bytes */"+strconv.FormatInt(file.Size, 10))
			s.writeError(w, r, err)
			return
		}
	}
	header.Set("Content-Type", file.MIME)
	header.Set("Content-Disposition", disposition(file, r.URL.Query().Get("download") == "true"))
	header.Set("Content-Length", strconv.FormatInt(span.length, 10))
	status := http.StatusOK
	if span.partial {
		status = http.StatusPartialContent
		header.Set("Content-Range", span.contentRange(file.Size))
	}
	w.WriteHeader(status)
	bytes := &fileReader{Reader: io.NewSectionReader(content, span.start, span.length)}
	_, _ = io.Copy(w, bytes) // if it fails, the connection ends too early: the status is sent already
	if bytes.err != nil {
		s.fail(bytes.err)
	}
}

// fileReader remembers the error of a read, to tell it from one of the connection.
type fileReader struct {
	io.Reader
	err error
}

func (f *fileReader) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err != io.EOF {
		f.err = err
	}
	return n, err
}

// disposition returns the Content-Disposition of a file: whether a browser shows or
// saves it, and under which name.
func disposition(file store.File, download bool) string {
	kind := "inline"
	if download {
		kind = "attachment"
	}
	name := file.OriginalFileName
	if name == "" {
		name = file.Path[strings.LastIndexByte(file.Path, '/')+1:]
	}
	if value := mime.FormatMediaType(kind, map[string]string{"filename": name}); value != "" {
		return value
	}
	return kind
}
