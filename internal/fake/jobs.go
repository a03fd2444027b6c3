package fake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/fake/jobs"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
	"github.com/c88edac7/bytescale-go/internal/fake/tasks"
	"github.com/c88edac7/bytescale-go/internal/fakeapi"
)

// jobDocs is the address of the vendor's page about jobs.
const jobDocs = "https://www.bytescale.com/docs/job-api/GetJob"

// newJobs makes what runs the jobs of the server.
func (s *Server) newJobs() *jobs.Runner {
	return jobs.New(jobs.Options{
		Store: s.store, Load: s.loadWork, Failure: s.jobError, Steps: s.options.JobSteps, Closing: s.closing,
	})
}

// resumeJobs finishes the jobs that an earlier process left, beside the requests.
func (s *Server) resumeJobs() {
	if !s.gate.enter() {
		return
	}
	go func() {
		defer s.gate.leave()
		if err := s.jobs.Resume(); err != nil {
			s.fail(err)
		}
	}()
}

// start begins a job and returns the answer that names it.
func (s *Server) start(ctx context.Context, kind gen.JobType, work jobs.Work) (gen.AsyncResponse, error) {
	job, err := s.startJob(callerOf(ctx).account, kind, "", work)
	if err != nil {
		return gen.AsyncResponse{}, err
	}
	return gen.AsyncResponse{
		JobDocs: jobDocs, JobID: job.ID, JobType: kind, JobURL: jobURL(exchangeOf(ctx).origin, job),
	}, nil
}

func (s *Server) startJob(account string, kind gen.JobType, key string, work jobs.Work) (store.Job, error) {
	job, err := s.jobs.Start(account, kind, key, work)
	if errors.Is(err, jobs.ErrTooMany) {
		err = &refusal.Error{Code: refusal.TooManyJobs}
	}
	return job, err
}

// loadWork reads the work of a job that another process began.
func (s *Server) loadWork(job store.Job) (jobs.Work, error) {
	target := tasks.Target{Store: s.store, Account: job.AccountID}
	var work jobs.Work
	switch gen.JobType(job.Type) {
	case gen.JobTypeCopyFileBatch:
		work = &tasks.FileCopies{Target: target}
	case gen.JobTypeDeleteFileBatch:
		work = &tasks.FileDeletions{Target: target}
	case gen.JobTypeCopyFolderBatch:
		work = &tasks.FolderCopies{Target: target}
	case gen.JobTypeDeleteFolderBatch:
		work = &tasks.FolderDeletions{Target: target}
	case gen.JobTypeResetCache:
		work = &tasks.Nothing{}
	case gen.JobTypeProcessImage, gen.JobTypeProcessVideo, gen.JobTypeProcessAudio, gen.JobTypeAntivirus:
		work = &processing{server: s, Account: job.AccountID}
	default:
		return nil, fmt.Errorf("there is no work for a %s", job.Type)
	}
	if err := json.Unmarshal(job.Task, work); err != nil {
		return nil, fmt.Errorf("reading the work of a %s: %w", job.Type, err)
	}
	return work, nil
}

// jobError says why a job failed. What clients must not see becomes an internal
// error.
func (s *Server) jobError(err error) store.JobError {
	code := refusal.Internal
	var refused *refusal.Error
	switch {
	case errors.As(err, &refused):
		return store.JobError{Code: refused.Code.Name, Message: refused.Text()}
	case errors.Is(err, store.ErrTaken):
		code = refusal.FileExists
	default:
		s.fail(err)
		if store.IsFull(err) {
			code = refusal.StorageFull
		}
	}
	return store.JobError{Code: code.Name, Message: code.Meaning}
}

// summaryOf describes a job as the API does.
func summaryOf(origin string, job store.Job) gen.JobSummary {
	summary := gen.JobSummary{
		AccountID: job.AccountID, JobDocs: jobDocs, JobID: job.ID, JobType: gen.JobType(job.Type), JobURL: jobURL(origin, job),
		Created: gen.EpochMillis(job.Created.UnixMilli()), LastUpdated: gen.EpochMillis(job.Updated.UnixMilli()),
		Status: gen.JobStatus(job.Status), Error: gen.JobSummaryError{Null: true}, Summary: gen.JSONObject{},
	}
	_ = json.Unmarshal(job.Summary, &summary.Summary) // an object, or nothing
	if job.Error != nil {
		summary.Error = gen.JobSummaryError{Valid: true, Value: gen.JobError{
			Code: job.Error.Code, Message: job.Error.Message, Timestamp: gen.Timestamp{Time: job.Error.At},
		}}
	}
	return summary
}

func jobURL(origin string, job store.Job) string {
	return origin + "/v2/accounts/" + job.AccountID + "/jobs/" + job.Type + "/" + job.ID
}

// secretOnly refuses callers without a secret key.
func secretOnly(ctx context.Context) error {
	if !callerOf(ctx).secret {
		return &refusal.Error{Code: refusal.PermissionDenied}
	}
	return nil
}

func notFoundJob(err error) error {
	if errors.Is(err, store.ErrNotStored) {
		return &refusal.Error{Code: refusal.JobNotFound}
	}
	return err
}

// GetJob implements the operation of this name.
func (o operations) GetJob(ctx context.Context, request fakeapi.GetJobRequestObject) (fakeapi.GetJobResponseObject, error) {
	if err := secretOnly(ctx); err != nil {
		return nil, err
	}
	job, err := o.jobs.Get(request.AccountID, request.JobType, request.JobID)
	if err != nil {
		return nil, notFoundJob(err)
	}
	return fakeapi.GetJob200JSONResponse(summaryOf(exchangeOf(ctx).origin, job)), nil
}

// CancelJob implements the operation of this name.
func (o operations) CancelJob(ctx context.Context, request fakeapi.CancelJobRequestObject) (fakeapi.CancelJobResponseObject, error) {
	if err := secretOnly(ctx); err != nil {
		return nil, err
	}
	if err := o.jobs.Cancel(request.AccountID, request.JobType, request.JobID); err != nil {
		return nil, notFoundJob(err)
	}
	return fakeapi.CancelJob204Response{}, nil
}

// ListRecentJobs implements the operation of this name.
func (o operations) ListRecentJobs(ctx context.Context, request fakeapi.ListRecentJobsRequestObject) (fakeapi.ListRecentJobsResponseObject, error) {
	if err := secretOnly(ctx); err != nil {
		return nil, err
	}
	for _, kind := range request.Params.JobType {
		if !slices.Contains(gen.JobTypes(), kind) {
			return nil, &refusal.Error{Code: refusal.JobTypeUnknown, Details: map[string]any{
				"query.jobType": map[string]any{"message": "is unknown", "value": string(kind)},
			}}
		}
	}
	recent, err := o.jobs.Recent(request.AccountID, request.Params.JobType)
	if err != nil {
		return nil, fmt.Errorf("listing the jobs: %w", err)
	}
	answer := fakeapi.ListRecentJobs200JSONResponse{Items: []gen.JobSummary{}}
	for _, job := range recent {
		answer.Items = append(answer.Items, summaryOf(exchangeOf(ctx).origin, job))
	}
	return answer, nil
}

// namedJobTypes gives the numbered parameters of the vendor's JavaScript SDK their
// name. By a defect, that SDK lists jobs with ?0=…&1=… instead of ?jobType=….
func namedJobTypes(query string) string {
	values, err := url.ParseQuery(query)
	if err != nil || len(values) == 0 {
		return query
	}
	var kinds []string
	for i := range len(values) {
		numbered := values[strconv.Itoa(i)]
		if len(numbered) != 1 {
			return query
		}
		kinds = append(kinds, numbered[0])
	}
	return url.Values{"jobType": kinds}.Encode()
}

// ResetCache implements the operation of this name. The fake has no caches, so the
// job does nothing.
func (o operations) ResetCache(ctx context.Context, request fakeapi.ResetCacheRequestObject) (fakeapi.ResetCacheResponseObject, error) {
	if err := secretOnly(ctx); err != nil {
		return nil, err
	}
	body := request.Body
	if !body.ResetEdgeCache && !body.ResetPermanentCache {
		return nil, &refusal.Error{Code: refusal.NothingToReset}
	}
	started, err := o.start(ctx, gen.JobTypeResetCache, &tasks.Nothing{Result: map[string]any{"pattern": body.Pattern}})
	return fakeapi.ResetCache200JSONResponse{JobStartedJSONResponse: fakeapi.JobStartedJSONResponse(started)}, err
}
