package gen

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// FieldUpdate is a change of a setting, or none. The zero value leaves it as it
// is. Set without a Value clears the setting; a Value without Set is an error.
type FieldUpdate[T any] struct {
	Set   bool
	Value T // zero is none; an empty list that is not nil is a value
}

// MarshalJSON writes {"set":false}, {"set":true} or {"set":true,"value":…}.
func (u FieldUpdate[T]) MarshalJSON() ([]byte, error) {
	type wire struct {
		Set   bool `json:"set"`
		Value T    `json:"value,omitzero"`
	}
	data, err := json.Marshal(wire(u))
	if err == nil && !u.Set && !bytes.Equal(data, []byte(`{"set":false}`)) {
		return nil, errors.New("a value is given, but set is false")
	}
	return data, err
}

// UnmarshalJSON reads what MarshalJSON writes.
func (u *FieldUpdate[T]) UnmarshalJSON(data []byte) error {
	var wire struct {
		Set   *bool           `json:"set"`
		Value json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	switch {
	case wire.Set == nil:
		return errors.New("set is missing")
	case !*wire.Set && wire.Value != nil:
		return errors.New("a value is given, but set is false")
	}
	update := FieldUpdate[T]{Set: *wire.Set}
	if wire.Value != nil {
		if err := json.Unmarshal(wire.Value, &update.Value); err != nil {
			return fmt.Errorf("value: %w", err)
		}
	}
	*u = update
	return nil
}

// SavedOrJob is the answer of ProcessFileAndSave: a stored file or the job that
// is at work on it. One of the two is set.
type SavedOrJob struct {
	Saved *ProcessFileAndSaveResponseSync
	Job   *ProcessFileAndSaveResponseAsync
}

// MarshalJSON writes the member that is set, and async to go with it.
func (r SavedOrJob) MarshalJSON() ([]byte, error) {
	switch {
	case r.Saved != nil && r.Job == nil:
		saved := *r.Saved
		saved.Async = false
		return json.Marshal(saved)
	case r.Job != nil && r.Saved == nil:
		job := *r.Job
		job.Async = true
		return json.Marshal(job)
	}
	return nil, errors.New("want either a saved file or a job")
}

// UnmarshalJSON reads the answer that async announces.
func (r *SavedOrJob) UnmarshalJSON(data []byte) error {
	var kind struct {
		Async *bool `json:"async"`
	}
	if err := json.Unmarshal(data, &kind); err != nil {
		return err
	}
	if kind.Async == nil {
		return errors.New("async is missing")
	}
	var decoded SavedOrJob
	var err error
	if *kind.Async {
		err = json.Unmarshal(data, &decoded.Job)
	} else {
		err = json.Unmarshal(data, &decoded.Saved)
	}
	if err == nil {
		*r = decoded
	}
	return err
}

// JobOrError is the 404 of ProcessFile: the job that is at work on the result,
// or why there is none. One of the two is set.
type JobOrError struct {
	Job   *JobSummary
	Error *ErrorResponse
}

// MarshalJSON writes the member that is set.
func (r JobOrError) MarshalJSON() ([]byte, error) {
	switch {
	case r.Job != nil && r.Error == nil:
		return json.Marshal(r.Job)
	case r.Error != nil && r.Job == nil:
		return json.Marshal(r.Error)
	}
	return nil, errors.New("want either a job or an error")
}

// UnmarshalJSON takes an object with a jobId as a job, and any other that has
// an error as an error. A job may have both.
func (r *JobOrError) UnmarshalJSON(data []byte) error {
	var kind struct {
		JobID *string         `json:"jobId"`
		Error json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(data, &kind); err != nil {
		return err
	}
	var decoded JobOrError
	var err error
	switch {
	case kind.JobID != nil:
		err = json.Unmarshal(data, &decoded.Job)
	case kind.Error != nil:
		err = json.Unmarshal(data, &decoded.Error)
	default:
		err = errors.New("neither jobId nor error is there")
	}
	if err == nil {
		*r = decoded
	}
	return err
}
