package fake

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

// inject makes a fault happen to an exchange. serve carries the request out.
func (s *Server) inject(f *fault.Fault, w *answerWriter, r *http.Request, x *exchange, serve http.HandlerFunc) {
	switch f.Kind {
	case fault.ExpiredURL:
		x.expiredURL = true
	case fault.WrongETag:
		x.wrongETag = true
	case fault.MissingETag:
		x.missingETag = true
	case fault.RefuseETag:
		x.refuseETag = true
	case fault.ForgetUpload:
		if s.store.DeleteUpload(x.upload) != nil {
			panic(http.ErrAbortHandler)
		}
	case fault.Edit:
		answer := newBufferedAnswer()
		serve(answer, r)
		s.edit(answer, f, x)
		answer.send(w)
		return
	case fault.IgnoreRange:
		r.Header.Del("Range")
	case fault.Trickle, fault.Truncate, fault.EditHeader, fault.StallAnswer, fault.Shorten, fault.Lengthen:
		s.injectBody(f, w, r, serve)
		return
	default:
		s.injectAnswer(f, w, r, serve)
		return
	}
	serve(w, r)
}

// injectBody injects the faults in what is sent of an answer.
func (s *Server) injectBody(f *fault.Fault, w *answerWriter, r *http.Request, serve http.HandlerFunc) {
	switch f.Kind {
	case fault.Trickle:
		r.Body = s.throttled(r, f.Rate)
		serve(s.slowWriter(w, r, f.Rate), r)
	case fault.Truncate:
		serve(&cutWriter{ResponseWriter: w, left: f.AfterBytes}, r)
		_ = http.NewResponseController(w).Flush() // otherwise nothing of the answer is sent
		cut(w, r)
	case fault.StallAnswer:
		serve(&cutWriter{ResponseWriter: w, left: f.AfterBytes}, r)
		_ = http.NewResponseController(w).Flush()
		s.stall(f.Delay, w, r)
	case fault.EditHeader:
		serve(&headerEditor{ResponseWriter: w, fields: f.Header}, r)
	case fault.Shorten:
		unsized := &headerEditor{ResponseWriter: w, fields: map[string]string{"Content-Length": ""}}
		serve(&cutWriter{ResponseWriter: unsized, left: f.AfterBytes}, r)
		_ = http.NewResponseController(w).Flush() // otherwise net/http knows the length
	case fault.Lengthen:
		unsized := &headerEditor{ResponseWriter: w, fields: map[string]string{"Content-Length": ""}}
		serve(unsized, r)
		_ = http.NewResponseController(w).Flush()
		_, _ = unsized.Write(make([]byte, f.AfterBytes)) // fails only if the client has left
	}
}

// headerEditor changes the header of an answer before it is sent.
type headerEditor struct {
	http.ResponseWriter
	fields map[string]string
	edited bool
}

func (h *headerEditor) WriteHeader(status int) {
	if !h.edited {
		h.edited = true
		for name, value := range h.fields {
			if value == "" {
				h.Header().Del(name)
			} else {
				h.Header().Set(name, value)
			}
		}
	}
	h.ResponseWriter.WriteHeader(status)
}

func (h *headerEditor) Write(p []byte) (int, error) {
	if !h.edited {
		h.WriteHeader(http.StatusOK)
	}
	return h.ResponseWriter.Write(p)
}

// Unwrap lets [http.ResponseController] through.
func (h *headerEditor) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// injectAnswer injects the faults that can happen both before and after the request
// is carried out.
func (s *Server) injectAnswer(f *fault.Fault, w *answerWriter, r *http.Request, serve http.HandlerFunc) {
	answer := newBufferedAnswer()
	if f.After {
		serve(answer, r)
	}
	switch f.Kind {
	case fault.Delay:
		if !s.wait(r.Context(), f.Delay) {
			panic(http.ErrAbortHandler)
		}
		if f.After {
			answer.send(w)
		} else {
			serve(w, r)
		}
	case fault.Reset:
		if !f.After {
			readSome(r, f.AfterBytes)
		}
		cut(w, r)
	case fault.Stall:
		switch {
		case f.After:
		case exchangeOf(r.Context()).isAPI():
			readSome(r, -1) // it is small, and net/http notices a client that leaves only then
		default:
			readSome(r, f.AfterBytes)
		}
		s.stall(f.Delay, w, r)
	case fault.Switch:
		if !f.After {
			readSome(r, -1)
		}
		s.switchProtocols(w, r)
	case fault.Status:
		answerStatus(w, r, f)
	case fault.Garbage:
		answerBody(w, r, f, "application/json", cmp.Or(f.Body, `{"uploadId": <html>`))
	case fault.WrongShape:
		answerBody(w, r, f, "application/json", cmp.Or(f.Body, `{"unexpected":["shape",1]}`))
	}
}

// readSome reads n bytes of the request body, or all of it if n is negative.
func readSome(r *http.Request, n int64) {
	if n < 0 {
		_, _ = io.Copy(io.Discard, r.Body) // fails only if the client leaves
		return
	}
	_, _ = io.CopyN(io.Discard, r.Body, n)
}

// stall neither reads nor answers. The exchange does not count as open meanwhile,
// because a server cannot notice that a client left while the body is unread.
func (s *Server) stall(d time.Duration, w *answerWriter, r *http.Request) {
	s.ledger.release(exchangeOf(r.Context()))
	if d > 0 {
		s.wait(r.Context(), d)
		cut(w, r)
		return
	}
	select {
	case <-r.Context().Done():
	case <-s.closing:
	}
	cut(w, r)
}

// switchProtocols answers 101 and keeps the connection. The exchange does not count as
// open meanwhile.
func (s *Server) switchProtocols(w *answerWriter, r *http.Request) {
	s.ledger.release(exchangeOf(r.Context()))
	w.exchange.note(func(x *Exchange) { x.Status = http.StatusSwitchingProtocols })
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: unknown\r\n\r\n")
	left := make(chan struct{})
	go func() {
		defer close(left)
		_, _ = io.Copy(io.Discard, conn) // ends when either side closes
	}()
	select {
	case <-left:
	case <-s.closing:
	}
	_ = conn.Close() // the connection is given up whatever Close returns
	<-left
}

// cut closes the connection at once. On TCP it sends a reset.
func cut(w *answerWriter, r *http.Request) {
	w.exchange.note(func(x *Exchange) { x.Status = 0 })
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	tcp, isTCP := conn.(*net.TCPConn)
	switch {
	case w.started(): // a reset could overtake what was sent
	case r.Method == http.MethodGet:
		// An HTTP client silently repeats a GET that got no answer at all on a used
		// connection. The start of an answer prevents that, so that one fault is one
		// failure.
		_, _ = io.WriteString(conn, "HTTP/1.1 ")
	case isTCP:
		_ = tcp.SetLinger(0) // makes Close a reset
	}
	_ = conn.Close() // the connection is given up whatever Close returns
}

// answerStatus sends the status of the fault with an error body: that of object
// storage for a PUT of a part, that of the API otherwise.
func answerStatus(w http.ResponseWriter, r *http.Request, f *fault.Fault) {
	message := cmp.Or(f.Message, http.StatusText(f.Status), "A scripted fault.")
	if exchangeOf(r.Context()).operation == operation.PutPart {
		body, _ := xml.Marshal(&storageError{Code: cmp.Or(f.Code, storageCode(f.Status)), Message: message}) // plain strings
		answerBody(w, r, f, "application/xml", cmp.Or(f.Body, xml.Header+string(body)))
		return
	}
	body, _ := json.Marshal(gen.ErrorResponse{Error: gen.ErrorInfo{ // plain strings
		Code: cmp.Or(f.Code, "scripted_fault"), Message: message,
	}})
	answerBody(w, r, f, "application/json", cmp.Or(f.Body, string(body)))
}

// storageCode returns the error code that object storage sends with a status.
func storageCode(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "RequestTimeout"
	case http.StatusForbidden:
		return "AccessDenied"
	case http.StatusNotFound:
		return "NoSuchUpload"
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return "SlowDown"
	}
	return "InternalError"
}

// answerBody sends an answer and then lets the client finish its request.
func answerBody(w http.ResponseWriter, r *http.Request, f *fault.Fault, contentType, body string) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	if f.RetryAfter != "" {
		header.Set("Retry-After", f.RetryAfter)
	}
	if f.RetryAfterDate > 0 {
		header.Set("Retry-After", time.Now().Add(f.RetryAfterDate).UTC().Format(http.TimeFormat))
	}
	if f.RetryAfterMillis > 0 {
		header.Set("Retry-After-Ms", strconv.FormatInt(f.RetryAfterMillis, 10))
	}
	for name, value := range f.Header {
		header.Set(name, value)
	}
	answerEarly(w, r, cmp.Or(f.Status, http.StatusOK), []byte(body))
}

// errAnswerCut reports that a fault cut the answer off.
var errAnswerCut = errors.New("the answer is cut off here")

// cutWriter lets only the first bytes of an answer through.
type cutWriter struct {
	http.ResponseWriter
	left int64
}

func (c *cutWriter) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	if err == nil && n < len(p) {
		err = errAnswerCut
	}
	return n, err
}

// Unwrap lets [http.ResponseController] through.
func (c *cutWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }
