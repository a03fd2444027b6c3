package bytescaletest

import (
	"encoding/json"
	"time"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// FaultKind says what goes wrong in a [Fault]. It is a string: the name of its
// constant without Fault and with a small first letter, such as "status",
// "wrongShape", "expiredUrl", "wrongEtag". "Carried out" means that the request
// has its effect on the server as if nothing were wrong.
type FaultKind = fault.Kind

// The kinds of faults.
const (
	// FaultStatus answers Fault.Status with an error body: that of the API, or
	// that of object storage for PutPart. Code, Message, Body, Header and the
	// RetryAfter fields add to it.
	FaultStatus = fault.Status
	// FaultReset cuts the connection: after AfterBytes of the request body or,
	// with After, once the request was carried out.
	FaultReset = fault.Reset
	// FaultTruncate carries the request out and cuts the connection after
	// AfterBytes of the answer's body.
	FaultTruncate = fault.Truncate
	// FaultGarbage answers with a body that is not JSON, or with Body; Status is
	// 200 by default.
	FaultGarbage = fault.Garbage
	// FaultWrongShape answers with JSON of another shape than documented, or
	// with Body; Status is 200 by default.
	FaultWrongShape = fault.WrongShape
	// FaultStall reads AfterBytes of a PutPart's body, all of it if negative,
	// and then neither reads nor answers. With After, the request is carried out
	// and not answered. It lasts for Delay, then the connection is cut; without
	// Delay, until the client or the server closes.
	FaultStall = fault.Stall
	// FaultTrickle carries the request out, but reads its body and writes the
	// answer's at Rate bytes per second.
	FaultTrickle = fault.Trickle
	// FaultDelay waits Delay, then carries the request out; with After, it waits
	// between that and the answer.
	FaultDelay = fault.Delay
	// FaultExpiredURL refuses the URL of a PutPart as expired; on
	// BeginMultipartUpload and GetUploadPart, it hands out an expired one.
	FaultExpiredURL = fault.ExpiredURL
	// FaultWrongETag carries a PutPart out and answers another etag.
	FaultWrongETag = fault.WrongETag
	// FaultMissingETag carries a PutPart out and answers no etag.
	FaultMissingETag = fault.MissingETag
	// FaultRefuseETag refuses the etag of a CompleteUploadPart.
	FaultRefuseETag = fault.RefuseETag
	// FaultForgetUpload drops the upload that the request is about, and then
	// answers as usual, which is that there is no such upload.
	FaultForgetUpload = fault.ForgetUpload
	// FaultEdit carries the request out and changes the JSON of the answer by
	// Set: overlapping ranges, foreign upload ids, absurd counts, and so on.
	FaultEdit = fault.Edit
)

// AnyOperation in Fault.Operation stands for every operation and [PutPart].
const AnyOperation = fault.AnyOperation

// Fault is something that goes wrong on purpose. It hits requests chosen by
// Operation, Part, Occurrence and Times, and does what Kind says.
//
// A Fault is data, so that tables of faults can live in files: in JSON the
// names are those of the fields with a small first letter, durations are
// strings such as "1.5s", and unknown names are errors.
type Fault struct {
	// Operation is an operationId of the API description, [PutPart] or
	// [AnyOperation].
	Operation string `json:"operation"`
	// Part chooses requests about one part, by its index; nil means any.
	Part *int64 `json:"part,omitempty"`
	// Occurrence is the first of the requests so chosen that is hit, counted
	// from 1 since the fault was scripted. 0 means 1.
	Occurrence int `json:"occurrence,omitempty"`
	// Times is how many of them are hit in a row. 0 means 1; negative, all.
	Times int `json:"times,omitempty"`
	// EachPart counts Occurrence and Times for each part of each upload by
	// itself, instead of for all together.
	EachPart bool `json:"eachPart,omitempty"`
	// After carries the request out before the fault happens: what the client
	// loses then is only the answer, which is the hard case.
	After bool `json:"after,omitempty"`

	// Kind is what happens.
	Kind FaultKind `json:"kind"`

	// Status is the HTTP status of the answer, from 200 to 599.
	Status int `json:"status,omitempty"`
	// Code is the code in the error body; empty means one that suits the status.
	Code string `json:"code,omitempty"`
	// Message is the message in the error body; empty means one that suits the
	// status.
	Message string `json:"message,omitempty"`
	// RetryAfter is sent as the Retry-After header, as it is: seconds or a date.
	RetryAfter string `json:"retryAfter,omitempty"`
	// RetryAfterDate is sent as a Retry-After header with the date that is so
	// far in the future, in whole seconds.
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
	// pointers (RFC 6901), such as /uploadParts/count. The value null removes a
	// member.
	Set map[string]json.RawMessage `json:"set,omitempty"`
}

// MarshalJSON implements [json.Marshaler].
func (f Fault) MarshalJSON() ([]byte, error) { return fault.Fault(f).MarshalJSON() }

// UnmarshalJSON implements [json.Unmarshaler].
func (f *Fault) UnmarshalJSON(data []byte) error { return (*fault.Fault)(f).UnmarshalJSON(data) }

// Part returns a pointer to index, for the field of this name in a [Fault].
func Part(index int64) *int64 { return &index }

// Fail scripts faults, in addition to those scripted before. A request is hit
// by the first fault that chooses it. Fail panics if a fault makes no sense,
// which is a mistake in the test; [Fault.Validate] tells without panic.
func (s *Server) Fail(faults ...Fault) {
	converted := make([]fault.Fault, len(faults))
	for i, f := range faults {
		converted[i] = fault.Fault(f)
	}
	if err := s.core.Fail(converted...); err != nil {
		panic("bytescaletest: " + err.Error())
	}
}

// Validate tells what keeps a fault from working as meant; nil if nothing
// does.
func (f Fault) Validate() error {
	converted := fault.Fault(f)
	return converted.Validate()
}

// UnusedFaults lists the scripted faults that have not happened yet.
func (s *Server) UnusedFaults() []Fault {
	var unused []Fault
	for _, f := range s.core.UnusedFaults() {
		unused = append(unused, Fault(f))
	}
	return unused
}
