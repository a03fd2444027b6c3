package bytescale

import (
	"context"
	"net/url"
	"time"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

// StoredFile names a file that a call has stored (BasicUploadResponse in openapi.yaml).
// [Client.GetFileDetails] returns the rest. It encodes to JSON and back without loss.
type StoredFile struct {
	// AccountID is the account that owns the file.
	AccountID string `json:"accountId"`
	// ETag is the version tag of the file. Treat it as opaque.
	ETag string `json:"etag"`
	// FilePath is the full path of the file: the value to keep in a database.
	FilePath string `json:"filePath"`
	// FileURL is the address of the untransformed file on the CDN.
	FileURL string `json:"fileUrl"`
}

// urlUploadSettings is what the options of UploadFromURL write to.
type urlUploadSettings struct {
	fileSettings
	timeout time.Duration
}

// urlUploadOption is an option of UploadFromURL alone.
type urlUploadOption func(*urlUploadSettings) error

func (o urlUploadOption) applyURLUpload(s *urlUploadSettings) error { return o(s) }

const (
	maxFetchTimeout = 30 * time.Second
	maxSourceURL    = 8192
)

// WithFetchTimeout sets how long the service may take to fetch and store the file, from 1 ms to
// 30 s (timeout of UploadFromUrlRequest in openapi.yaml). The default is 30 s.
func WithFetchTimeout(d time.Duration) URLUploadOption {
	return urlUploadOption(func(s *urlUploadSettings) error {
		if d < time.Millisecond || d > maxFetchTimeout {
			return argumentError("fetchTimeout", "%v is outside 1ms..%v", d, maxFetchTimeout)
		}
		s.timeout = d
		return nil
	})
}

// UploadFromURL has the service fetch the http or https URL source and store what it gets
// (UploadFromUrl in openapi.yaml). The bytes do not pass through this machine, and the service
// must be able to reach the URL, which has at most 8192 characters. The credentials must be
// allowed to create the file, and to overwrite it if it is there; a public key is allowed the
// former by default. The call counts as one of the account, and the file against its quotas.
//
// The options say where the file is stored and what with it; see [Client.Upload]. Without
// [WithMIME] and [WithOriginalFileName], the service takes what the source says. It has 30 s
// for all of it, or what [WithFetchTimeout] sets, and does not promise to store larger files
// than it can fetch in that time. Use [Client.Upload] for those.
//
// An invalid URL or option is an [*ArgumentError]. A source that cannot be fetched is an
// [*APIError] whose code and message say more, and is not retried if the service answers with
// a status below 500.
//
// Transient failures are retried as for [Client.GetFileDetails], with one exception: if the
// answer to an attempt was lost, the file may be stored. The call is then repeated only if
// the path is fixed, which is an absolute [WithPath], or an absolute [WithFolder] and a
// [WithFileName] without path variables and fallback: the second file replaces the first. For
// any other path it ends, because the second file would be stored beside the first, and
// errors.Is(err, [ErrOutcomeUnknown]) holds. When ctx ends, the call returns at once with an
// error that wraps ctx.Err() and its cause; the service may store the file all the same.
func (c *Client) UploadFromURL(ctx context.Context, source string, opts ...URLUploadOption) (*StoredFile, error) {
	settings, err := newURLUploadSettings(opts)
	if err != nil {
		return nil, err
	}
	if err := checkSourceURL(source); err != nil {
		return nil, err
	}
	request := gen.UploadFromURLRequest{
		URL: source, Timeout: settings.timeout.Milliseconds(),
		MIME: settings.mime, OriginalFileName: settings.originalFileName, Metadata: settings.metadata, Tags: settings.tags,
	}
	if request.Path, err = settings.definition(); err != nil {
		return nil, err
	}
	var stored StoredFile
	err = c.change(ctx, operation.UploadFromURL, settings.fixed(), func(ctx context.Context) error {
		var answer gen.BasicUploadResponse
		resp, err := c.api.calls.UploadFromURL(ctx, c.accountID, request)
		if err = c.decode(operation.UploadFromURL, resp, err, &answer); err != nil {
			return err
		}
		stored = StoredFile(answer)
		return answerError(operation.UploadFromURL, checkStored(stored))
	})
	if err != nil {
		return nil, err
	}
	return &stored, nil
}

func newURLUploadSettings(opts []URLUploadOption) (s urlUploadSettings, err error) {
	if err := applyAll(opts, func(o URLUploadOption) error { return o.applyURLUpload(&s) }); err != nil {
		return s, err
	}
	return s, s.check()
}

// checkStored returns what is wrong with what the API says about a file that it has stored. It
// sends an etag only since April 2024.
func checkStored(file StoredFile) string {
	switch {
	case checkFilePath("", file.FilePath) != nil:
		return "file path"
	case file.FileURL == "":
		return "file URL"
	case file.ETag != "" && !validETag(file.ETag):
		return "etag"
	}
	return ""
}

// checkSourceURL checks a URL to fetch (HttpUrlToUpload in openapi.yaml). It may hold
// credentials, so that errors do not quote it.
func checkSourceURL(source string) error {
	if err := checkText("url", source, 1, maxSourceURL); err != nil {
		return err
	}
	u, err := url.Parse(source)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || !printable(source) {
		return argumentError("url", "is not an absolute http or https URL in ASCII, such as https://example.com/image.jpg")
	}
	if u.Path == "" && (u.RawQuery != "" || u.Fragment != "") {
		return argumentError("url", "has no path: write https://example.com/?a=b instead of https://example.com?a=b")
	}
	return nil
}
