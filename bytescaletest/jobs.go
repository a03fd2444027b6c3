package bytescaletest

import (
	"encoding/json"
	"time"

	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// Job is work that goes on after its request was answered.
type Job struct {
	ID      string // 26 digits and capital letters
	Type    string // such as "CopyFileBatchJob"
	Status  string // such as "Running" or "Succeeded"
	Summary json.RawMessage
	Error   *JobError // nil unless the job failed
	Created time.Time
	Updated time.Time
}

// JobError is why a job failed.
type JobError struct{ Code, Message string }

// Jobs lists the jobs of [Server.AccountID], the oldest first. Of jobs that are over
// the server keeps about a thousand.
func (s *Server) Jobs() []Job {
	stored, _ := s.core.Store().Jobs(s.AccountID()) // a store in memory does not fail
	jobs := make([]Job, 0, len(stored))
	for _, job := range stored {
		jobs = append(jobs, jobOf(job))
	}
	return jobs
}

func jobOf(stored store.Job) Job {
	job := Job{
		ID: stored.ID, Type: stored.Type, Status: stored.Status, Summary: stored.Summary, Created: stored.Created, Updated: stored.Updated,
	}
	if stored.Error != nil {
		job.Error = &JobError{Code: stored.Error.Code, Message: stored.Error.Message}
	}
	return job
}

// PutJob puts a job of [Server.AccountID] into a state: a job of its own, which gets an
// id if it has none, or one that a request started. It is for states that jobs do not
// get into by themselves, such as Failed or Rollback, and for types and statuses that
// the service may have one day; the API description knows none of these, so a server
// that answers with them has to be [WithLenient]. Of the times, Created and Updated are
// set by the server. PutJob returns the job as it is now.
func (s *Server) PutJob(job Job) Job {
	put := store.Job{AccountID: s.AccountID(), ID: job.ID, Type: job.Type, Status: job.Status, Summary: job.Summary}
	if put.Summary == nil {
		put.Summary = json.RawMessage("{}")
	}
	if job.Error != nil {
		put.Error = &store.JobError{Code: job.Error.Code, Message: job.Error.Message, At: time.Now().UTC()}
	}
	put, err := s.core.PutJob(put)
	if err != nil {
		panic("bytescaletest: PutJob: " + err.Error())
	}
	return jobOf(put)
}

// AdvanceJob moves a job one step on, as GetJob does with [WithJobSteps].
func (s *Server) AdvanceJob(id string) {
	if err := s.core.AdvanceJob(s.AccountID(), id); err != nil {
		panic("bytescaletest: AdvanceJob: " + err.Error())
	}
}
