package download

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/rest"
)

// version is one version of a file, by its strong etag.
type version struct {
	etag string
	size int64
}

// want is what a request asks for.
type want struct {
	ranged         bool
	offset, length int64   // of the range; a length of -1 means to the end
	version        version // that the range must be of; the zero version for any
}

// header returns the value of the Range header.
func (w want) header() string {
	if w.length < 0 {
		return fmt.Sprintf("bytes=%d-", w.offset)
	}
	return fmt.Sprintf("bytes=%d-%d", w.offset, w.offset+w.length-1)
}

// Info is what the header of an answer tells.
type Info struct {
	Offset            int64 // of the first byte in the file
	Size              int64 // bytes of the answer; -1 if it marks its end in another way
	FileSize          int64 // -1 if it is not known
	ContentType, ETag string
}

// answer is an answer with the bytes that were asked for, or with the whole file.
type answer struct {
	Info
	whole bool // it is no range
	read  int64
	body  io.ReadCloser
	watch *watch
}

// open makes one attempt to get to the first byte.
func (e *Engine) open(ctx context.Context, f File, w want) (*answer, error) {
	ctx, watch := newWatch(ctx)
	defer watch.pause()
	a, err := e.ask(ctx, f, w)
	if err != nil {
		watch.cut(nil)
		return nil, watch.cause(err)
	}
	a.watch = watch
	// Only a download that goes on where it was cut can be cut for being slow.
	watch.cutSlow = isStrong(a.ETag) && a.FileSize >= 0 && !(a.whole && w.ranged)
	return a, nil
}

func (e *Engine) ask(ctx context.Context, f File, w want) (*answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL, http.NoBody)
	if err != nil {
		return nil, err
	}
	if w.ranged {
		req.Header.Set("Range", w.header())
	}
	if w.version.etag != "" {
		req.Header.Set("If-Range", w.version.etag)
	}
	resp, err := e.Get(req, f.Authorized)
	if err != nil {
		return nil, err
	}
	a, err := e.read(resp, w)
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	return a, nil
}

// errRange means that an answer has another range than the one asked for.
var errRange = fmt.Errorf("%w: the CDN answered another range than was asked for", errs.ErrProtocol)

// errSurplus is final: it is the last bytes of an answer that are surplus, and all that were
// wanted have been passed on.
var errSurplus = surplusError{fmt.Errorf("%w: more came than was announced", errs.ErrProtocol)}

type surplusError struct{ error }

func (e surplusError) Unwrap() error { return e.error }

// Permanent implements what the retry policy asks of errors.
func (surplusError) Permanent() bool { return true }

// read returns what an answer tells, or the error that it means.
func (e *Engine) read(resp *http.Response, w want) (*answer, error) {
	a := &answer{body: resp.Body, Info: Info{
		Size: resp.ContentLength, FileSize: resp.ContentLength,
		ContentType: resp.Header.Get("Content-Type"), ETag: resp.Header.Get("ETag"),
	}}
	switch {
	case resp.StatusCode == http.StatusOK && w.version.etag != "":
		return nil, e.notPartial(a.ETag, w)
	case resp.StatusCode == http.StatusOK && resp.ContentLength < 0 && resp.Close && len(resp.TransferEncoding) == 0:
		// It ends where the connection does, so that half a file would look whole.
		return nil, rest.ProtocolError(e.Operation, resp.StatusCode, "the CDN does not say where the content ends")
	case resp.StatusCode == http.StatusOK:
		a.whole = true
		return a, nil
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable && w.version.etag != "" && isOfOtherSize(resp.Header, w.version.size):
		return nil, changed("it has another size")
	case resp.StatusCode != http.StatusPartialContent && resp.StatusCode/100 == 2:
		return nil, rest.ProtocolError(e.Operation, resp.StatusCode, "200 or 206 was expected")
	case resp.StatusCode != http.StatusPartialContent:
		return nil, e.Refusal(resp)
	}
	first, last, total, ok := parseContentRange(resp.Header.Get("Content-Range"))
	switch {
	case !ok || !w.ranged || first != w.offset, w.length > 0 && last >= w.offset+w.length,
		w.length > 0 && last < w.offset+w.length-1 && total >= 0 && last < total-1,
		resp.ContentLength >= 0 && resp.ContentLength != last-first+1:
		return nil, errRange
	}
	a.Offset, a.Size, a.FileSize = first, last-first+1, total
	return a, e.check(a, w)
}

// check refuses a range of another version than the wanted one.
func (e *Engine) check(a *answer, w want) error {
	switch {
	case w.version.etag == "":
		return nil
	case !isStrong(a.ETag):
		return rest.ProtocolError(e.Operation, http.StatusPartialContent, "the CDN sent a strong etag before, and now none")
	case a.ETag != w.version.etag:
		return changed("it has another etag")
	case a.FileSize != w.version.size, w.length > 0 && a.Size != w.length:
		return errRange
	}
	return nil
}

// notPartial returns the error that a whole file means in the place of a range.
func (e *Engine) notPartial(etag string, w want) error {
	if etag == w.version.etag || !isStrong(etag) {
		return rest.ProtocolError(e.Operation, http.StatusOK, "the CDN ignored the range")
	}
	return changed("it has another etag")
}

func isOfOtherSize(h http.Header, size int64) bool {
	now, err := strconv.ParseInt(strings.TrimPrefix(h.Get("Content-Range"), "bytes */"), 10, 64)
	return err == nil && now != size
}

func changed(how string) error { return fmt.Errorf("%w: %s", errs.ErrFileChanged, how) }

// next reads the next bytes of the answer. It returns io.EOF after all that were announced,
// and never more of them.
func (a *answer) next(p []byte) (int, error) {
	left := a.Size - a.read
	if a.Size >= 0 && int64(len(p)) > left {
		p = p[:max(left, min(1, int64(len(p))))] // one more shows whether it goes on
	}
	n, err := a.watch.read(a.body, p)
	a.read += int64(n)
	switch {
	case a.Size < 0:
	case a.read > a.Size:
		return 0, errSurplus
	case err == io.EOF && a.read < a.Size:
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

// close ends the answer, also an incomplete one, and frees its connection.
func (a *answer) close() error {
	err := a.body.Close()
	a.watch.cut(nil)
	return err
}

// parseContentRange parses "bytes 0-99/1234". total is -1 for "*".
func parseContentRange(value string) (first, last, total int64, ok bool) {
	spec, found := strings.CutPrefix(value, "bytes ")
	span, size, sized := strings.Cut(spec, "/")
	from, to, spanned := strings.Cut(span, "-")
	first, err1 := strconv.ParseInt(from, 10, 64)
	last, err2 := strconv.ParseInt(to, 10, 64)
	total, err3 := int64(-1), error(nil)
	if size != "*" {
		total, err3 = strconv.ParseInt(size, 10, 64)
	}
	ok = found && sized && spanned && errors.Join(err1, err2, err3) == nil &&
		0 <= first && first <= last && last < math.MaxInt64 && (total == -1 || last < total)
	return first, last, total, ok
}
