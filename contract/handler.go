package contract

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
)

// NewHandler returns a handler that validates all traffic through next. It serves under any host name.
// If the servers of the document have a path, as in https://api.example.com/v1, requests have it too.
//
// A request that breaks the contract does not reach next. It is answered with the error body of the
// Bytescale API, unless [WithRefusalWriter] sets another one: 401 if credentials are missing or malformed, 404 or 405 for an unknown path or method, 413 for
// a body that is too large if the operation documents it, and 400 otherwise. The "details" have one
// entry for each place with a violation, like "body.size" or "query.filePath". A response of next that
// breaks the contract is replaced by a 500, unless it is a file and on its way already.
// [WithReportOnly] lets both pass.
//
// The handler takes at most 16 MiB for the JSON bodies of all requests together. A request that finds
// no room is answered with 503.
//
// The Body of a request with valid JSON has a method ValidatedValue() any. Generated strict servers
// bind from its result, so that they see exactly what was validated.
func NewHandler(next http.Handler, opts ...Option) http.Handler {
	return &handler{next: next, settings: newSettings(opts)}
}

type handler struct {
	next http.Handler
	*settings
	held atomic.Int64 // memory for the bodies of requests
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Body == nil { // a request that no server has made
		r.Body = http.NoBody
	}
	m, allowed := h.document.route(h.servers.bases, r.Method, r.URL.EscapedPath())
	if m.operation == nil {
		h.unknown(w, r, allowed)
		return
	}
	x := &exchange{operation: m.operation, strict: h.strict}
	watched := &responseWriter{ResponseWriter: w, request: r, exchange: x, settings: h.settings}
	documented, found := x.checkHead(r, m.params)
	c := &call{handler: h, exchange: x, watched: watched, documented: documented, found: found, room: room{held: &h.held}}
	defer c.room.giveBack()
	switch {
	case x.security == "" && !h.reportOnly:
		c.refuseRequest(watched, r) // nothing is read for strangers
	case h.authenticator != nil:
		h.authenticator(c).ServeHTTP(watched, r)
	default:
		c.ServeHTTP(watched, r)
	}
	broken := watched.finish()
	h.recorder.note(x, watched.answer, len(c.found) == 0, len(broken) == 0)
}

func (h *handler) unknown(w http.ResponseWriter, r *http.Request, allowed []string) {
	v := unknownRoute(allowed)
	if len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
	}
	h.report(r.Context(), []Violation{v})
	if h.reportOnly {
		w.Header().Del("Allow")
		h.next.ServeHTTP(w, r)
		return
	}
	h.refuse(w, r, refusalOf(nil, []Violation{v}))
}

// call is a request of which the head was validated.
type call struct {
	*handler
	exchange   *exchange
	watched    *responseWriter
	documented *body // of the request; nil if there is none to check
	found      []Violation
	room       room
}

// ServeHTTP validates the body and calls the next handler.
func (c *call) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.documented != nil && c.documented.json {
		found, err := c.checkBody(r)
		switch {
		case errors.Is(err, errNoRoom):
			c.watched.passRefusal()
			c.refuse(w, r, busy)
			return
		case err != nil:
			panic(http.ErrAbortHandler) // the body broke off: the client is gone, or deserves no answer
		}
		c.found = append(c.found, found...)
	}
	if len(c.found) > 0 && !c.reportOnly {
		c.refuseRequest(w, r)
		return
	}
	c.report(r.Context(), c.found)
	c.next.ServeHTTP(w, r)
}

// refuseRequest answers a request that breaks the contract.
func (c *call) refuseRequest(w http.ResponseWriter, r *http.Request) {
	c.report(r.Context(), c.found)
	c.watched.passRefusal()
	c.refuse(w, r, refusalOf(c.exchange.operation, c.found))
}

// checkBody reads and validates a JSON body. It puts back what it has read.
func (c *call) checkBody(r *http.Request) ([]Violation, error) {
	limit := c.limit(c.documented)
	data, err := c.room.read(r.Body, limit)
	if err != nil {
		var tooLong *http.MaxBytesError
		if !errors.As(err, &tooLong) {
			return nil, err
		}
		return c.exchange.request(InBody, tooLarge(tooLong.Limit)), nil
	}
	if int64(len(data)) > limit {
		r.Body = readCloser{io.MultiReader(bytes.NewReader(data), r.Body), r.Body}
		return c.exchange.request(InBody, tooLarge(limit)), nil
	}
	value, found := c.exchange.checkRequestJSON(c.documented, data)
	r.Body = validatedBody{bytes.NewReader(data), r.Body, value}
	return found, nil
}

// validatedBody is a request body that was validated, as bytes and as the value that was checked.
type validatedBody struct {
	io.Reader
	io.Closer
	value any
}

// ValidatedValue is what the runtime of generated servers binds from. Binding from the bytes again
// could see something else: encoding/json matches names without regard to case.
func (b validatedBody) ValidatedValue() any { return b.value }
