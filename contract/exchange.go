package contract

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
)

// exchange is one request of an operation with what checking it has found out, for the coverage.
type exchange struct {
	operation *operation
	strict    bool
	security  string   // the form of authentication
	media     string   // the documented media type of the request body, or empty
	given     []string // the parameters that the request has, like "query:filePath"
}

// request completes violations of the request, of which only the place in the location is known yet.
func (x *exchange) request(in Location, found ...Violation) []Violation {
	return x.complete(Request, 0, in, found)
}

// response completes violations of a response with the given status.
func (x *exchange) response(status int, in Location, found ...Violation) []Violation {
	return x.complete(Response, status, in, found)
}

func (x *exchange) complete(direction Direction, status int, in Location, found []Violation) []Violation {
	for i := range found {
		found[i].Operation, found[i].Direction, found[i].Status, found[i].Location = x.operation.id, direction, status, in
	}
	return found
}

// checkHead validates everything of a request except its body. It returns the documented body, or nil
// if there must be none or none matches.
func (x *exchange) checkHead(r *http.Request, params map[string]string) (*body, []Violation) {
	var found []Violation
	form, ok := x.operation.authentication(r)
	if !ok {
		found = append(found, x.request(InSecurity, violation("", RuleCredentials, "must carry the documented credentials"))...)
	}
	x.security = form
	found = append(found, x.checkParams(r, params)...)
	has := r.Body != nil && r.Body != http.NoBody
	wanted := x.operation.request
	switch {
	case wanted == nil && has:
		return nil, append(found, x.request(InBody, violation("", RuleUnexpected, "must not have a body"))...)
	case wanted == nil:
		return nil, found
	case !has && r.Header.Get("Content-Type") == "" && !wanted.required:
		return nil, found
	}
	documented, wrong := wanted.bodies.find(r.Header)
	if documented == nil {
		return nil, append(found, x.request(InContentType, wrong...)...)
	}
	if coded, isKnown := codingOf(r.Header); documented.json && (coded || !isKnown) {
		return nil, append(found, x.request(InHeader, violation("/Content-Encoding", RuleCoding, "must not be there, the API documents no coding of requests"))...)
	}
	x.media = documented.media
	return documented, found
}

// checkRequestJSON validates the bytes of a JSON request body and returns its value.
func (x *exchange) checkRequestJSON(documented *body, data []byte) (any, []Violation) {
	if len(data) == 0 {
		return nil, x.request(InBody, violation("", "required", "is required"))
	}
	value, broken := decodeJSON(data, documented.limit.values)
	if broken != nil {
		return nil, x.request(InBody, *broken)
	}
	value, found := checkSchema(documented.schema, value, Request, "")
	return value, x.request(InBody, found...)
}

// answer is a response of which the head was validated.
type answer struct {
	status int
	key    string // as documented: "200", "5XX"; empty when it is not
	media  string // documented media type, empty for none
	body   *body  // the documented body; nil if there must be none or none matches
	empty  bool   // the body must be empty
	gzip   bool   // the body is encoded
}

// checkAnswer validates everything of a response except its body.
func (x *exchange) checkAnswer(status int, header http.Header) (answer, []Violation) {
	a := answer{status: status}
	documented := x.operation.response(status, x.strict)
	if documented == nil {
		return a, x.response(status, InStatus, violation("", RuleUndocumented, "must be a documented status, not "+strconv.Itoa(status)))
	}
	a.key = documented.key
	var found []Violation
	for i := range documented.headers {
		h := &documented.headers[i]
		found = append(found, x.response(status, InHeader, h.check(header.Values(h.name), Response)...)...)
	}
	if len(documented.bodies) == 0 {
		a.empty = true
		return a, found
	}
	var wrong []Violation
	if a.body, wrong = documented.bodies.find(header); a.body == nil {
		return a, append(found, x.response(status, InContentType, wrong...)...)
	}
	a.media = a.body.media
	if !a.body.json {
		return a, found
	}
	var isKnown bool
	if a.gzip, isKnown = codingOf(header); !isKnown {
		a.body = nil
		found = append(found, x.response(status, InHeader, violation("/Content-Encoding", RuleCoding, "must be gzip or none, others cannot be checked"))...)
	}
	return a, found
}

// checkResponseJSON validates the bytes of a JSON response body and returns its value. Decoded, it may
// have at most limit bytes.
func (x *exchange) checkResponseJSON(a answer, data []byte, limit int64) (any, []Violation) {
	if a.gzip {
		var broken *Violation
		if data, broken = gunzip(data, limit); broken != nil {
			return nil, x.response(a.status, InBody, *broken)
		}
	}
	if !x.strict { // services must not send a byte order mark, and readers may ignore one (RFC 8259)
		data = bytes.TrimPrefix(data, byteOrderMark)
	}
	value, broken := decodeJSON(data, a.body.limit.values)
	if broken != nil {
		return nil, x.response(a.status, InBody, *broken)
	}
	value, found := checkSchema(a.body.schema, value, Response, "")
	return value, x.response(a.status, InBody, found...)
}

func tooLarge(limit int64) Violation {
	return violation("", RuleTooLarge, fmt.Sprintf("must have at most %d bytes", limit))
}
