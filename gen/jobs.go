package gen

import (
	"encoding/json"
	"time"
)

// JobType is a kind of work that a job does. The service has had others than
// these, and may have new ones.
type JobType string

// The known types of jobs.
const (
	JobTypeProcessImage      JobType = "ProcessImageJob"
	JobTypeProcessVideo      JobType = "ProcessVideoJob"
	JobTypeProcessAudio      JobType = "ProcessAudioJob"
	JobTypeAntivirus         JobType = "AntivirusJob"
	JobTypeResetCache        JobType = "ResetCacheJob"
	JobTypeDeleteFolderBatch JobType = "DeleteFolderBatchJob"
	JobTypeDeleteFileBatch   JobType = "DeleteFileBatchJob"
	JobTypeCopyFolderBatch   JobType = "CopyFolderBatchJob"
	JobTypeCopyFileBatch     JobType = "CopyFileBatchJob"
)

// JobTypes lists the known types of jobs.
func JobTypes() []JobType {
	return []JobType{
		JobTypeProcessImage, JobTypeProcessVideo, JobTypeProcessAudio, JobTypeAntivirus, JobTypeResetCache,
		JobTypeDeleteFolderBatch, JobTypeDeleteFileBatch, JobTypeCopyFolderBatch, JobTypeCopyFileBatch,
	}
}

// JobStatus is how far a job is. The service may have others than these.
type JobStatus string

// The known statuses of jobs.
const (
	JobStatusCreated    JobStatus = "Created"
	JobStatusPending    JobStatus = "Pending"
	JobStatusRunning    JobStatus = "Running"
	JobStatusRollback   JobStatus = "Rollback"
	JobStatusFailed     JobStatus = "Failed"
	JobStatusSucceeded  JobStatus = "Succeeded"
	JobStatusCancelling JobStatus = "Cancelling"
	JobStatusCancelled  JobStatus = "Cancelled"
)

// Final reports whether a job with this status has ended. An unknown status is
// not final.
func (s JobStatus) Final() bool {
	return s == JobStatusSucceeded || s == JobStatusFailed || s == JobStatusCancelled
}

// JobError is why a job failed.
type JobError struct {
	Code      ErrorCode       `json:"code"`
	Details   json.RawMessage `json:"details,omitempty"` // any JSON value, or nil
	Message   string          `json:"message"`
	Timestamp Timestamp       `json:"timestamp"`
}

// Timestamp is a time that is written in UTC with exactly three digits of
// fraction, as the service writes it.
type Timestamp struct{ time.Time }

// MarshalJSON writes the time with milliseconds.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	return json.Marshal(t.UTC().Format("2006-01-02T15:04:05.000Z"))
}
