package fake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/c88edac7/bytescale-go/internal/operation"
)

// FaultKind says what goes wrong.
type FaultKind string

// The kinds of faults. Package bytescaletest says what each does.
const (
	FaultStatus       FaultKind = "status"
	FaultReset        FaultKind = "reset"
	FaultTruncate     FaultKind = "truncate"
	FaultGarbage      FaultKind = "garbage"
	FaultWrongShape   FaultKind = "wrongShape"
	FaultStall        FaultKind = "stall"
	FaultTrickle      FaultKind = "trickle"
	FaultDelay        FaultKind = "delay"
	FaultExpiredURL   FaultKind = "expiredUrl"
	FaultWrongETag    FaultKind = "wrongEtag"
	FaultMissingETag  FaultKind = "missingEtag"
	FaultRefuseETag   FaultKind = "refuseEtag"
	FaultForgetUpload FaultKind = "forgetUpload"
	FaultEdit         FaultKind = "edit"
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
	FaultExpiredURL:   {operations: []string{operation.PutPart, operation.BeginMultipartUpload, operation.GetUploadPart}},
	FaultWrongETag:    {operations: []string{operation.PutPart}},
	FaultMissingETag:  {operations: []string{operation.PutPart}},
	FaultRefuseETag:   {operations: []string{operation.CompleteUploadPart}},
	FaultForgetUpload: {operations: []string{operation.PutPart, operation.GetUploadPart, operation.ListUploadParts, operation.CompleteUploadPart}},
	FaultEdit:         {},
}

// AnyOperation in Fault.Operation stands for every operation and PutPart.
const AnyOperation = "*"

// Fault is something that goes wrong on purpose. Its fields are those of
// bytescaletest.Fault, which says what they mean.
//
// In JSON, durations are strings such as "1.5s", and unknown members are
// errors.
type Fault struct {
	Operation  string `json:"operation"`
	Part       *int64 `json:"part,omitempty"`
	Occurrence int    `json:"occurrence,omitempty"`
	Times      int    `json:"times,omitempty"`
	EachPart   bool   `json:"eachPart,omitempty"`
	After      bool   `json:"after,omitempty"`

	Kind FaultKind `json:"kind"`

	Status           int                        `json:"status,omitempty"`
	Code             string                     `json:"code,omitempty"`
	Message          string                     `json:"message,omitempty"`
	RetryAfter       string                     `json:"retryAfter,omitempty"`
	RetryAfterDate   time.Duration              `json:"-"`
	RetryAfterMillis int64                      `json:"retryAfterMillis,omitempty"`
	Header           map[string]string          `json:"header,omitempty"`
	Body             string                     `json:"body,omitempty"`
	AfterBytes       int64                      `json:"afterBytes,omitempty"`
	Rate             int64                      `json:"rate,omitempty"`
	Delay            time.Duration              `json:"-"`
	Set              map[string]json.RawMessage `json:"set,omitempty"`
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
	_, isOperation := operation.Find(f.Operation)
	switch {
	case !ok:
		return fmt.Errorf("fault: there is no kind %q", f.Kind)
	case !isOperation && f.Operation != operation.PutPart && f.Operation != AnyOperation:
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
