package bytescale

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/internal/download"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

// DownloadOption configures [Client.Download].
type DownloadOption interface {
	applyDownload(*downloadSettings) error
}

// DownloadToOption configures [Client.DownloadTo] and [Client.DownloadToWriterAt].
type DownloadToOption interface {
	applyDownloadTo(*downloadToSettings) error
}

// AnyDownloadOption configures every download, those of [Client.FS] too.
type AnyDownloadOption interface {
	DownloadOption
	DownloadToOption
	DownloadDirOption
	FSOption
}

type downloadSettings struct {
	asked         *download.Range // nil for the whole file
	authenticated bool
	digest        *digestCheck // nil without WithExpectedSHA256
}

type downloadToSettings struct {
	transferSettings
	authenticated bool
	overwrite     bool
}

// downloadOption is an option of Download alone.
type downloadOption func(*downloadSettings) error

func (o downloadOption) applyDownload(s *downloadSettings) error { return o(s) }

// cdnAuth is the option of WithCDNAuth.
type cdnAuth struct{}

func (cdnAuth) applyDownload(s *downloadSettings) error {
	s.authenticated = true
	return nil
}

func (cdnAuth) applyDownloadTo(s *downloadToSettings) error {
	s.authenticated = true
	return nil
}

func (cdnAuth) applyDownloadDir(s *downloadDirSettings) error {
	s.authenticated = true
	return nil
}

func (cdnAuth) applyFS(f *fileSystem) { f.options = append(f.options, cdnAuth{}) }

// WithRange downloads length bytes from position offset on instead of the whole file. Both
// are bytes; a length of -1 means to the end. A range that goes beyond the end of the file
// ends there. One that begins there is an [*APIError] with status 416.
func WithRange(offset, length int64) DownloadOption {
	return downloadOption(func(s *downloadSettings) error {
		switch {
		case offset < 0:
			return argumentError("range", "the offset %d is negative", offset)
		case length == 0 || length < -1:
			return argumentError("range", "the length %d is neither positive nor -1, for the rest of the file", length)
		case length > 0 && offset+length < 0:
			return argumentError("range", "%d bytes from %d on are beyond any file", length, offset)
		}
		s.asked = &download.Range{Offset: offset, Length: length}
		return nil
	})
}

// WithCDNAuth sends the client's credentials to the CDN, to read a file of a private folder.
// They are sent to the origin of [WithCDNURL] only. Without this option, the CDN gets no
// credentials.
func WithCDNAuth() AnyDownloadOption { return cdnAuth{} }

// overwrite is the option of WithOverwrite.
type overwrite struct{}

func (overwrite) applyDownloadTo(s *downloadToSettings) error {
	s.overwrite = true
	return nil
}

func (overwrite) applyDownloadDir(s *downloadDirSettings) error {
	s.overwrite = true
	return nil
}

// WithOverwrite lets [Client.DownloadTo] and [Client.DownloadDir] replace a file that exists. The
// new file keeps the permissions of the old one. A link or a pipe is replaced itself, and nothing
// that it leads to changes. The default is to refuse with an error that is [io/fs.ErrExist].
func WithOverwrite() OverwriteOption { return overwrite{} }

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

	ctx    context.Context
	stream *download.Stream
	read   int64 // bytes so far
	check  *digestCheck
	end    func(read int64, err error) // reports the end of the download, once
}

// Read reads the next bytes. If the connection breaks or stalls, Read continues at the same
// byte over another one, with the retries of a call, if the CDN sent the size and a strong
// etag. A file that has changed since then is [ErrFileChanged]. Without a strong etag, Read
// returns [io.ErrUnexpectedEOF] or the error of the network if the connection breaks, and
// [ErrStalled] if nothing comes for a minute.
func (d *Download) Read(p []byte) (int, error) {
	n, err := d.stream.Read(p)
	d.read += int64(n)
	if err != nil && err != io.EOF {
		err = withContext(d.ctx, publicError(err))
	}
	err = d.check.read(p[:n], err)
	if err != nil {
		d.end(d.read, err)
	}
	return n, err
}

// Close ends the download, also an incomplete one, and frees its connection.
func (d *Download) Close() error {
	err := d.stream.Close()
	d.end(d.read, nil)
	return err
}

// Download opens the untransformed file at filePath for reading from the CDN (DownloadFile in
// openapi.yaml). The content is streamed, so that memory does not grow with the file. Files in
// public folders need no credentials, and none are sent without [WithCDNAuth]. The caller
// closes the Download. To get a file onto a disk, [Client.DownloadTo] is faster and continues
// in other processes, too.
//
// Transient failures are retried; see [Download.Read] for those after the first byte. Up to
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
	return c.downloadFrom(ctx, c.downloads, address, filePath, opts)
}

// downloadFrom opens what is at a URL of the CDN.
func (c *Client) downloadFrom(ctx context.Context, engine *download.Engine, address, filePath string, opts []DownloadOption) (*Download, error) {
	var settings downloadSettings
	if err := applyAll(opts, func(o DownloadOption) error { return o.applyDownload(&settings) }); err != nil {
		return nil, err
	}
	if settings.asked != nil && settings.digest != nil {
		return nil, argumentError("expectedSHA256", "is for whole files; leave WithRange out")
	}
	ctx = operation.WithTransfer(ctx)
	end := c.beginDownload(ctx, filePath)
	stream, err := engine.Stream(ctx, download.File{URL: address, Authorized: settings.authenticated}, settings.asked)
	if err != nil {
		err = withContext(ctx, publicError(err))
		end(0, err)
		return nil, err
	}
	return &Download{
		Offset: stream.Offset, Size: stream.Size, FileSize: stream.FileSize,
		ContentType: stream.ContentType, ETag: stream.ETag,
		ctx: ctx, stream: stream, check: settings.digest, end: end,
	}, nil
}

// Downloaded is what [Client.DownloadTo] and [Client.DownloadToWriterAt] return.
type Downloaded struct {
	// Size is the size of the file in bytes.
	Size int64
	// ContentType is the MIME type; empty if the CDN did not send it.
	ContentType string
	// ETag is the version tag in the quoted form of HTTP; empty if the CDN did not send
	// it. It need not be the etag of [FileDetails].
	ETag string
	// Continued is how many of the bytes an earlier call had downloaded.
	Continued int64
}

// DownloadTo downloads the untransformed file at filePath from the CDN (DownloadFile in
// openapi.yaml) to the file called name. The file gets its name when it is whole, by a rename,
// with the permissions of any new file. Whatever has the name already is left as it is, and the
// error is [io/fs.ErrExist], unless [WithOverwrite] is given. If name is a link, it is not
// followed, because somebody else may have made it; [path/filepath.EvalSymlinks] returns where
// it leads. A directory, a device and a name in /dev are always refused. To write to a pipe or a
// device, copy from [Client.Download].
//
// Parts of 8 to 64 MiB are downloaded at a time, as many as [WithPutsInFlight] allows. Each
// request names the etag of the first answer (If-Range), so that all parts are of one version:
// a file that changes meanwhile is [ErrFileChanged]. A connection that breaks, or moves less
// than 1 KiB/s for half a minute, is continued at the same byte over another one. If the CDN
// knows no ranges, or sends no strong etag, the file is read over one connection, in order, and
// a break starts it over; [EventNoContinuation] tells. Memory does not grow with the file.
//
// If DownloadTo fails, or the process is killed, two files whose names begin with .bytescale-
// remain in the directory of a file of 1 MiB or more. The same call continues from them, in
// another process too, and requests only what is missing. They belong to the user and nobody
// else can read them. They are not used if somebody else could have made them, because others
// can write to the directory, or if the file has changed; then DownloadTo starts over. After a
// crash of the machine, up to half a minute is downloaded again. A second call for the same
// file and name at the same time downloads all of it for itself.
//
// Errors, retries, redirects and ctx are those of [Client.Download]. A failure to write is the
// error of the file system.
func (c *Client) DownloadTo(ctx context.Context, filePath, name string, opts ...DownloadToOption) (*Downloaded, error) {
	settings, err := newDownloadToSettings(opts)
	if err != nil {
		return nil, err
	}
	if name == "" {
		return nil, argumentError("name", "is empty")
	}
	return c.downloadBy(ctx, filePath, settings, func(ctx context.Context, f download.File, report func(download.Counts)) (download.Result, error) {
		return c.downloads.ToFile(ctx, f, name, settings.overwrite, report)
	})
}

// DownloadToWriterAt is [Client.DownloadTo] with the bytes written to w, from several
// goroutines at a time, each at its own place. When it fails, w holds any part of the file, and
// nothing continues it. It returns when no write is in progress any more. [WithOverwrite] is
// refused.
func (c *Client) DownloadToWriterAt(ctx context.Context, filePath string, w io.WriterAt, opts ...DownloadToOption) (*Downloaded, error) {
	settings, err := newDownloadToSettings(opts)
	switch {
	case err != nil:
		return nil, err
	case w == nil:
		return nil, argumentError("w", "is nil")
	case settings.overwrite:
		return nil, argumentError("overwrite", "is about files; an io.WriterAt is always written to")
	}
	return c.downloadBy(ctx, filePath, settings, func(ctx context.Context, f download.File, report func(download.Counts)) (download.Result, error) {
		return c.downloads.ToWriterAt(ctx, f, w, report)
	})
}

func newDownloadToSettings(opts []DownloadToOption) (s downloadToSettings, err error) {
	err = applyAll(opts, func(o DownloadToOption) error { return o.applyDownloadTo(&s) })
	return s, err
}

// downloadBy downloads a file by a method of the engine, between the events that report its
// start and its end.
func (c *Client) downloadBy(ctx context.Context, filePath string, s downloadToSettings,
	do func(context.Context, download.File, func(download.Counts)) (download.Result, error),
) (*Downloaded, error) {
	address, err := c.FileURL(filePath)
	if err != nil {
		return nil, err
	}
	var report func(download.Counts)
	if s.progress != nil {
		report = func(n download.Counts) {
			s.progress(Progress{Sent: n.Received, InFlight: n.Pending, Confirmed: n.Written, Total: n.Total})
		}
	}
	ctx = operation.WithTransfer(ctx)
	end := c.beginDownload(ctx, filePath)
	result, err := do(ctx, download.File{URL: address, Authorized: s.authenticated}, report)
	err = withContext(ctx, publicError(err))
	end(result.Size-result.Continued, err)
	if err != nil {
		return nil, err
	}
	downloaded := Downloaded(result)
	return &downloaded, nil
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
