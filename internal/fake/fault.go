package fake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// FaultKind says what goes wrong.
type FaultKind string

// The kinds of faults. "Carried out" means that the exchange has its effect on
// the server as if nothing were wrong.
const (
	// FaultStatus answers Status with an error body: that of the API, or that of
	// object storage for PutPart. Code, Message, RetryAfter and Header add to it.
	FaultStatus FaultKind = "status"
	// FaultReset cuts the connection: after AfterBytes of the request body or,
	// with After, when the exchange was carried out.
	FaultReset FaultKind = "reset"
	// FaultTruncate carries the exchange out and cuts the connection after
	// AfterBytes of the answer's body.
	FaultTruncate FaultKind = "truncate"
	// FaultGarbage answers Status, 200 by default, with a body that is not JSON,
	// or with Body.
	FaultGarbage FaultKind = "garbage"
	// FaultWrongShape answers Status, 200 by default, with JSON of another shape
	// than documented, or with Body.
	FaultWrongShape FaultKind = "wrongShape"
	// FaultStall reads AfterBytes of the request body, all of it if negative, and
	// then neither reads nor answers; with After, the exchange is carried out
	// and not answered. It lasts for Delay, then the connection is cut; without
	// Delay, until the client or the server closes.
	FaultStall FaultKind = "stall"
	// FaultTrickle carries the exchange out, but reads the request body and
	// writes the answer's at Rate bytes per second.
	FaultTrickle FaultKind = "trickle"
	// FaultDelay waits Delay, then carries the exchange out; with After, it
	// waits between that and the answer.
	FaultDelay FaultKind = "delay"
	// FaultExpiredURL refuses the URL of a PutPart as expired; on
	// BeginMultipartUpload and GetUploadPart, it hands out an expired one.
	FaultExpiredURL FaultKind = "expiredUrl"
	// FaultWrongETag carries a PutPart out and answers another etag.
	FaultWrongETag FaultKind = "wrongEtag"
	// FaultMissingETag carries a PutPart out and answers no etag.
	FaultMissingETag FaultKind = "missingEtag"
	// FaultRefuseETag refuses the etag of a CompleteUploadPart.
	FaultRefuseETag FaultKind = "refuseEtag"
	// FaultForgetUpload drops the upload that the exchange is about, and then
	// answers as usual, which is that there is no such upload.
	FaultForgetUpload FaultKind = "forgetUpload"
	// FaultEdit carries the exchange out and changes the JSON of the answer by
	// Set. With it a server can hand out overlapping ranges, foreign upload ids
	// or absurd counts.
	FaultEdit FaultKind = "edit"
)

// faultRule says where a kind of fault makes sense.
type faultRule struct {
	operations []string // nil is all
	phases     bool     // has a before and an after
}

var faultRules = map[FaultKind]faultRule{
	FaultStatus:       {phases: true},
	FaultReset:        {phases: true},
	FaultTruncate:     {},
	FaultGarbage:      {phases: true},
	FaultWrongShape:   {phases: true},
	FaultStall:        {phases: true},
	FaultTrickle:      {},
	FaultDelay:        {phases: true},
	FaultExpiredURL:   {operations: []string{OpPutPart, opBegin, opGetPart}},
	FaultWrongETag:    {operations: []string{OpPutPart}},
	FaultMissingETag:  {operations: []string{OpPutPart}},
	FaultRefuseETag:   {operations: []string{opCompletePart}},
	FaultForgetUpload: {operations: []string{OpPutPart, opGetPart, opListParts, opCompletePart}},
	FaultEdit:         {},
}

// AnyOperation in Fault.Operation stands for every operation and PutPart.
const AnyOperation = "*"

// Fault is something that goes wrong on purpose. It hits exchanges chosen by
// Operation, Part, Occurrence and Times, and does what Kind says.
//
// In JSON, durations are strings such as "1.5s", and unknown members are
// errors.
type Fault struct {
	// Operation is an operationId of the API description, PutPart for the upload
	// of a part's bytes, or * for all.
	Operation string `json:"operation"`
	// Part chooses exchanges about one part; nil means any.
	Part *int64 `json:"part,omitempty"`
	// Occurrence is the first of the exchanges so chosen that is hit, counted
	// from 1 since the fault was scripted. 0 means 1.
	Occurrence int `json:"occurrence,omitempty"`
	// Times is how many of them are hit in a row. 0 means 1; negative, all.
	Times int `json:"times,omitempty"`
	// EachPart counts Occurrence and Times for each part of each upload by
	// itself, instead of for all together.
	EachPart bool `json:"eachPart,omitempty"`
	// After carries the exchange out before the fault happens: what the client
	// loses then is only the answer.
	After bool `json:"after,omitempty"`

	Kind FaultKind `json:"kind"`

	// Status is the HTTP status of the answer, from 200 to 599.
	Status int `json:"status,omitempty"`
	// Code and Message are those of the error body; empty means ones that suit
	// the status.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// RetryAfter is sent as the Retry-After header as it is: seconds or a date.
	RetryAfter string `json:"retryAfter,omitempty"`
	// RetryAfterDate is sent as a Retry-After header with the date that is so
	// far in the future.
	RetryAfterDate time.Duration `json:"-"`
	// RetryAfterMillis is sent as a Retry-After-Ms header.
	RetryAfterMillis int64 `json:"retryAfterMillis,omitempty"`
	// Header holds further headers of the answer.
	Header map[string]string `json:"header,omitempty"`
	// Body replaces the body of the answer.
	Body string `json:"body,omitempty"`
	// AfterBytes says after how many bytes of a body it happens.
	AfterBytes int64 `json:"afterBytes,omitempty"`
	// Rate is in bytes per second.
	Rate int64 `json:"rate,omitempty"`
	// Delay is how long it lasts.
	Delay time.Duration `json:"-"`
	// Set gives new values for places in the JSON of the answer, named by JSON
	// pointers (RFC 6901). The value null removes the member.
	Set map[string]json.RawMessage `json:"set,omitempty"`
}

// plainFault has the fields of Fault, but not its methods.
type plainFault Fault

type faultJSON struct {
	*plainFault
	RetryAfterDate durationText `json:"retryAfterDate,omitzero"`
	Delay          durationText `json:"delay,omitzero"`
}

type durationText time.Duration

func (d durationText) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

func (d *durationText) UnmarshalText(text []byte) error {
	value, err := time.ParseDuration(string(text))
	*d = durationText(value)
	return err
}

// MarshalJSON implements [json.Marshaler].
func (f Fault) MarshalJSON() ([]byte, error) {
	plain := plainFault(f)
	return json.Marshal(faultJSON{&plain, durationText(f.RetryAfterDate), durationText(f.Delay)})
}

// UnmarshalJSON implements [json.Unmarshaler].
func (f *Fault) UnmarshalJSON(data []byte) error {
	var plain plainFault
	decoded := faultJSON{plainFault: &plain}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&decoded); err != nil {
		return fmt.Errorf("fault: %w", err)
	}
	*f = Fault(plain)
	f.RetryAfterDate, f.Delay = time.Duration(decoded.RetryAfterDate), time.Duration(decoded.Delay)
	return nil
}

// String is the fault as JSON.
func (f Fault) String() string {
	data, err := json.Marshal(f)
	if err != nil { // a broken value in Set
		return string(f.Kind) + " on " + f.Operation
	}
	return string(data)
}

// Validate finds mistakes in a fault that would keep it from working as
// meant.
func (f *Fault) Validate() error {
	rule, ok := faultRules[f.Kind]
	known := append(Operations(), OpPutPart, AnyOperation)
	switch {
	case !ok:
		return fmt.Errorf("fault: there is no kind %q", f.Kind)
	case !slices.Contains(known, f.Operation):
		return fmt.Errorf("fault: there is no operation %q", f.Operation)
	case rule.operations != nil && !slices.Contains(rule.operations, f.Operation):
		return fmt.Errorf("fault: %s does not go with %s", f.Kind, f.Operation)
	case f.After && !rule.phases:
		return fmt.Errorf("fault: %s has no after", f.Kind)
	case f.Occurrence < 0:
		return errors.New("fault: occurrences count from 1")
	case f.Kind == FaultStatus && (f.Status < 200 || f.Status > 599), f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("fault: the status %d is not between 200 and 599", f.Status)
	case f.Kind == FaultTrickle && f.Rate < 1:
		return errors.New("fault: trickle needs a rate")
	case f.Kind == FaultDelay && f.Delay <= 0:
		return errors.New("fault: delay needs a delay")
	case f.Kind == FaultEdit && len(f.Set) == 0:
		return errors.New("fault: edit needs values to set")
	case f.AfterBytes < 0 && f.Kind != FaultStall, f.Delay < 0, f.RetryAfterDate < 0, f.RetryAfterMillis < 0:
		return errors.New("fault: bytes and durations must not be negative")
	case f.AfterBytes > 0 && f.After:
		return errors.New("fault: afterBytes counts the request, which is over after the exchange")
	}
	return nil
}
