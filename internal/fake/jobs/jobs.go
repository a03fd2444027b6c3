// Package jobs runs the jobs of the fake service: work that goes on after its
// request was answered, and across restarts.
package jobs

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// Work is what a job does. It marshals to JSON, with which it goes on after a
// restart.
type Work interface {
	// Next returns the changes of the next entries, at most n of them.
	Next(n int) (store.Changes, error)
	// Applied notes what of these changes there was to do, and reports whether
	// nothing is left.
	Applied(changed store.Changed) (done bool)
	// Summary describes what was done so far, as a JSON object.
	Summary() any
}

// Options decide how a [Runner] runs jobs.
type Options struct {
	Store store.Store
	// Load reads the work of a job that another process began.
	Load func(job store.Job) (Work, error)
	// Failure says why a job failed. Its time is set by the runner.
	Failure func(err error) store.JobError
	// Steps is how many entries of its work a job does each time that it was looked
	// at. 0 does all of it before Start returns.
	Steps int
	// Closing ends jobs between two steps; they go on after a restart.
	Closing <-chan struct{}
}

// Runner starts jobs and moves them on.
type Runner struct {
	Options

	ids     ids
	mu      sync.Mutex
	running map[string]*run // by id
	started int             // jobs so far
	open    int             // jobs that may not be over
}

// run is a job that a goroutine moves on.
type run struct{ cancelled bool }

// chunk is how many entries are done in one step of the store when all of a job is
// done at once.
const chunk = 500

// How many jobs there may be.
const (
	maxFinished = 1000               // of an account that are over
	maxAge      = 7 * 24 * time.Hour // since they were over
	maxOpen     = 10_000             // of all accounts that are not over
	pruneEvery  = 100                // jobs started
	maxRecent   = 10
)

// New makes a runner.
func New(options Options) *Runner {
	return &Runner{Options: options, running: map[string]*run{}}
}

// ErrTooMany reports that too many jobs are not over.
var ErrTooMany = errors.New("too many jobs are open")

// Start begins a job, and does all of it unless jobs go in steps. It returns the
// job as it began. key identifies what the job is for; it may be empty.
func (r *Runner) Start(account string, kind gen.JobType, key string, work Work) (store.Job, error) {
	if err := r.prune(); err != nil {
		return store.Job{}, err
	}
	now := time.Now().Truncate(time.Millisecond)
	job := store.Job{
		AccountID: account, ID: r.ids.next(now), Type: string(kind), Status: string(gen.JobStatusCreated),
		Created: now, Updated: now, Key: key, Summary: json.RawMessage("{}"),
	}
	var err error
	if job.Task, err = json.Marshal(work); err != nil {
		return store.Job{}, fmt.Errorf("writing the work of a job: %w", err)
	}
	if err := r.Store.PutJob(job); err != nil {
		return store.Job{}, fmt.Errorf("keeping the job: %w", err)
	}
	if r.Steps == 0 {
		if err := r.finish(job, work); err != nil {
			return store.Job{}, err
		}
	}
	return job, nil
}

// NewID returns an id that no job has.
func (r *Runner) NewID() string { return r.ids.next(time.Now()) }

// Get finds a job of a type. If jobs go in steps, it goes one further afterwards.
func (r *Runner) Get(account string, kind gen.JobType, id string) (store.Job, error) {
	job, err := r.find(account, kind, id)
	if err != nil || r.Steps == 0 {
		return job, err
	}
	return job, r.Advance(account, id)
}

func (r *Runner) find(account string, kind gen.JobType, id string) (store.Job, error) {
	job, err := r.Store.Job(account, id)
	if err == nil && job.Type != string(kind) {
		return store.Job{}, store.ErrNotStored
	}
	return job, err
}

// Recent lists the most recent jobs of some types, the newest first.
func (r *Runner) Recent(account string, kinds []gen.JobType) ([]store.Job, error) {
	jobs, err := r.Store.Jobs(account)
	if err != nil {
		return nil, err
	}
	jobs = slices.DeleteFunc(jobs, func(job store.Job) bool { return !slices.Contains(kinds, gen.JobType(job.Type)) })
	slices.Reverse(jobs)
	return jobs[:min(len(jobs), maxRecent)], nil
}

// Cancel asks for the end of a job. What it has done stays done, and a job that is
// over stays as it is.
func (r *Runner) Cancel(account string, kind gen.JobType, id string) error {
	if _, err := r.find(account, kind, id); err != nil {
		return err
	}
	if !r.take(id, true) {
		return nil // who runs the job ends it
	}
	defer r.release(id)
	job, err := r.Store.Job(account, id)
	if err != nil || over(job) {
		return err
	}
	job.Status = string(gen.JobStatusCancelling)
	if r.Steps == 0 {
		job = cancelled(job)
	}
	return r.put(job)
}

// take makes the caller the one who moves a job on. If another one does, take
// reports false and, if asked to, cancels that one.
func (r *Runner) take(id string, cancel bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if other := r.running[id]; other != nil {
		other.cancelled = other.cancelled || cancel
		return false
	}
	r.running[id] = &run{}
	return true
}

func (r *Runner) release(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.running, id)
}

func (r *Runner) isCancelled(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.running[id] != nil && r.running[id].cancelled
}

// Resume finishes the jobs that an earlier process left, unless jobs go in steps.
func (r *Runner) Resume() error {
	if r.Steps != 0 {
		return nil
	}
	jobs, err := r.Store.Jobs("")
	if err != nil {
		return err
	}
	for _, job := range jobs {
		if over(job) || job.Task == nil {
			continue
		}
		work, err := r.Load(job)
		if err != nil {
			err = r.put(r.failed(job, err))
		} else {
			err = r.finish(job, work)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// finish does all that is left of a job.
func (r *Runner) finish(job store.Job, work Work) error {
	if !r.take(job.ID, false) {
		return nil
	}
	defer r.release(job.ID)
	for !over(job) {
		select {
		case <-r.Closing:
			return nil
		default:
		}
		if r.isCancelled(job.ID) {
			return r.put(cancelled(job))
		}
		var err error
		if job, err = r.step(job, work, chunk); err != nil {
			return err
		}
	}
	return nil
}

// Advance moves a job one step on, if nobody else does: to the next status, or by
// the next entries of its work.
func (r *Runner) Advance(account, id string) error {
	if !r.take(id, false) {
		return nil
	}
	defer r.release(id)
	job, err := r.Store.Job(account, id)
	if err != nil || job.Task == nil { // a job without a task was put there by a test
		return err
	}
	switch gen.JobStatus(job.Status) {
	case gen.JobStatusCreated:
		job.Status = string(gen.JobStatusPending)
	case gen.JobStatusPending:
		job.Status = string(gen.JobStatusRunning)
	case gen.JobStatusCancelling:
		job = cancelled(job)
	case gen.JobStatusRunning:
		work, err := r.Load(job)
		if err != nil {
			return r.put(r.failed(job, err))
		}
		_, err = r.step(job, work, max(r.Steps, 1))
		return err
	default:
		return nil
	}
	return r.put(job)
}

// step does the next entries of a job and keeps how far it is, in one step of the
// store.
func (r *Runner) step(job store.Job, work Work, n int) (store.Job, error) {
	changes, err := work.Next(n)
	if err != nil {
		job = r.failed(job, err)
		return job, r.put(job)
	}
	var encodeErr error
	changes.Job = func(changed store.Changed) store.Job {
		job.Status, job.Updated = string(gen.JobStatusRunning), time.Now().Truncate(time.Millisecond)
		done := work.Applied(changed)
		job.Summary, encodeErr = json.Marshal(work.Summary())
		if done {
			job.Status, job.Task = string(gen.JobStatusSucceeded), nil
		} else if encodeErr == nil {
			job.Task, encodeErr = json.Marshal(work)
		}
		return job
	}
	if _, err := r.Store.Apply(job.AccountID, changes); errors.Is(err, store.ErrTaken) {
		job = r.failed(job, err)
		return job, r.put(job)
	} else if err != nil {
		return job, fmt.Errorf("carrying out the job: %w", err)
	}
	return job, encodeErr
}

func (r *Runner) put(job store.Job) error {
	job.Updated = time.Now().Truncate(time.Millisecond)
	if err := r.Store.PutJob(job); err != nil {
		return fmt.Errorf("keeping the job: %w", err)
	}
	return nil
}

func (r *Runner) failed(job store.Job, err error) store.Job {
	failure := r.Failure(err)
	failure.At = time.Now().Truncate(time.Millisecond)
	job.Status, job.Error, job.Task = string(gen.JobStatusFailed), &failure, nil
	return job
}

func cancelled(job store.Job) store.Job {
	job.Status, job.Task = string(gen.JobStatusCancelled), nil
	return job
}

func over(job store.Job) bool { return gen.JobStatus(job.Status).Final() }

// prune drops old jobs from time to time, so that their number stays bounded.
func (r *Runner) prune() error {
	r.mu.Lock()
	r.started++
	r.open++
	due := r.started%pruneEvery == 1 || r.open > maxOpen
	r.mu.Unlock()
	if !due {
		return nil
	}
	jobs, err := r.Store.Jobs("")
	if err != nil {
		return err
	}
	open := 1
	old, kept := map[string][]string{}, map[string]int{} // by account
	for _, job := range slices.Backward(jobs) {          // the newest of each account first
		if !over(job) {
			open++
			continue
		}
		if kept[job.AccountID]++; kept[job.AccountID] > maxFinished || time.Since(job.Updated) > maxAge {
			old[job.AccountID] = append(old[job.AccountID], job.ID)
		}
	}
	for account, ids := range old {
		if err := r.Store.DeleteJobs(account, ids); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open = open; open > maxOpen {
		r.open--
		return ErrTooMany
	}
	return nil
}
