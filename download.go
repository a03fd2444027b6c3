package bytescale

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/rest"
)

// DownloadOption configures one download; see [Client.Download].
type DownloadOption func(*downloadSettings) error

type downloadSettings struct {
	ranged         bool
	offset, length int64
	authenticated  bool
	digest         *digestCheck // nil without WithExpectedSHA256
}

// WithRange downloads length bytes from position offset on instead of the whole file. Both
// are bytes; a length of -1 means to the end. A range that goes beyond the end of the file
// ends there. One that begins there is an [*APIError] with status 416.
func WithRange(offset, length int64) DownloadOption {
	return func(s *downloadSettings) error {
		switch {
		case offset < 0:
			return argumentError("range", "the offset %d is negative", offset)
		case length == 0 || length < -1:
			return argumentError("range", "the length %d is neither positive nor -1, for the rest of the file", length)
		case length > 0 && offset+length < 0:
			return argumentError("range", "%d bytes from %d on are beyond any file", length, offset)
		}
		s.ranged, s.offset, s.length = true, offset, length
		return nil
	}
}

// WithCDNAuth sends the client's credentials to the CDN, to read a file of a private folder.
// They are sent to the origin of [WithCDNURL] only. Without this option, the CDN gets no
// credentials.
func WithCDNAuth() DownloadOption {
	return func(s *downloadSettings) error {
		s.authenticated = true
		return nil
	}
}

// Download is an [io.ReadCloser] for the content of a file. The caller reads and closes it. It
// is not safe for concurrent use.
type Download struct {
	// Offset is the position of the first byte in the file; 0 without [WithRange].
	Offset int64
	// Size is how many bytes there are to read; -1 if the CDN did not send it. Then the
	// answer marks its end, so that a broken connection is noticed all the same.
	Size int64
	// FileSize is the size of the whole file in bytes; -1 if the CDN did not send it.
	FileSize int64
	// ContentType is the MIME type; empty if the CDN did not send it.
	ContentType string
	// ETag is the version tag in the quoted form of HTTP; empty if the CDN did not send
	// it. It need not be the etag of [FileDetails].
	ETag string

	body  io.ReadCloser
	read  int64 // bytes so far
	check *digestCheck
	idle  *idleTimer
	end   func(read int64, err error) // reports the end of the download, once
}

// Read reads the next bytes. It returns [io.ErrUnexpectedEOF] or the error of the network if
// the connection breaks before Size bytes, and [ErrStalled] if nothing comes for a minute.
// Download the rest with [WithRange] then.
func (d *Download) Read(p []byte) (int, error) {
	n, err := d.readNext(p)
	err = d.check.read(p[:n], err)
	if err != nil {
		d.end(d.read, err)
	}
	return n, err
}

func (d *Download) readNext(p []byte) (int, error) {
	d.idle.begin()
	defer d.idle.end()
	n, err := d.body.Read(p)
	d.read += int64(n)
	// An answer of unknown length marks its end, and the transport fails without the mark.
	switch {
	case d.Size < 0:
	case d.read > d.Size:
		return n, rest.ProtocolError(operation.DownloadFile, http.StatusPartialContent, "more came than was announced")
	case err == io.EOF && d.read < d.Size:
		return n, io.ErrUnexpectedEOF
	}
	return n, d.idle.cause(err)
}

// Close ends the download, also an incomplete one, and frees its connection.
func (d *Download) Close() error {
	err := d.body.Close()
	d.idle.cut(nil)
	d.end(d.read, nil)
	return err
}

// maxIdle is how long the CDN may send nothing while the caller reads.
const maxIdle = time.Minute

var errIdle = fmt.Errorf("%w: nothing came for %v", ErrStalled, maxIdle)

// idleTimer cuts a download on which nothing moves. The time between two reads of the caller
// does not count.
type idleTimer struct {
	cut   context.CancelCauseFunc
	timer *time.Timer
	cause func(error) error // returns errIdle, or the end of the context, for an error due to it
}

func newIdleTimer(outer context.Context) (context.Context, *idleTimer) {
	ctx, cut := context.WithCancelCause(outer)
	return ctx, &idleTimer{
		cut:   cut,
		timer: time.AfterFunc(maxIdle, func() { cut(errIdle) }),
		cause: func(err error) error {
			switch {
			case err == nil, errors.Is(err, io.EOF):
				return err
			case errors.Is(context.Cause(ctx), errIdle):
				return errIdle
			}
			return withContext(outer, err)
		},
	}
}

func (t *idleTimer) begin() { t.timer.Reset(maxIdle) }
func (t *idleTimer) end()   { t.timer.Stop() }

// Download opens the untransformed file at filePath for reading from the CDN (DownloadFile in
// openapi.yaml). The content is streamed, so that memory does not grow with the file. Files in
// public folders need no credentials, and none are sent without [WithCDNAuth]. The caller
// closes the Download.
//
// Transient failures are retried until the CDN has begun to answer, and not after that. Up to
// five redirects are followed, within the origin of the CDN only. Any other redirect is an
// [*APIError]. ctx applies to the reading too: when it ends, Download or Read returns at
// once with an error that wraps ctx.Err() and its cause. The time of the transfer is not limited.
//
// For a missing file errors.Is(err, [ErrNotFound]) holds. An invalid path or option is an
// [*ArgumentError]. An answer with another range than the one asked for is an [ErrProtocol].
// So is content that is compressed, or that only ends with its connection, because it could
// not be checked that it is the whole file.
func (c *Client) Download(ctx context.Context, filePath string, opts ...DownloadOption) (*Download, error) {
	address, err := c.FileURL(filePath)
	if err != nil {
		return nil, err
	}
	var settings downloadSettings
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&settings); err != nil {
			return nil, err
		}
	}
	if settings.ranged && settings.digest != nil {
		return nil, argumentError("expectedSHA256", "is for whole files; leave WithRange out")
	}
	ctx = operation.WithTransfer(ctx)
	end := c.beginDownload(ctx, filePath)
	var download *Download
	err = c.retry(ctx, operation.DownloadFile, func(ctx context.Context) (err error) {
		download, err = c.openDownload(ctx, address, &settings)
		return err
	})
	if err != nil {
		end(0, err)
		return nil, err
	}
	download.end, download.check = end, settings.digest
	return download, nil
}

// beginDownload reports that a download begins. The first call of end reports its end.
func (c *Client) beginDownload(ctx context.Context, filePath string) (end func(read int64, err error)) {
	e := Event{Kind: EventDownloadStart, Context: ctx, Start: time.Now(), FilePath: filePath, Part: -1}
	c.emit(e)
	var once sync.Once
	return func(read int64, err error) {
		once.Do(func() {
			if err == io.EOF {
				err = nil
			}
			e.Kind, e.Duration, e.Bytes, e.Err = EventDownloadEnd, time.Since(e.Start), read, err
			c.emit(e)
		})
	}
}

// openDownload makes one attempt to get to the first byte.
func (c *Client) openDownload(ctx context.Context, address string, s *downloadSettings) (*Download, error) {
	ctx, idle := newIdleTimer(ctx)
	resp, err := c.request(ctx, address, s)
	defer idle.end()
	if err == nil {
		var download *Download
		if download, err = c.download(resp, s); err == nil {
			download.idle, download.end = idle, func(int64, error) {}
			return download, nil
		}
		resp.Body.Close()
	}
	idle.cut(nil)
	return nil, idle.cause(err)
}

// request sends the request for the file.
func (c *Client) request(ctx context.Context, address string, s *downloadSettings) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	if s.ranged {
		req.Header.Set("Range", s.header())
	}
	return c.rest.Download(req, s.authenticated)
}

// header returns the value of the Range header.
func (s *downloadSettings) header() string {
	if s.length < 0 {
		return fmt.Sprintf("bytes=%d-", s.offset)
	}
	return fmt.Sprintf("bytes=%d-%d", s.offset, s.offset+s.length-1)
}

// download returns the Download for an answer, or the error that the answer means.
func (c *Client) download(resp *http.Response, s *downloadSettings) (*Download, error) {
	download := &Download{
		Size:        resp.ContentLength,
		FileSize:    resp.ContentLength,
		ContentType: resp.Header.Get("Content-Type"),
		ETag:        resp.Header.Get("ETag"),
		body:        resp.Body,
	}
	switch {
	case resp.StatusCode == http.StatusOK && !s.ranged && resp.ContentLength < 0 && resp.Close && len(resp.TransferEncoding) == 0:
		// It ends where the connection does, so that half a file would look whole.
		return nil, rest.ProtocolError(operation.DownloadFile, resp.StatusCode, "the CDN does not say where the content ends")
	case resp.StatusCode == http.StatusOK && !s.ranged:
		return download, nil
	case resp.StatusCode == http.StatusOK:
		return nil, rest.ProtocolError(operation.DownloadFile, resp.StatusCode, "the CDN ignored the range")
	case resp.StatusCode != http.StatusPartialContent && resp.StatusCode/100 == 2:
		return nil, rest.ProtocolError(operation.DownloadFile, resp.StatusCode, "200 or 206 was expected")
	case resp.StatusCode != http.StatusPartialContent:
		return nil, c.apiError(operation.DownloadFile, resp)
	}
	first, last, total, ok := parseContentRange(resp.Header.Get("Content-Range"))
	switch {
	case !ok || !s.ranged || first != s.offset, s.length > 0 && last >= s.offset+s.length,
		s.length > 0 && last < s.offset+s.length-1 && total >= 0 && last < total-1,
		resp.ContentLength >= 0 && resp.ContentLength != last-first+1:
		return nil, rest.ProtocolError(operation.DownloadFile, resp.StatusCode, "the CDN answered another range than was asked for")
	}
	download.Offset, download.Size, download.FileSize = first, last-first+1, total
	return download, nil
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
	ok = found && sized && spanned && err1 == nil && err2 == nil && err3 == nil &&
		0 <= first && first <= last && last < math.MaxInt64 && (total == -1 || last < total)
	return first, last, total, ok
}
