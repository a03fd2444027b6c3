package fake

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/c88edac7/bytescale-go/internal/fake/folders"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// download answers with the bytes of a file, or one range of them.
func (s *Server) download(w http.ResponseWriter, r *http.Request) {
	wanted := readTransformation(r, describedParams)
	if err := s.checkDownload(&wanted.who, wanted.path, rawFile); err != nil {
		s.writeError(w, r, err)
		return
	}
	file, content, err := s.openFile(wanted.who.account, wanted.path)
	if err != nil {
		s.writeError(w, r, err)
		return
	}
	defer content.Close()
	s.serveContent(w, r, file, content)
}

// checkDownload refuses a caller who may not have a file in a transformation. The
// refusal does not depend on whether the file exists, so that it tells nothing.
func (s *Server) checkDownload(who *caller, path, transformation string) error {
	made, err := s.store.Folders(who.account, store.Parent(path))
	switch {
	case err != nil:
		return fmt.Errorf("finding the folders: %w", err)
	case !who.mayDownload(path, transformation) && !folders.IsPublic(made, path, transformation):
		return &refusal.Error{Code: refusal.PermissionDenied}
	case !folders.IsInternal(made):
		return &refusal.Error{Code: refusal.StorageExternal}
	}
	return nil
}

// serveContent answers with content as a file, or with one range of it. The headers
// keep browsers from running anything that was uploaded.
func (s *Server) serveContent(w http.ResponseWriter, r *http.Request, file store.File, content io.ReaderAt) {
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
		var err error
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
	if value := mime.FormatMediaType(kind, map[string]string{"filename": nameOf(file)}); value != "" {
		return value
	}
	return kind
}
