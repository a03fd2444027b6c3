// Package rest sends single HTTP requests: to the API, to the CDN and to storage. It adds
// the credentials, keeps the limits of the client, bounds the answer in time and length,
// reports each attempt, and takes secrets out of errors. Retries are not its business,
// except that a JSON web token that is refused with 401 is replaced once.
//
// chain.go shows the order of the steps that a request passes through. No redirect leaves
// the origin that the request was for, and credentials are sent to that origin only.
package rest

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/limits"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

// Client sends requests, one attempt each.
type Client struct {
	Config
	toAPI, toCDN, toSave, toStorage handler

	answers *semaphore.Weighted // the budget of the longer answers
	hosts   *hosts
}

// Timeouts limits the waits of one attempt. A field that is zero or negative has its default.
type Timeouts struct {
	Connect time.Duration // for a connection; without a limit by default, because transports have one
	Call    time.Duration // for an API call with its answer
}

// Config is what a Client is made of. All fields but Timeouts must be set.
type Config struct {
	Transport      http.RoundTripper
	Credentials    *Credentials
	Limits         *limits.Limits
	APIURL, CDNURL *url.URL
	UserAgent      string
	OnExchange     func(Exchange)
	Timeouts       Timeouts
}

// New returns a client for the configuration.
func New(config Config) *Client {
	c := &Client{Config: config, answers: semaphore.NewWeighted(answerBudget), hosts: new(hosts)}
	c.setChains()
	return c
}

// WithTimeouts returns a client that shares everything with c except the timeouts.
func (c *Client) WithTimeouts(t Timeouts) *Client {
	other := *c
	other.Timeouts = t
	other.setChains()
	return &other
}

// Exchange is an event: one request was answered, or failed with Err.
type Exchange struct {
	Context  context.Context
	Attempt  operation.Attempt
	Status   int   // of the answer; 0 if there was none
	Bytes    int64 // length of the request body
	Start    time.Time
	Duration time.Duration // until the header of the answer, without waits for the limits
	Err      error
}

// call is what a request is about.
type call struct {
	operation  string // operationId; empty if the request is no known operation
	attempt    operation.Attempt
	authorized bool // the request carries the credentials
}

// newCall returns a call of an operation. The attempt is the one of the context.
func newCall(ctx context.Context, id string) call {
	attempt := operation.AttemptOf(ctx)
	attempt.Operation = id
	return call{operation: id, attempt: attempt}
}

// mark returns the request with a context that says what it is for, so that what wraps
// the transport can ask.
func (c call) mark(req *http.Request) *http.Request {
	if operation.AttemptOf(req.Context()) == c.attempt {
		return req
	}
	return req.WithContext(operation.WithAttempt(req.Context(), c.attempt))
}

// isDownload reports whether the answer is the content of a file.
func (c call) isDownload() bool {
	return c.operation == operation.DownloadFile || c.operation == operation.ProcessFile
}

// signed reports whether the query of the URL is a secret.
func (c call) signed() bool { return c.operation == operation.PutPart }

// Call sends a request to the API. The caller closes the answer, which frees the place of
// the call among those in flight.
func (c *Client) Call(req *http.Request) (*http.Response, error) {
	if strings.Contains(req.URL.RawQuery, "+") {
		// %20 for a space is understood everywhere, the "+" of forms is not.
		address := *req.URL
		address.RawQuery = strings.ReplaceAll(address.RawQuery, "+", "%20")
		req.URL = &address
	}
	about := c.callOf(req)
	return c.toAPI(about.mark(req), about)
}

// Download sends a request for a file to the CDN, or for what a transformation makes of it.
// It carries the credentials if authorized is set.
func (c *Client) Download(req *http.Request, id string, authorized bool) (*http.Response, error) {
	about := newCall(req.Context(), id)
	about.authorized = authorized
	return c.toCDN(about.mark(req), about)
}

// CallCDN sends a call of an operation that changes something to the CDN, with the
// credentials. The caller closes the answer, which frees the place of the call among those in
// flight: it counts as an API call.
func (c *Client) CallCDN(req *http.Request, id string) (*http.Response, error) {
	about := newCall(req.Context(), id)
	about.authorized = true
	return c.toSave(about.mark(req), about)
}

// Put sends a part to storage. The request carries no credentials, because its URL is its
// permission. The URL is a secret.
func (c *Client) Put(req *http.Request) (*http.Response, error) {
	about := newCall(req.Context(), operation.PutPart)
	return c.toStorage(about.mark(req), about)
}

// CloseIdleConnections closes the connections that are not in use.
func (c *Client) CloseIdleConnections() {
	closeIdleConnections(c.Transport)
}

func closeIdleConnections(transport http.RoundTripper) {
	(&http.Client{Transport: transport}).CloseIdleConnections()
}

// callOf finds out which operation a request is, by its method and path, because the
// generated client does not say it.
func (c *Client) callOf(req *http.Request) call {
	path, below := strings.CutPrefix(req.URL.Path, c.APIURL.Path)
	var id string
	var params operation.Params
	if below {
		id, params, _ = operation.Match(operation.API, req.Method, path)
	}
	found := newCall(req.Context(), id)
	found.authorized = true
	if uploadID := params.Get("uploadId"); uploadID != "" {
		found.attempt.UploadID = uploadID
	}
	if index, err := strconv.ParseInt(params.Get("uploadPartIndex"), 10, 64); err == nil {
		found.attempt.Part = index
	}
	return found
}

// limit waits for a place among the API calls in flight, and for the pace. The place is
// free again when the answer is closed.
func (c *Client) limit(next handler) handler {
	return func(req *http.Request, about call) (*http.Response, error) {
		release, err := c.Limits.Call(req.Context())
		if err != nil {
			closeBody(req)
			return nil, err
		}
		began := time.Now()
		resp, err := next(req, about)
		if err != nil {
			release()
			return nil, err
		}
		c.Limits.Answered(resp.StatusCode)
		if resp.StatusCode/100 == 2 {
			c.Limits.Took(time.Since(began))
		}
		resp.Body = &releasing{ReadCloser: resp.Body, release: release}
		return resp, nil
	}
}

// adjustPace adjusts the pace of the API calls to the answer of storage.
func (c *Client) adjustPace(next handler) handler {
	return func(req *http.Request, about call) (*http.Response, error) {
		resp, err := next(req, about)
		if err == nil {
			c.Limits.Answered(resp.StatusCode)
		}
		return resp, err
	}
}

// observe reports the attempt.
func (c *Client) observe(next handler) handler {
	return func(req *http.Request, about call) (*http.Response, error) {
		began := time.Now()
		resp, err := next(req, about)
		done := Exchange{
			Context: req.Context(), Attempt: about.attempt,
			Bytes: max(0, req.ContentLength), Start: began, Duration: time.Since(began), Err: err,
		}
		if err == nil {
			done.Status = resp.StatusCode
		}
		c.OnExchange(done)
		return resp, err
	}
}

// roundTrip sends a request. It makes up for careless transports as http.Client does.
func (c *Client) roundTrip(req *http.Request, about call) (*http.Response, error) {
	req.Header.Set("User-Agent", c.UserAgent)
	resp, err := c.Transport.RoundTrip(req)
	switch {
	case err == nil && resp == nil:
		err = errNoAnswer
	case err == nil:
		resp, err = c.guard(req.Context(), resp)
	}
	if err != nil {
		if plainHTTP(err) {
			err = http.ErrSchemeMismatch
		}
		if !errors.Is(err, errs.ErrProtocol) {
			err = c.OfHost(req.URL, err)
		}
		if !about.signed() {
			err = &url.Error{Op: req.Method, URL: req.URL.Redacted(), Err: err} // names the host
		}
		return nil, err
	}
	resp.Request = req
	return resp, nil
}

// plainHTTP reports whether a server answered a TLS handshake in plain HTTP.
func plainHTTP(err error) bool {
	var record tls.RecordHeaderError
	return errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/"
}

var errNoAnswer = errors.New("the transport returned neither an answer nor an error")

// closeBody closes the body of a request that is not sent, as a transport would.
func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}
