package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	bytescale "github.com/c88edac7/bytescale-go"
)

// waiting is how a command waits for the jobs that it starts.
type waiting struct {
	noWait, json, quiet bool
}

func (w *waiting) addQuiet(flags *pflag.FlagSet) {
	flags.BoolVarP(&w.quiet, "quiet", "q", false, "Show no progress.")
}

func (w *waiting) addNoWait(flags *pflag.FlagSet) {
	flags.BoolVar(&w.noWait, "no-wait", false, "Print the name of each job as soon as it has started, and do not wait for its end. See bytescale job.")
}

// started is the JSON form of a job that nobody waits for.
type started struct {
	Type bytescale.JobType `json:"jobType"`
	ID   string            `json:"jobId"`
}

// jobName is how a job is named on a command line.
func jobName(jobType bytescale.JobType, id string) string { return string(jobType) + "/" + id }

// finish waits for the end of a job, or prints its name. The error of a job that did not
// succeed is a [bytescale.JobError].
func (w *waiting) finish(ctx context.Context, std *streams, env getenv, job *bytescale.Job) error {
	if !w.noWait {
		_, err := w.wait(ctx, std, env, job)
		return err
	}
	if w.json {
		return printLine(std.out, jsonLine(started{job.Type, job.ID}))
	}
	return printLine(std.out, shown(jobName(job.Type, job.ID)))
}

// wait waits for the end of a job, and shows meanwhile how far it is.
func (w *waiting) wait(ctx context.Context, std *streams, env getenv, job *bytescale.Job) (*bytescale.JobSummary, error) {
	shows := newJobStatus(std.err, w.quiet, env)
	defer shows.close()
	var last *bytescale.JobSummary
	for now, err := range job.Watch(ctx) {
		if err != nil {
			shows.close()
			if !errors.Is(err, bytescale.ErrNotFound) {
				fmt.Fprintf(std.err, "bytescale: the job goes on without this command; to end it: bytescale job cancel %s\n", shown(jobName(job.Type, job.ID)))
			}
			return nil, err
		}
		last = now
		shows.show(now)
	}
	if w.json {
		shows.close()
		if err := printLine(std.out, jsonLine(last)); err != nil {
			return nil, err
		}
	}
	return last, last.Err()
}

// jobStatus shows how far a job is: on one line of a terminal that changes, and elsewhere on a
// plain line from time to time.
type jobStatus struct {
	out          io.Writer
	quiet, fixed bool // fixed lines are printed once
	began, due   time.Time
	width        int
	shown        bool // there is a line to remove
}

func newJobStatus(out io.Writer, quiet bool, env getenv) *jobStatus {
	s := &jobStatus{out: out, quiet: quiet, began: time.Now(), width: columns(out)}
	s.fixed = !isTerminal(out) || env("TERM") == "dumb"
	s.due = s.began.Add(firstLine)
	return s
}

func (s *jobStatus) show(job *bytescale.JobSummary) {
	now := time.Now()
	elapsed := now.Sub(s.began)
	text := fmt.Sprintf("%s: %s, %s", jobName(job.Type, job.ID), jobProgress(job), elapsed.Round(time.Second))
	switch {
	case s.quiet || job.Status.Final():
	case !s.fixed:
		text = shown(text)
		if s.width > 1 {
			text = fit(text, s.width-1) // the last column may begin a new line
		}
		fmt.Fprint(s.out, "\r", text, eraseToEnd)
		s.shown = true
	case !now.Before(s.due):
		s.due = now.Add(max(firstLine, elapsed/20))
		fmt.Fprintln(s.out, "bytescale:", shown(text))
	}
}

// close removes the line.
func (s *jobStatus) close() {
	if s.shown {
		fmt.Fprint(s.out, "\r", eraseToEnd)
		s.shown = false
	}
}

// eraseToEnd makes a terminal erase the rest of the line.
const eraseToEnd = "\x1b[K"

// jobProgress is the status of a job with the lengths of the lists in its summary, which are
// what it has done: "Running, 12 deletions".
func jobProgress(job *bytescale.JobSummary) string {
	parts := []string{string(job.Status)}
	for _, name := range slices.Sorted(maps.Keys(job.Summary)) {
		if list, ok := job.Summary[name].([]any); ok {
			parts = append(parts, fmt.Sprintf("%d %s", len(list), name))
		}
	}
	return strings.Join(parts, ", ")
}
