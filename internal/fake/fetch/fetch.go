// Package fetch gets the sources of UploadFromUrl. It connects to public addresses
// only, unless it is told otherwise.
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

// Fetcher gets the source of an UploadFromUrl. An error that is a *refusal.Error
// is answered as it is.
type Fetcher interface {
	Fetch(ctx context.Context, url string) (*Source, error)
}

// Source is what a [Fetcher] found. The receiver closes Body.
type Source struct {
	Body     io.ReadCloser
	Size     int64  // -1 if unknown
	MIME     string // as the source reports it, unchecked; "" if it does not
	FileName string // from its content disposition, "" if it has none
}

// Limits of a fetch. There is none on the size: the bytes are streamed to the
// store, and the time of the whole is limited.
const (
	fetchRedirects   = 5
	fetchHeaderBytes = 64 << 10
	fetchDialTime    = 10 * time.Second
)

// New returns a fetcher of http and https URLs that uses no proxy and
// follows up to five redirects. Unless allowPrivate is set it connects to public
// addresses only, whatever a name or a redirect says: loopback, private,
// link-local, multicast and all other special addresses are refused at the moment
// of the connection.
//
// The context limits the whole transfer, reading the body included. Every error
// is a *refusal.Error, and so is every error of the body.
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
			Proxy:       nil, // a proxy would connect where we must not
			DialContext: dialer.DialContext,
			// A connection is checked when it is made; none is kept for the next fetch.
			DisableKeepAlives:      true,
			DisableCompression:     true, // the bytes as they are
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

// fetchRefusal explains why a fetch failed without repeating the URL, which can
// hold secrets, or addresses, which would tell how private names resolve.
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

// fetchedBody is the body of a source, with errors of ours.
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

// reportedName returns the file name of the source's content disposition if it
// can be an original file name.
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
