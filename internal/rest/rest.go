// Package rest sends one HTTP request at a time: with the credentials, within the
// limits, with a bounded answer, and with no secret in an error.
package rest

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/c88edac7/bytescale-go/internal/limits"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

// Client sends requests, one attempt each.
type Client struct {
	Config
	toAPI, toCDN, toStorage handler
}

// Config is what a restClient is made of.
type Config struct {
	Transport      http.RoundTripper
	Credentials    *Credentials
	Limits         *limits.Limits
	APIURL, CDNURL *url.URL
	UserAgent      string
	OnExchange     func(Exchange)
}

// New returns a client for the configuration.
func New(config Config) *Client {
	c := &Client{Config: config}
	c.setChains()
	return c
}

// Exchange is one request that was answered or that failed.
type Exchange struct {
	Operation string // operationId; empty if it is none
	Attempt   operation.Attempt
	Status    int   // of the answer; 0 if there was none
	Bytes     int64 // of the request body
	Duration  time.Duration
	Err       error
}

// Call is what a request is about.
type call struct {
	operation  string // operationId; empty if it is none
	attempt    operation.Attempt
	authorized bool // it carries the credentials
}

// signed says whether the query of the URL is a secret.
func (c call) signed() bool { return c.operation == operation.PutPart }

// Call sends a request to the API.
func (c *Client) Call(req *http.Request) (*http.Response, error) {
	if strings.Contains(req.URL.RawQuery, "+") {
		// A form's "+" for a space is not understood everywhere, %20 is.
		address := *req.URL
		address.RawQuery = strings.ReplaceAll(address.RawQuery, "+", "%20")
		req.URL = &address
	}
	return c.toAPI(req, c.callOf(req))
}

// Download sends a request for a file to the CDN, with the credentials if they are
// asked for.
func (c *Client) Download(req *http.Request, authorized bool) (*http.Response, error) {
	return c.toCDN(req, call{
		operation: operation.DownloadFile, attempt: operation.AttemptOf(req.Context()), authorized: authorized,
	})
}

// Put sends a part to storage. Its URL is its permission, and a secret.
func (c *Client) Put(req *http.Request) (*http.Response, error) {
	return c.toStorage(req, call{operation: operation.PutPart, attempt: operation.AttemptOf(req.Context())})
}

// CloseIdleConnections closes the connections that are not in use.
func (c *Client) CloseIdleConnections() {
	(&http.Client{Transport: c.Transport}).CloseIdleConnections() // knows how to ask a transport
}

// callOf reads the operation from method and path. This way the requests of the
// generated client are known too.
func (c *Client) callOf(req *http.Request) call {
	found := call{attempt: operation.AttemptOf(req.Context()), authorized: true}
	path, below := strings.CutPrefix(req.URL.Path, c.APIURL.Path)
	if !below {
		return found
	}
	id, params, _ := operation.Match(operation.API, req.Method, path)
	found.operation = id
	if uploadID := params.Get("uploadId"); uploadID != "" {
		found.attempt.UploadID = uploadID
	}
	if index, err := strconv.ParseInt(params.Get("uploadPartIndex"), 10, 64); err == nil {
		found.attempt.Part = index
	}
	return found
}

// limit waits for a place among the API calls in flight and for the pace. The place
// is free again when the answer was closed.
func (c *Client) limit(next handler) handler {
	return func(req *http.Request, about call) (*http.Response, error) {
		release, err := c.Limits.Call(req.Context())
		if err != nil {
			closeBody(req)
			return nil, err
		}
		resp, err := next(req, about)
		if err != nil {
			release()
			return nil, err
		}
		c.Limits.Answered(resp.StatusCode)
		resp.Body = &releasing{ReadCloser: resp.Body, release: release}
		return resp, nil
	}
}

// slowDown tells the pace how storage answered.
func (c *Client) slowDown(next handler) handler {
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
			Operation: about.operation, Attempt: about.attempt,
			Bytes: max(0, req.ContentLength), Duration: time.Since(began), Err: err,
		}
		if err == nil {
			done.Status = resp.StatusCode
		}
		c.OnExchange(done)
		return resp, err
	}
}

// roundTrip sends a request and does what http.Client does for transports.
func (c *Client) roundTrip(req *http.Request, about call) (*http.Response, error) {
	req.Header.Set("User-Agent", c.UserAgent)
	resp, err := c.Transport.RoundTrip(req)
	if err == nil && resp == nil {
		err = errNoAnswer
	}
	if err != nil {
		if plainHTTP(err) {
			err = http.ErrSchemeMismatch
		}
		if !about.signed() {
			err = &url.Error{Op: req.Method, URL: req.URL.Redacted(), Err: err} // which host it was
		}
		return nil, err
	}
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	resp.Request = req
	return resp, nil
}

// plainHTTP says whether a server answered a TLS handshake in plain HTTP.
func plainHTTP(err error) bool {
	var record tls.RecordHeaderError
	return errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/"
}

var errNoAnswer = errors.New("the transport returned neither an answer nor an error")

// closeBody does what a Doer owes a request that it does not send.
func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}
