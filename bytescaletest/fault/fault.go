// Package fault describes what goes wrong on purpose on a server of package
// bytescaletest. Faults are data: in Go a struct, in a file JSON.
//
//	srv.Fail(fault.Fault{
//		Operation: "CompleteUploadPart", Occurrence: 2, After: true,
//		Kind: fault.Reset,
//	})
package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/c88edac7/bytescale-go/internal/operation"
)

// PutPart is the name of the PUT of a part to its pre-signed URL. It is not an
// operation of the API description.
const PutPart = operation.PutPart // "PutPart"

// AnyOperation stands for every operation and [PutPart].
const AnyOperation = "*"

// Kind is what goes wrong in a [Fault].
type Kind string

// The kinds of faults. "Carried out" means that the request has its effect on the
// server as if nothing were wrong.
const (
	// Status answers Fault.Status with an error body: that of the API, or that of
	// object storage for PutPart. Code, Message, Body, Header and the RetryAfter
	// fields add to it.
	Status Kind = "status"
	// Reset cuts the connection: after AfterBytes of the request body or, with
	// After, once the request was carried out.
	Reset Kind = "reset"
	// Truncate carries the request out and cuts the connection after AfterBytes of
	// the answer's body.
	Truncate Kind = "truncate"
	// Garbage answers with a body that is not JSON, or with Body. Status is 200 by
	// default.
	Garbage Kind = "garbage"
	// WrongShape answers with JSON of another shape than documented, or with Body.
	// Status is 200 by default.
	WrongShape Kind = "wrongShape"
	// Stall reads AfterBytes of a PutPart's body, all of it if negative, and then
	// neither reads nor answers. With After, the request is carried out and not
	// answered. It lasts for Delay, then the connection is cut; without Delay, until
	// the client or the server closes.
	Stall Kind = "stall"
	// Switch answers 101 Switching Protocols, which no request of the API asks for,
	// and keeps the connection until the client or the server closes. With After, the
	// request is carried out first.
	Switch Kind = "switch"
	// Trickle carries the request out, but reads its body and writes the answer's at
	// Rate bytes per second.
	Trickle Kind = "trickle"
	// Delay waits Fault.Delay, then carries the request out. With After, it waits
	// between that and the answer.
	Delay Kind = "delay"
	// ExpiredURL refuses the URL of a PutPart as expired. On BeginMultipartUpload and
	// GetUploadPart, it hands out an expired one.
	ExpiredURL Kind = "expiredUrl"
	// WrongETag carries a PutPart out and answers another etag.
	WrongETag Kind = "wrongEtag"
	// MissingETag carries a PutPart out and answers no etag.
	MissingETag Kind = "missingEtag"
	// RefuseETag refuses the etag of a CompleteUploadPart.
	RefuseETag Kind = "refuseEtag"
	// ForgetUpload drops the upload that the request is about, and then answers as
	// usual, which is that there is no such upload.
	ForgetUpload Kind = "forgetUpload"
	// Edit carries the request out and changes the JSON of the answer by Set:
	// overlapping ranges, foreign upload ids, absurd counts, and so on.
	Edit Kind = "edit"
	// EditHeader carries the request out and changes the header of the answer by
	// Header: an empty value removes a field. For the content of files, whose ranges,
	// etags and lengths are fields.
	EditHeader Kind = "editHeader"
	// IgnoreRange carries a download out as if it had asked for the whole file.
	IgnoreRange Kind = "ignoreRange"
	// StallAnswer carries the request out and sends nothing more after AfterBytes of
	// the answer's body. It lasts as Stall does.
	StallAnswer Kind = "stallAnswer"
	// Shorten carries the request out and ends the answer's body after AfterBytes, as
	// if that were its end. It is sent in chunks, without a length.
	Shorten Kind = "shorten"
	// Lengthen carries the request out and adds AfterBytes bytes to the answer's body.
	// It is sent in chunks, without a length.
	Lengthen Kind = "lengthen"
)

// Fault is something that goes wrong on purpose. It hits requests chosen by
// Operation, Part, Occurrence and Times, and does what Kind says.
//
// In JSON the names are those of the fields with a small first letter, durations
// are strings such as "1.5s", and unknown names are errors.
type Fault struct {
	// Operation is an operationId of the API description, [PutPart] or
	// [AnyOperation].
	Operation string `json:"operation"`
	// Part chooses requests about one part, by its index; nil means any. [Part]
	// makes the pointer.
	Part *int64 `json:"part,omitempty"`
	// Occurrence is the first of the chosen requests that is hit, counted from 1
	// since the fault was scripted. 0 means 1.
	Occurrence int `json:"occurrence,omitempty"`
	// Times is how many of them are hit in a row. 0 means 1; negative, all.
	Times int `json:"times,omitempty"`
	// EachPart counts Occurrence and Times for each part of each upload by itself,
	// instead of for all together.
	EachPart bool `json:"eachPart,omitempty"`
	// After carries the request out before the fault happens. The client then loses
	// only the answer, which is the hard case.
	After bool `json:"after,omitempty"`

	// Kind is what happens.
	Kind Kind `json:"kind"`

	// Status is the HTTP status of the answer, from 200 to 599.
	Status int `json:"status,omitempty"`
	// Code is the code in the error body; empty means one that suits the status.
	Code string `json:"code,omitempty"`
	// Message is the message in the error body; empty means one that suits the
	// status.
	Message string `json:"message,omitempty"`
	// RetryAfter is sent unchanged as the Retry-After header: seconds or a date.
	RetryAfter string `json:"retryAfter,omitempty"`
	// RetryAfterDate is sent as a Retry-After header with the date that is so far in
	// the future, in whole seconds.
	RetryAfterDate time.Duration `json:"-"`
	// RetryAfterMillis is sent as a Retry-After-Ms header.
	RetryAfterMillis int64 `json:"retryAfterMillis,omitempty"`
	// Header holds further headers of the answer.
	Header map[string]string `json:"header,omitempty"`
	// Body replaces the body of the answer.
	Body string `json:"body,omitempty"`
	// AfterBytes is the number of bytes of a body after which it happens.
	AfterBytes int64 `json:"afterBytes,omitempty"`
	// Rate is in bytes per second.
	Rate int64 `json:"rate,omitempty"`
	// Delay is how long it lasts.
	Delay time.Duration `json:"-"`
	// Set gives new values for places in the JSON of the answer, named by JSON
	// pointers (RFC 6901), such as /uploadParts/count. The value null removes a
	// member.
	Set map[string]json.RawMessage `json:"set,omitempty"`
}

// Part returns a pointer to index, for the field of this name in a [Fault].
func Part(index int64) *int64 { return &index }

// rule says where a kind of fault makes sense.
type rule struct {
	operations []string // nil means all
	phases     bool     // After may be set
}

var rules = map[Kind]rule{
	Status:       {phases: true},
	Reset:        {phases: true},
	Truncate:     {},
	Garbage:      {phases: true},
	WrongShape:   {phases: true},
	Stall:        {phases: true},
	Switch:       {phases: true},
	Trickle:      {},
	Delay:        {phases: true},
	ExpiredURL:   {operations: []string{PutPart, operation.BeginMultipartUpload, operation.GetUploadPart}},
	WrongETag:    {operations: []string{PutPart}},
	MissingETag:  {operations: []string{PutPart}},
	RefuseETag:   {operations: []string{operation.CompleteUploadPart}},
	ForgetUpload: {operations: []string{PutPart, operation.GetUploadPart, operation.ListUploadParts, operation.CompleteUploadPart}},
	Edit:         {},
	EditHeader:   {},
	IgnoreRange:  {operations: []string{operation.DownloadFile, operation.ProcessFile}},
	StallAnswer:  {},
	Shorten:      {},
	Lengthen:     {},
}

// Validate returns an error if something keeps the fault from working as meant:
// an unknown kind or operation, a kind that the operation does not have, or a
// value that is missing, out of range or without effect.
func (f Fault) Validate() error {
	rule, ok := rules[f.Kind]
	_, isOperation := operation.Find(f.Operation)
	switch {
	case !ok:
		return fmt.Errorf("fault: there is no kind %q", f.Kind)
	case !isOperation && f.Operation != PutPart && f.Operation != AnyOperation:
		return fmt.Errorf("fault: there is no operation %q", f.Operation)
	case rule.operations != nil && !slices.Contains(rule.operations, f.Operation):
		return fmt.Errorf("fault: %s does not go with %s", f.Kind, f.Operation)
	case f.After && !rule.phases:
		return fmt.Errorf("fault: %s has no after", f.Kind)
	case f.Occurrence < 0:
		return errors.New("fault: occurrences count from 1")
	case f.Kind == Status && (f.Status < 200 || f.Status > 599), f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("fault: the status %d is not between 200 and 599", f.Status)
	case f.Kind == Trickle && f.Rate < 1:
		return errors.New("fault: trickle needs a rate")
	case f.Kind == Delay && f.Delay <= 0:
		return errors.New("fault: delay needs a delay")
	case f.Kind == Edit && len(f.Set) == 0:
		return errors.New("fault: edit needs values to set")
	case f.Kind == EditHeader && len(f.Header) == 0:
		return errors.New("fault: editHeader needs a header")
	case f.AfterBytes < 0 && f.Kind != Stall, f.Delay < 0, f.RetryAfterDate < 0, f.RetryAfterMillis < 0:
		return errors.New("fault: bytes and durations must not be negative")
	case f.AfterBytes > 0 && f.After:
		return errors.New("fault: afterBytes counts the request, which is over after the exchange")
	}
	return nil
}
