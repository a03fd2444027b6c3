package contract

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
)

// NewTransport returns a transport that validates all traffic through next. For a bytescale.Client, next
// is what bytescale.NewTransport returns; nil means http.DefaultTransport. A request that breaks the
// contract is not sent, and a response that breaks it is not returned: the call returns an [*Error]
// instead, unless [WithReportOnly] is set. The transport must see all calls of a client, because it
// learns from the responses where parts may be sent. It is safe for concurrent use.
func NewTransport(next http.RoundTripper, opts ...Option) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return &transport{next: next, settings: newSettings(opts)}
}

type transport struct {
	next http.RoundTripper
	*settings
	learned learned
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if length, ok := t.learned.length(r.URL.String()); ok && r.Method == http.MethodPut {
		return t.putPart(r, length)
	}
	x, params, found := t.route(r)
	if len(found) > 0 {
		return t.send(nil, r, found)
	}
	documented, found := x.checkHead(r, params)
	if documented != nil && documented.json {
		limit := t.limit(documented)
		data, checked, err := readRequest(r, limit)
		if err != nil {
			return nil, err
		}
		r = checked
		if int64(len(data)) > limit {
			found = append(found, x.request(InBody, tooLarge(limit))...)
		} else {
			_, broken := x.checkRequestJSON(documented, data)
			found = append(found, broken...)
		}
	}
	return t.send(x, r, found)
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the wrapped transport.
func (t *transport) CloseIdleConnections() {
	if next, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}

// route finds the operation among those of the servers that the request goes to.
func (t *transport) route(r *http.Request) (*exchange, map[string]string, []Violation) {
	host := hostAndPort(r.URL)
	bases := slices.DeleteFunc(slices.Clone(t.servers.bases), func(b base) bool { return b.scheme != r.URL.Scheme || b.host != host })
	m, allowed := t.document.route(bases, r.Method, r.URL.EscapedPath())
	if m.operation != nil {
		return &exchange{operation: m.operation, strict: t.strict}, m.params, nil
	}
	v := unknownRoute(allowed)
	if len(bases) == 0 {
		v.Rule, v.Message = RuleUnknownHost, "must be a server of the document or a part URL from an answer"
	}
	return nil, nil, []Violation{v}
}

// send sends the request unless it must not be, and validates the answer. x is nil when nothing is
// known about the request.
func (t *transport) send(x *exchange, r *http.Request, found []Violation) (*http.Response, error) {
	t.report(r.Context(), found)
	if len(found) > 0 && !t.reportOnly {
		closeBody(r.Body)
		return nil, &Error{found}
	}
	response, err := t.roundTrip(r)
	if err != nil || x == nil {
		return response, err
	}
	a, broken := t.checkResponse(x, response)
	t.report(r.Context(), broken)
	if len(broken) > 0 && !t.reportOnly {
		closeBody(response.Body)
		return nil, &Error{broken}
	}
	t.recorder.note(x, a, len(found) == 0, len(broken) == 0)
	return response, nil
}

// errNoResponse is the error of a call to a transport that returns nothing at all.
var errNoResponse = errors.New("contract: the transport returned neither a response nor an error")

// roundTrip sends a request. The body of the response is never nil.
func (t *transport) roundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(r)
	switch {
	case err != nil:
		return response, err
	case response == nil:
		return nil, errNoResponse
	case response.Body == nil:
		response.Body = http.NoBody
	}
	return response, nil
}

func (t *transport) putPart(r *http.Request, length int64) (*http.Response, error) {
	response, err := t.send(nil, r, checkPut(r, length))
	if err != nil {
		return nil, err
	}
	found := checkPutAnswer(response.StatusCode, response.Header)
	t.report(r.Context(), found)
	if len(found) > 0 && !t.reportOnly {
		closeBody(response.Body)
		return nil, &Error{found}
	}
	return response, nil
}

// checkResponse validates a response. A body that it reads is put back, with the error that reading
// it ended in: a broken connection does not violate the contract.
func (t *transport) checkResponse(x *exchange, response *http.Response) (answer, []Violation) {
	a, found := x.checkAnswer(response.StatusCode, response.Header)
	limit := int64(0)
	switch {
	case a.empty:
	case a.body == nil || !a.body.json:
		return a, found
	default:
		limit = t.limit(a.body)
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	tooLong := int64(len(data)) > limit
	rest := io.Reader(http.NoBody)
	switch {
	case err != nil:
		rest = failingReader{err}
	case tooLong:
		rest = response.Body
	}
	response.Body = readCloser{io.MultiReader(bytes.NewReader(data), rest), response.Body}
	switch {
	case err != nil:
		a.key = "" // not seen whole
	case tooLong && a.empty:
		found = append(found, x.response(a.status, InBody, violation("", RuleUnexpected, "must not have a body"))...)
	case tooLong:
		found = append(found, x.response(a.status, InBody, tooLarge(limit))...)
	case !a.empty:
		value, broken := x.checkResponseJSON(a, data, limit)
		found = append(found, broken...)
		t.learned.learn(value)
	}
	return a, found
}

// readRequest returns up to limit+1 bytes of the body and a request that still has all of it. It
// leaves the request itself alone, as a RoundTripper must.
func readRequest(r *http.Request, limit int64) ([]byte, *http.Request, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, r, nil
	}
	if r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return nil, nil, errors.Join(err, r.Body.Close())
		}
		defer body.Close()
		data, err := io.ReadAll(io.LimitReader(body, limit+1))
		if err != nil {
			return nil, nil, errors.Join(err, r.Body.Close())
		}
		return data, r, nil
	}
	data, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return nil, nil, errors.Join(err, r.Body.Close())
	}
	clone := *r
	clone.Body = readCloser{io.MultiReader(bytes.NewReader(data), r.Body), r.Body}
	return data, &clone, nil
}
