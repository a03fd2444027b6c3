package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

const (
	// smallAnswer is what an answer may take without counting against the budget: far
	// more than those of the service have.
	smallAnswer = 16 << 10
	// answerBudget is what the longer answers of a client may take together.
	answerBudget = 2 << 20
	// maxValues is how many values, at any depth, an answer about one file or part may
	// have. Decoded, a value takes up to 70 bytes, however short it is. Metadata of
	// 2 KB have a thousand at the most.
	maxValues = 2048
)

// ProtocolError returns the error for an answer that means success and is malformed. The
// reason must not quote the answer.
func ProtocolError(op string, status int, reason string) error {
	return fmt.Errorf("%s: status %d: %w: %s", op, status, errs.ErrProtocol, reason)
}

// ReadJSON decodes the body of an answer into the value that to points to.
func (c *Client) ReadJSON(op string, resp *http.Response, to any) error {
	content := answers.Get().(*bytes.Buffer)
	defer func() {
		if content.Cap() <= 64<<10 {
			answers.Put(content)
		}
	}()
	content.Reset()
	body := c.charge(op, resp)
	defer body.release()
	if _, err := content.ReadFrom(body); err != nil {
		return fmt.Errorf("%s: read answer: %w", op, err)
	}
	if body.most <= maxAnswer && tooManyValues(content.Bytes()) {
		return ProtocolError(op, resp.StatusCode, "the answer has too many values")
	}
	if err := json.Unmarshal(content.Bytes(), to); err != nil {
		return ProtocolError(op, resp.StatusCode, "the answer does not decode")
	}
	return nil
}

// answers holds buffers for answers. Decoded values share no bytes with them.
var answers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// ReadIntegers reads an answer that is an object and returns the integers of the array
// that one of its members is: nil if there is no such member. It keeps nothing else of
// the answer in memory.
func (c *Client) ReadIntegers(op string, resp *http.Response, member string) ([]int64, error) {
	body := c.charge(op, resp)
	defer body.release()
	list, err := readIntegers(json.NewDecoder(body), member)
	switch {
	case body.failed != nil:
		return nil, fmt.Errorf("%s: read answer: %w", op, body.failed)
	case err != nil:
		return nil, ProtocolError(op, resp.StatusCode, "the answer does not decode")
	}
	return list, nil
}

var errShape = errors.New("not the shape that was expected")

func readIntegers(decoder *json.Decoder, member string) (list []int64, err error) {
	decoder.UseNumber()
	if err := expect(decoder, json.Delim('{')); err != nil {
		return nil, err
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		if text, _ := name.(string); strings.EqualFold(text, member) {
			list, err = integers(decoder)
		} else {
			err = decoder.Decode(new(unread))
		}
		if err != nil {
			return nil, err
		}
	}
	if err := expect(decoder, json.Delim('}')); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errShape
	}
	return list, nil
}

// unread is any JSON value, of which nothing is kept.
type unread struct{}

func (*unread) UnmarshalJSON([]byte) error { return nil }

// integers reads an array of integers, or null.
func integers(decoder *json.Decoder) (list []int64, err error) {
	switch token, err := decoder.Token(); {
	case err != nil:
		return nil, err
	case token == nil:
		return nil, nil
	case token != json.Delim('['):
		return nil, errShape
	}
	list = []int64{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		number, _ := token.(json.Number)
		n, err := strconv.ParseInt(number.String(), 10, 64)
		if err != nil {
			return nil, errShape
		}
		list = append(list, n)
	}
	return list, expect(decoder, json.Delim(']'))
}

func expect(decoder *json.Decoder, want json.Token) error {
	switch token, err := decoder.Token(); {
	case err != nil:
		return err
	case token != want:
		return errShape
	}
	return nil
}

// tooManyValues reports whether JSON text has more than maxValues. Each takes two bytes at
// least, so that the usual answer need not be looked at.
func tooManyValues(text []byte) bool {
	return len(text) > 2*maxValues && values(text) > maxValues
}

// values counts the values in JSON text, at any depth: each but the first in its
// array or object follows a comma, and the first one a bracket.
func values(text []byte) (n int) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case ',', '[', '{':
			if !quoted {
				n++
			}
		}
	}
	return n
}

// charged is the text of an answer. What goes beyond smallAnswer counts against the
// budget of the client, all at once, so that no answer that holds some waits for more.
type charged struct {
	body   io.Reader
	ctx    context.Context
	budget *semaphore.Weighted
	most   int64 // the longest that the answer may be
	read   int64
	held   int64
	failed error // what reading failed by
}

func (c *Client) charge(op string, resp *http.Response) *charged {
	most := call{operation: op}.maxAnswer()
	return &charged{body: resp.Body, ctx: resp.Request.Context(), budget: c.answers, most: most}
}

func (r *charged) Read(p []byte) (int, error) {
	if r.held == 0 && r.read >= smallAnswer {
		if err := r.budget.Acquire(r.ctx, min(r.most, answerBudget)); err != nil {
			r.failed = timedOut(r.ctx, err)
			return 0, r.failed
		}
		r.held = min(r.most, answerBudget)
	}
	if r.held == 0 {
		p = p[:min(int64(len(p)), smallAnswer-r.read)]
	}
	n, err := r.body.Read(p)
	r.read += int64(n)
	if err != nil && err != io.EOF {
		r.failed = err
	}
	return n, err
}

func (r *charged) release() {
	if r.held > 0 {
		r.budget.Release(r.held)
	}
}
