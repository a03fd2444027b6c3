package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

const (
	// callTimeout limits the time of one API call with its answer.
	callTimeout = 2 * time.Minute
	// maxAnswer limits the length of an answer, in bytes.
	maxAnswer = 1 << 20
	// maxListAnswer limits the length of a list of parts, and of the answer to a request
	// that is no known operation.
	maxListAnswer = 16 << 20
)

// bound limits the time of a call with its answer, and the length of the answer.
func (c *Client) bound(next handler) handler {
	return func(req *http.Request, about call) (*http.Response, error) {
		ctx, cancel := about.withTimeout(req.Context())
		resp, err := next(req.WithContext(ctx), about)
		if err != nil {
			err = timedOut(ctx, err)
			cancel()
			return nil, err
		}
		resp.Body = &boundedBody{body: resp.Body, left: about.maxAnswer(), ctx: ctx, cancel: cancel}
		return resp, nil
	}
}

// withTimeout returns a context that ends after callTimeout, unless the call sends a whole
// file or is no known operation.
func (c call) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	switch c.operation {
	case operation.BasicUpload, operation.FormDataUpload, "":
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, callTimeout, errCallTimeout)
}

var errCallTimeout = fmt.Errorf("%w: no complete answer in %v", errs.ErrStalled, callTimeout)

// timedOut returns errCallTimeout in place of the error that it caused.
func timedOut(ctx context.Context, err error) error {
	if err != nil && !errors.Is(err, io.EOF) && errors.Is(context.Cause(ctx), errCallTimeout) {
		return errCallTimeout
	}
	return err
}

func (c call) maxAnswer() int64 {
	switch c.operation {
	case operation.ListUploadParts, "":
		return maxListAnswer
	}
	return maxAnswer
}

// boundedBody is the body of an answer, bounded in length and time.
type boundedBody struct {
	body   io.ReadCloser
	left   int64           // bytes that may still come
	ctx    context.Context // of the call
	cancel context.CancelFunc
}

var errAnswerTooLong = fmt.Errorf("%w: the answer is too long", errs.ErrProtocol)

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		// An answer of exactly the limit may end here.
		if n, err := b.body.Read(make([]byte, 1)); n == 0 {
			return 0, timedOut(b.ctx, err)
		}
		return 0, errAnswerTooLong
	}
	n, err := b.body.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, timedOut(b.ctx, err)
}

func (b *boundedBody) Close() error {
	defer b.cancel()
	return b.body.Close()
}

// releasing is a body that frees the place of its call among those in flight when it is
// closed.
type releasing struct {
	io.ReadCloser
	release func()
	closed  sync.Once
}

func (r *releasing) Close() error {
	defer r.closed.Do(r.release)
	return r.ReadCloser.Close()
}

// Discard reads the rest of a short answer and closes it, so that the connection can be
// used again.
func Discard(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	resp.Body.Close()
}

// ProtocolError returns the error for an answer that means success and is malformed. The
// reason must not quote the answer.
func ProtocolError(op string, status int, reason string) error {
	return fmt.Errorf("%s: status %d: %w: %s", op, status, errs.ErrProtocol, reason)
}

// ReadJSON decodes the body of an answer into the value that to points to.
func ReadJSON(op string, resp *http.Response, to any) error {
	content := answers.Get().(*bytes.Buffer)
	defer func() {
		if content.Cap() <= 64<<10 { // do not keep the buffer of a long list
			answers.Put(content)
		}
	}()
	content.Reset()
	if _, err := content.ReadFrom(resp.Body); err != nil {
		return fmt.Errorf("%s: read answer: %w", op, err)
	}
	if err := json.Unmarshal(content.Bytes(), to); err != nil {
		return ProtocolError(op, resp.StatusCode, "the answer does not decode")
	}
	return nil
}

// answers holds buffers for answers. Decoded values share no bytes with them.
var answers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxMessage is the longest message of a server that is passed on, in characters.
const maxMessage = 500

// Refusal is the content of an answer that means failure, without secrets. What the answer
// does not say is empty.
type Refusal struct {
	Code, Message string
	Details       map[string]any
}

// ReadRefusal reads an answer to op whose status means failure. The body may have any shape.
func (c *Client) ReadRefusal(op string, resp *http.Response) (said Refusal) {
	// A body that cannot be read is no error, because the status decides.
	content, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil || len(content) > maxAnswer {
		return Refusal{}
	}
	hide := c.redactor(resp.Request, call{operation: op}.signed())
	code, message, details := readError(content)
	said.Code = short(hide.text(code))
	said.Message = short(hide.text(message))
	if details != nil {
		said.Details, _ = hide.value(details).(map[string]any)
	}
	return said
}

// readError reads an error of the API, which is JSON (ErrorResponse in openapi.yaml), or of
// object storage, which is XML.
func readError(content []byte) (code, message string, details map[string]any) {
	var answer struct {
		Error struct {
			Code    any `json:"code"`
			Message any `json:"message"`
			Details any `json:"details"`
		} `json:"error"`
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	if decoder.Decode(&answer) == nil {
		// A field of another type than documented must not cost the others.
		code, _ = answer.Error.Code.(string)
		message, _ = answer.Error.Message.(string)
		details, _ = answer.Error.Details.(map[string]any)
		return code, message, details
	}
	var storage struct {
		XMLName xml.Name `xml:"Error"`
		Code    string   `xml:"Code"`
		Message string   `xml:"Message"`
	}
	if xml.Unmarshal(content, &storage) == nil {
		return storage.Code, storage.Message, nil
	}
	return "", "", nil
}

// short returns text for an error message: one line of at most maxMessage characters,
// without control characters, which a terminal could obey.
func short(text string) string {
	clean := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
	runes := []rune(strings.Join(strings.Fields(clean), " "))
	if len(runes) > maxMessage {
		return string(runes[:maxMessage-1]) + "…"
	}
	return string(runes)
}
