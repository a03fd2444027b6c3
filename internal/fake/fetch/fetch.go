// Package fetch fetches the sources of UploadFromUrl. By default it connects to public
// addresses only.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
)

// Fetcher fetches the source of an UploadFromUrl. The service answers a *refusal.Error
// unchanged.
type Fetcher interface {
	Fetch(ctx context.Context, url string) (*Source, error)
}

// Source is the answer of a source. The caller of Fetch must close Body.
type Source struct {
	Body     io.ReadCloser
	Size     int64  // -1 if unknown
	MIME     string // as the source reports it, unchecked; "" if it does not
	FileName string // from its content disposition, "" if it has none
}

// Limits of a fetch. The size is not limited here, because the bytes are streamed to
// the store, which has a limit, and because the total time is limited.
const (
	fetchRedirects   = 5
	fetchHeaderBytes = 64 << 10
	fetchDialTime    = 10 * time.Second
)

// New returns a fetcher of http and https URLs. It uses no proxy and follows up to
// five redirects. Unless allowPrivate is set, it connects to public addresses only: it
// checks each connection, also those of redirects, and refuses loopback, private,
// link-local, multicast and all other special addresses.
//
// The context limits the whole transfer, including reading the body. All errors, also
// those of reading the body, are *refusal.Error.
func New(allowPrivate bool) Fetcher {
	dialer := &net.Dialer{Timeout: fetchDialTime}
	if !allowPrivate {
		dialer.ControlContext = refusePrivate
	}
	return &urlFetcher{client: &http.Client{
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > fetchRedirects {
				return errTooManyRedirects
			}
			return nil
		},
		Transport: &http.Transport{
			Proxy:       nil, // a proxy would connect to addresses that were not checked
			DialContext: dialer.DialContext,
			// Each fetch makes its own connections, because they are checked when they
			// are made.
			DisableKeepAlives:      true,
			DisableCompression:     true, // store the bytes that the source sends
			TLSHandshakeTimeout:    fetchDialTime,
			MaxResponseHeaderBytes: fetchHeaderBytes,
		},
	}}
}

var errTooManyRedirects = errors.New("too many redirects")

type urlFetcher struct {
	client *http.Client
}

// Fetch implements [Fetcher].
func (f *urlFetcher) Fetch(ctx context.Context, address string) (*Source, error) {
	target, err := url.Parse(address)
	if err != nil || target.Host == "" || target.Scheme != "http" && target.Scheme != "https" {
		return nil, refusal.Errorf(refusal.SourceRefused, "The source must be an absolute http or https URL.")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, refusal.Errorf(refusal.SourceRefused, "The source must be an absolute http or https URL.")
	}
	response, err := f.client.Do(request)
	if err != nil {
		return nil, fetchRefusal(err)
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, refusal.Errorf(refusal.SourceFailed, "The source answered with status %d.", response.StatusCode)
	}
	return &Source{
		Body:     fetchedBody{response.Body},
		Size:     response.ContentLength,
		MIME:     response.Header.Get("Content-Type"),
		FileName: reportedName(response.Header),
	}, nil
}

// fetchRefusal returns the reason why a fetch failed. It repeats neither the URL,
// which may contain secrets, nor addresses, which would reveal what private names
// resolve to.
func fetchRefusal(err error) *refusal.Error {
	var timeout net.Error
	switch {
	case errors.As(err, new(refusedAddressError)):
		return &refusal.Error{Code: refusal.SourceRefused}
	case errors.Is(err, errTooManyRedirects):
		return refusal.Errorf(refusal.SourceFailed, "The source redirected more than %d times.", fetchRedirects)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return &refusal.Error{Code: refusal.SourceTimeout}
	}
	return &refusal.Error{Code: refusal.SourceFailed}
}

// fetchedBody is the body of a source. Its errors are *refusal.Error.
type fetchedBody struct {
	body io.ReadCloser
}

func (b fetchedBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("reading the source: %w", fetchRefusal(err))
	}
	return n, err
}

func (b fetchedBody) Close() error { return b.body.Close() }

// reportedName returns the file name of the source's Content-Disposition, or "" if it
// is not a valid original file name.
func reportedName(header http.Header) string {
	_, parameters, err := mime.ParseMediaType(header.Get("Content-Disposition"))
	if err != nil {
		return ""
	}
	name := parameters["filename"]
	if !utf8.ValidString(name) || utf8.RuneCountInString(name) > 255 {
		return ""
	}
	return name
}
