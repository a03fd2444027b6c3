package bytescale

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/internal/operation"
)

const (
	// maxAnswer bounds the answer to an API call.
	maxAnswer = 1 << 20
	// maxListAnswer bounds a list of parts, and what is not known here.
	maxListAnswer = 16 << 20
)

// callTimeout bounds one attempt of an API call with its answer.
const callTimeout = 2 * time.Minute

// apiDoer sends the requests of the generated client, one attempt each: it
// keeps the client's limits, proves the identity, reports the attempt and bounds
// the answer.
type apiDoer struct{ client *Client }

func (d *apiDoer) Do(req *http.Request) (*http.Response, error) {
	call := d.client.callOf(req)
	if !sameOrigin(req.URL, d.client.apiURL) {
		closeBody(req)
		return nil, refuse("url", "%s://%s is not the API of this client; no credentials go there", req.URL.Scheme, req.URL.Host)
	}
	token, err := d.client.credentials.tokens.get(req.Context(), "")
	if err != nil {
		closeBody(req)
		return nil, err
	}
	resp, err := d.once(req, call, token)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || d.client.credentials.tokens == nil {
		return resp, err
	}
	again, ok := replay(req)
	if !ok {
		return resp, nil
	}
	discard(resp)
	if token, err = d.client.credentials.tokens.get(req.Context(), token); err != nil {
		closeBody(again)
		return nil, err
	}
	return d.once(again, call, token)
}

// once sends one request and reports it.
func (d *apiDoer) once(original *http.Request, call call, token string) (*http.Response, error) {
	release, err := d.client.limits.Call(original.Context())
	if err != nil {
		closeBody(original)
		return nil, err
	}
	ctx, cancel := call.withTimeout(original.Context())
	req := original.WithContext(ctx)
	if strings.Contains(req.URL.RawQuery, "+") {
		// A form's "+" for a space is not understood everywhere, %20 is.
		address := *req.URL
		address.RawQuery = strings.ReplaceAll(address.RawQuery, "+", "%20")
		req.URL = &address
	}
	d.client.credentials.set(req.Header, token)

	resp, err := d.client.send(req, call, false)
	if err != nil {
		cancel()
		release()
		return nil, err
	}
	d.client.limits.Answered(resp.StatusCode)
	resp.Body = &answerBody{body: resp.Body, left: call.maxAnswer(), ctx: ctx, cancel: cancel, release: release}
	return resp, nil
}

// send does one request, reports it and takes the secrets out of its error.
// signed says that the query of the URL is a secret.
func (c *Client) send(req *http.Request, call call, signed bool) (*http.Response, error) {
	req.Header.Set("User-Agent", c.userAgent)
	began := time.Now()
	resp, err := c.roundTrip(req)
	if err != nil && !signed {
		err = &url.Error{Op: req.Method, URL: req.URL.Redacted(), Err: err} // which host it was
	}
	event := Event{
		Kind:      EventAttempt,
		Operation: call.operation,
		UploadID:  call.attempt.UploadID,
		Part:      call.attempt.Part,
		Attempt:   call.attempt.Number,
		Bytes:     max(0, req.ContentLength),
		Duration:  time.Since(began),
	}
	if err != nil {
		err = c.redactor(req, signed).err(timedOut(req.Context(), err))
		event.Err = err
		c.emit(event)
		return nil, err
	}
	resp.Request = req
	event.Status = resp.StatusCode
	c.emit(event)
	return resp, nil
}

// roundTrip sends a request and does what http.Client does for transports.
func (c *Client) roundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.transport.RoundTrip(req)
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/":
		return nil, http.ErrSchemeMismatch
	case err != nil:
		return nil, err
	case resp == nil:
		return nil, errNoAnswer
	case resp.Body == nil:
		resp.Body = http.NoBody
	}
	return resp, nil
}

var errNoAnswer = errors.New("the transport returned neither an answer nor an error")

// call is what a request is about.
type call struct {
	operation string // operationId; empty if it is none
	attempt   operation.Attempt
}

// callOf reads the operation from method and path. This way the requests of the
// generated client are known too.
func (c *Client) callOf(req *http.Request) call {
	found := call{attempt: operation.AttemptOf(req.Context())}
	path := strings.TrimPrefix(req.URL.Path, c.apiURL.Path+"/v2/accounts/"+c.accountID+"/")
	if upload, isUpload := strings.CutPrefix(path, "uploads/"); isUpload {
		switch id, rest, _ := strings.Cut(upload, "/"); {
		case rest == "parts":
			found.attempt.UploadID, path = id, "uploads/{uploadId}/parts"
		case strings.HasPrefix(rest, "parts/"):
			if index, err := strconv.ParseInt(rest[len("parts/"):], 10, 64); err == nil {
				found.attempt.UploadID, found.attempt.Part, path = id, index, "uploads/{uploadId}/parts/{uploadPartIndex}"
			}
		}
	}
	found.operation = operations[endpoint{req.Method, path}]
	return found
}

// endpoint is what tells an operation.
type endpoint struct{ method, path string }

// operations are those of openapi.yaml on the API's server.
var operations = map[endpoint]string{
	{"POST", "uploads"}:                                   operation.BeginMultipartUpload,
	{"POST", "uploads/binary"}:                            operation.BasicUpload,
	{"POST", "uploads/form_data"}:                         operation.FormDataUpload,
	{"POST", "uploads/url"}:                               operation.UploadFromURL,
	{"GET", "uploads/{uploadId}/parts"}:                   operation.ListUploadParts,
	{"GET", "uploads/{uploadId}/parts/{uploadPartIndex}"}: operation.GetUploadPart,
	{"PUT", "uploads/{uploadId}/parts/{uploadPartIndex}"}: operation.CompleteUploadPart,
	{"GET", "files/details"}:                              operation.GetFileDetails,
	{"DELETE", "files"}:                                   operation.DeleteFile,
}

func (c call) maxAnswer() int64 {
	switch c.operation {
	case operation.ListUploadParts, "":
		return maxListAnswer
	}
	return maxAnswer
}

// withTimeout bounds a call with its answer, unless it carries a whole file.
func (c call) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	switch c.operation {
	case operation.BasicUpload, operation.FormDataUpload, "":
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, callTimeout, errCallTimeout)
}

var errCallTimeout = fmt.Errorf("%w: no complete answer in %v", ErrStalled, callTimeout)

// timedOut returns errCallTimeout in place of the error that it caused.
func timedOut(ctx context.Context, err error) error {
	if err != nil && !errors.Is(err, io.EOF) && errors.Is(context.Cause(ctx), errCallTimeout) {
		return errCallTimeout
	}
	return err
}

// replay returns the request with a fresh body, if it can be had.
func replay(req *http.Request) (*http.Request, bool) {
	if req.Body == nil || req.Body == http.NoBody {
		return req, true
	}
	if req.GetBody == nil {
		return nil, false
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, false
	}
	again := req.Clone(req.Context())
	again.Body = body
	return again, true
}

// closeBody does what a Doer owes a request that it does not send.
func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}

// discard reads what little there may be left of an answer, so that its
// connection can be used again.
func discard(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	resp.Body.Close()
}

// answerBody is the body of an answer of the API: bounded, and giving back what
// the call holds when it is closed.
type answerBody struct {
	body    io.ReadCloser
	left    int64
	ctx     context.Context // tells the end by timeout
	cancel  context.CancelFunc
	release func()
	closed  sync.Once
}

var errAnswerTooLong = fmt.Errorf("%w: the answer is too long", ErrProtocol)

func (b *answerBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		// At the limit exactly, the answer may just end.
		if n, err := b.body.Read(make([]byte, 1)); n == 0 {
			return 0, timedOut(b.ctx, err)
		}
		return 0, errAnswerTooLong
	}
	n, err := b.body.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, timedOut(b.ctx, err)
}

func (b *answerBody) Close() error {
	err := b.body.Close()
	b.closed.Do(func() {
		b.cancel()
		b.release()
	})
	return err
}
