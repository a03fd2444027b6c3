package bytescale

import (
	"context"
	"encoding/json"
	"iter"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/rest"
)

// JobType is a kind of work that the service does as a job (AccountJobType in openapi.yaml).
// The service has had others than those below, and may have new ones. They work like the
// known ones.
type JobType string

// The known types of jobs. A copy or deletion of one folder is a job of the batch type, too.
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

// JobTypes lists the known types of jobs. Every call returns a new slice.
func JobTypes() []JobType {
	known := gen.JobTypes()
	types := make([]JobType, len(known))
	for i, one := range known {
		types[i] = JobType(one)
	}
	return types
}

// JobStatus is how far a job is (AccountJobStatus in openapi.yaml). The service may have
// others than those below.
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

// Final reports whether a job with this status has ended: Succeeded, Failed or Cancelled. An
// unknown status is not final.
func (s JobStatus) Final() bool { return gen.JobStatus(s).Final() }

// Job is work that the service does on its own, such as the deletion of a folder. Calls that
// start a job return one, and [Client.Job] returns one for a known id. It names the job and
// does not change. All methods are safe for concurrent use.
type Job struct {
	// Type is the kind of work.
	Type JobType
	// ID is the service's name for the job: 26 digits and capital letters.
	ID string

	client *Client
}

// JobSummary is a job and how far it was when the service was asked (JobSummary in
// openapi.yaml). It encodes to JSON and back without loss.
type JobSummary struct {
	// AccountID is the account that owns the job.
	AccountID string `json:"accountId"`
	// Type is the kind of work.
	Type JobType `json:"jobType"`
	// ID is the service's name for the job.
	ID string `json:"jobId"`
	// Status is how far the job is.
	Status JobStatus `json:"status"`
	// Created is when the job was created, in UTC and to the millisecond.
	Created time.Time `json:"created"`
	// LastUpdated is when the job last changed, in UTC and to the millisecond.
	LastUpdated time.Time `json:"lastUpdated"`
	// Summary is what the job is going to do or has done; empty, not nil, if the service
	// does not say. Its members depend on the type of the job and are not documented, but
	// for an example: "deletions", a list of paths. Numbers are [json.Number].
	Summary map[string]any `json:"summary"`
	// Failure is why the job failed; nil unless it did.
	Failure *JobFailure `json:"error"`
}

// UnmarshalJSON implements [json.Unmarshaler]. It keeps large integers in the summary exact.
func (s *JobSummary) UnmarshalJSON(data []byte) error {
	type plain JobSummary // without this method
	return decodeExactly(data, (*plain)(s))
}

// JobFailure is why a job failed (JobSummaryError in openapi.yaml).
type JobFailure struct {
	// Code is the machine-readable kind of failure. The vendor publishes no list.
	Code string `json:"code"`
	// Message is for people: one line of at most 500 characters, without the API key.
	Message string `json:"message"`
	// Details are further facts for programs, as JSON of any shape; nil if there are none.
	Details json.RawMessage `json:"details,omitempty"`
	// Time is when the job failed, in UTC; zero if the service did not say.
	Time time.Time `json:"timestamp,omitzero"`
}

// JobError is the end of a job that did not succeed: it failed, or somebody cancelled it.
// [Job.Wait] returns it. What the job did before its end is not undone, unless the service
// says so.
type JobError struct {
	// JobFailure is the reason. It is empty for a job that was cancelled.
	JobFailure
	// Type and ID name the job.
	Type JobType
	ID   string
	// Status is [JobStatusFailed] or [JobStatusCancelled].
	Status JobStatus
	// Summary is what the job did until then; see [JobSummary.Summary].
	Summary map[string]any
}

// Error returns the job, how it ended, the code and the message.
func (e *JobError) Error() string {
	text := string(e.Type) + " " + e.ID + ": " + strings.ToLower(string(e.Status))
	for _, part := range []string{e.Code, e.Message} {
		if part != "" {
			text += ": " + part
		}
	}
	return text
}

// Err returns a [*JobError] if the job failed or was cancelled, and nil if it succeeded or
// goes on.
func (s *JobSummary) Err() error {
	if !s.Status.Final() || s.Status == JobStatusSucceeded {
		return nil
	}
	failed := &JobError{Type: s.Type, ID: s.ID, Status: s.Status, Summary: s.Summary}
	if s.Failure != nil {
		failed.JobFailure = *s.Failure
	}
	return failed
}

const (
	firstPoll   = 500 * time.Millisecond
	longestPoll = 10 * time.Second
)

// Wait waits until the job has ended, and returns its summary. If the job failed or was
// cancelled, Wait also returns a [*JobError].
//
// Wait asks with GetJob: at once, and then in growing intervals of up to 10 s. Each question
// is a call of the account, and needs a secret key; see [Client.GetJob] for errors and
// retries. When ctx ends, Wait returns an error that wraps ctx.Err() and its cause, and the
// last summary if there is one. The job goes on then; [Client.CancelJob] asks the service to
// end it. The service does not promise how long a job takes, nor for how long it can be asked
// about.
func (j *Job) Wait(ctx context.Context) (*JobSummary, error) {
	var last *JobSummary
	for now, err := range j.Watch(ctx) {
		if err != nil {
			return last, err
		}
		last = now
	}
	return last, last.Err()
}

// Watch returns the states of the job as [Job.Wait] sees them, for a display of progress. The
// last one is final, whether the job succeeded or not. An error ends the sequence.
func (j *Job) Watch(ctx context.Context) iter.Seq2[*JobSummary, error] {
	return func(yield func(*JobSummary, error) bool) {
		for wait := firstPoll; ; wait = min(longestPoll, wait*2) {
			now, err := j.client.GetJob(ctx, j.Type, j.ID)
			if !yield(now, err) || err != nil || now.Status.Final() {
				return
			}
			// The jitter keeps many jobs that were started together from asking together.
			if err := pauseFor(ctx, wait/2+rand.N(wait/2)); err != nil {
				yield(nil, withContext(ctx, err))
				return
			}
		}
	}
}

// pauseFor waits for d, or until the context ends.
func pauseFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Job returns the job with a type and an id, for example to wait for a job that another
// process started. It sends nothing and does not check whether the job exists.
func (c *Client) Job(jobType JobType, id string) *Job {
	return &Job{Type: jobType, ID: id, client: c}
}

// GetJob returns how far a job is (GetJob in openapi.yaml). It needs a secret key;
// whether a JWT is enough is not documented. [Job.Wait] waits for its end.
//
// For an unknown job errors.Is(err, [ErrNotFound]) holds. The service does not promise for how
// long it knows a job that has ended. A malformed type or id is an [*ArgumentError]. Retries
// are those of [Client.GetFileDetails].
func (c *Client) GetJob(ctx context.Context, jobType JobType, id string) (*JobSummary, error) {
	if err := checkJob(jobType, id); err != nil {
		return nil, err
	}
	var found *JobSummary
	err := c.retry(ctx, operation.GetJob, func(ctx context.Context) error {
		var answer gen.JobSummary
		resp, err := c.api.calls.GetJob(ctx, c.accountID, gen.JobType(jobType), id)
		if err = c.decode(operation.GetJob, resp, err, &answer); err != nil {
			return err
		}
		summary, wrong := c.newJobSummary(resp, answer)
		found = &summary
		return answerError(operation.GetJob, wrong)
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// CancelJob asks the service to end a job (CancelJob in openapi.yaml). It needs a secret key.
// The job may go on for a while, with the status Cancelling, and then be Cancelled; wait for
// it with [Job.Wait]. The service does not promise that a job can be cancelled, nor that
// anything is undone.
//
// For an unknown job errors.Is(err, [ErrNotFound]) holds. A malformed type or id is an
// [*ArgumentError]. The call is repeated after a lost answer, because cancelling a job twice has
// the effect of cancelling it once. Other errors and retries are those of [Client.GetFileDetails].
func (c *Client) CancelJob(ctx context.Context, jobType JobType, id string) error {
	if err := checkJob(jobType, id); err != nil {
		return err
	}
	return c.change(ctx, operation.CancelJob, repeatable, func(ctx context.Context) error {
		resp, err := c.api.calls.CancelJob(ctx, c.accountID, gen.JobType(jobType), id)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		return c.checkNoContent(operation.CancelJob, resp)
	})
}

// ListRecentJobs returns the most recent jobs of the given types, the latest first
// (ListRecentJobs in openapi.yaml). No types stand for all of [JobTypes]. It needs a secret
// key.
//
// The service documents "the ten most recent jobs for the types", which can mean ten in all or
// ten of each. There is no way to list older ones. A malformed type is an [*ArgumentError].
// Other errors and retries are those of [Client.GetFileDetails].
func (c *Client) ListRecentJobs(ctx context.Context, types ...JobType) ([]JobSummary, error) {
	if len(types) == 0 {
		types = JobTypes()
	}
	var params gen.ListRecentJobsParams
	for _, jobType := range types {
		if err := checkJobType(jobType); err != nil {
			return nil, err
		}
		params.JobType = append(params.JobType, gen.JobType(jobType))
	}
	jobs := []JobSummary{}
	err := c.retry(ctx, operation.ListRecentJobs, func(ctx context.Context) error {
		var answer gen.ListRecentJobsResponse
		resp, err := c.api.calls.ListRecentJobs(ctx, c.accountID, &params)
		if err = c.decode(operation.ListRecentJobs, resp, err, &answer); err != nil {
			return err
		}
		if answer.Items == nil {
			return answerError(operation.ListRecentJobs, "list of jobs")
		}
		jobs = jobs[:0]
		for _, item := range answer.Items {
			job, wrong := c.newJobSummary(resp, item)
			if wrong != "" {
				return answerError(operation.ListRecentJobs, wrong)
			}
			jobs = append(jobs, job)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return jobs, nil
}

// newJobSummary converts what the API sent, and returns what is wrong with it.
func (c *Client) newJobSummary(resp *http.Response, from gen.JobSummary) (summary JobSummary, wrong string) {
	summary = JobSummary{
		AccountID: from.AccountID, Type: JobType(from.JobType), ID: from.JobID, Status: JobStatus(from.Status),
		Created: from.Created.Time(), LastUpdated: from.LastUpdated.Time(), Summary: from.Summary,
	}
	if summary.Summary == nil {
		summary.Summary = map[string]any{}
	}
	if from.Error.Valid {
		said := from.Error.Value
		summary.Failure = &JobFailure{
			Code: c.rest.Quote(resp, said.Code), Message: c.rest.Quote(resp, said.Message), Details: said.Details, Time: said.Timestamp.UTC(),
		}
	}
	switch {
	case checkJob(summary.Type, summary.ID) != nil:
		return summary, "job id or type"
	case summary.Status == "":
		return summary, "status of the job"
	case invalidTime(from.Created), invalidTime(from.LastUpdated):
		return summary, "time of the job"
	}
	return summary, ""
}

// checkJob refuses names that would lead a request to another address.
func checkJob(jobType JobType, id string) error {
	if err := checkJobType(jobType); err != nil {
		return err
	}
	if !plainID(id) {
		return argumentError("jobId", "%s is not the id of a job", quote(id))
	}
	return nil
}

func checkJobType(jobType JobType) error {
	if !plainID(string(jobType)) || strings.ContainsAny(string(jobType), "-_") {
		return argumentError("jobType", "%s is not the type of a job: a type has letters and digits only", quote(string(jobType)))
	}
	return nil
}

// startJob makes a call that starts a job. The call is repeated after a lost answer, because
// the second job does the same as the first.
func (c *Client) startJob(ctx context.Context, op string, call func(context.Context) (*http.Response, error)) (*Job, error) {
	var job *Job
	err := c.change(ctx, op, repeatable, func(ctx context.Context) error {
		var answer gen.AsyncResponse
		resp, err := call(ctx)
		if err = c.decode(op, resp, err, &answer); err != nil {
			return err
		}
		job = c.Job(JobType(answer.JobType), answer.JobID)
		if checkJob(job.Type, job.ID) != nil {
			return rest.ProtocolError(op, resp.StatusCode, "the job id or type is missing or not a valid one")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return job, nil
}

// BatchError is the end of a sequence of jobs that [Client.CopyFiles], [Client.DeleteFiles],
// [Client.CopyFolders] and [Client.DeleteFolders] return. It wraps the reason.
type BatchError struct {
	// Started is how many items, counted from the first one, are in jobs that were
	// started. To continue, skip that many.
	Started int
	// Err is the reason. If errors.Is(Err, [ErrOutcomeUnknown]) holds, the service may
	// have started a job with the next items all the same.
	Err error
}

// Error returns the reason.
func (e *BatchError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *BatchError) Unwrap() error { return e.Err }

// startBatches starts a job for every most items. It holds no more than that many in memory.
func startBatches[T any](items iter.Seq[T], most int, start func(first int, batch []T) (*Job, error)) iter.Seq2[*Job, error] {
	return func(yield func(*Job, error) bool) {
		if items == nil {
			items = slices.Values([]T(nil))
		}
		started, batch := 0, make([]T, 0, most)
		next := func() bool {
			job, err := start(started, batch)
			if err != nil {
				yield(nil, &BatchError{Started: started, Err: err})
				return false
			}
			started, batch = started+len(batch), batch[:0]
			return yield(job, nil)
		}
		for item := range items {
			if batch = append(batch, item); len(batch) == most && !next() {
				return
			}
		}
		if len(batch) > 0 {
			next()
		}
	}
}
