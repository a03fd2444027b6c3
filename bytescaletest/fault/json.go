package fault

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

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

// String returns the fault as JSON.
func (f Fault) String() string {
	data, err := json.Marshal(f)
	if err != nil { // a broken value in Set
		return string(f.Kind) + " on " + f.Operation
	}
	return string(data)
}
