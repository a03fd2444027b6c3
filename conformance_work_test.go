package bytescale_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
	"github.com/c88edac7/bytescale-go/cdn"
)

// workScenario is one row of testdata/conformance_work.json: a call on files, folders or jobs,
// what goes wrong, and the expected result.
type workScenario struct {
	Name string `json:"name"`
	Why  string `json:"why"`
	// Call is one of workCalls.
	Call string `json:"call"`
	// Files is how many files there are at the beginning: /in/0000 and so on.
	Files int `json:"files"`
	// JobSteps is how many entries a job does at each look at it; 0 for all at once.
	JobSteps int `json:"jobSteps"`
	// EndJob puts the first job into this status when it was started.
	EndJob string        `json:"endJob"`
	Faults []fault.Fault `json:"faults"`

	// Want is "done" or "error".
	Want string `json:"want"`
	// Status or Error is the expected error: an HTTP status, or a name of workErrors.
	Status int    `json:"status"`
	Error  string `json:"error"`
	// Unknown means that the error is an ErrOutcomeUnknown, too.
	Unknown bool `json:"unknown"`
	// Started is the expected BatchError.Started.
	Started int `json:"started"`
	// Left is how many files there are in /in at the end, and Made how many elsewhere.
	Left int `json:"left"`
	Made int `json:"made"`
	// Listed is how many entries a list must have yielded, and Distinct that none came
	// twice, after it went on at the cursor of an error.
	Listed int `json:"listed"`
	// Requests is the exact number of requests by operation. Those of GetJob count only if
	// they stand here.
	Requests map[string]int `json:"requests"`
	// Waits is the least time that must pass, and Within the most.
	Waits  string `json:"waits"`
	Within string `json:"within"`
}

var workErrors = map[string]func(error) bool{
	"ErrProtocol": func(err error) bool { return errors.Is(err, bytescale.ErrProtocol) },
	"ErrStalled":  func(err error) bool { return errors.Is(err, bytescale.ErrStalled) },
	"ErrNotFound": func(err error) bool { return errors.Is(err, bytescale.ErrNotFound) },
	"JobError":    func(err error) bool { return errors.As(err, new(*bytescale.JobError)) },
	"lost":        func(err error) bool { return !errors.As(err, new(*bytescale.APIError)) },
}

// in returns the paths of the files at the beginning.
func in(n int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range n {
			if !yield(fmt.Sprintf("/in/%04d", i)) {
				return
			}
		}
	}
}

// each returns a sequence with one value for each path.
func each[T any](paths iter.Seq[string], of func(string) T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for path := range paths {
			if !yield(of(path)) {
				return
			}
		}
	}
}

// workRun is what a call of a scenario needs.
type workRun struct {
	workScenario
	srv    *bytescaletest.Server
	client *bytescale.Client
	listed []string
}

// wait waits for a job, once it was put into the status of the scenario.
func (r *workRun) wait(ctx context.Context, job *bytescale.Job, err error) error {
	if err != nil {
		return err
	}
	if r.EndJob != "" {
		put := bytescaletest.Job{ID: job.ID, Type: string(job.Type), Status: r.EndJob}
		if r.EndJob == "Failed" {
			put.Error = &bytescaletest.JobError{Code: "storage_unavailable", Message: "The storage does not answer."}
		}
		r.srv.PutJob(put)
		r.EndJob = ""
	}
	_, err = job.Wait(ctx)
	return err
}

func (r *workRun) waitAll(ctx context.Context, jobs iter.Seq2[*bytescale.Job, error]) error {
	for job, err := range jobs {
		if err := r.wait(ctx, job, err); err != nil {
			return err
		}
	}
	return nil
}

// list lists /in in pages of two entries, and goes on once at the cursor of an error.
func (r *workRun) list(ctx context.Context) error {
	var broken *bytescale.ListError
	cursor := ""
	for {
		var failed error
		for entry, err := range r.client.ListFolder(ctx, "/in", bytescale.WithPageSize(2), bytescale.WithCursor(cursor)) {
			if err != nil {
				failed = err
				break
			}
			r.listed = append(r.listed, entry.Path)
		}
		if broken != nil || !errors.As(failed, &broken) {
			return failed
		}
		if r.Want == "error" {
			return failed
		}
		cursor = broken.Cursor
	}
}

// workCalls are the calls of scenarios.
var workCalls = map[string]func(ctx context.Context, r *workRun) error{
	"CopyFile": func(ctx context.Context, r *workRun) error {
		return r.client.CopyFile(ctx, bytescale.FileCopy{Source: "/in/0000", Destination: "/out/0000"})
	},
	"CopyFiles": func(ctx context.Context, r *workRun) error {
		return r.waitAll(ctx, r.client.CopyFiles(ctx, each(in(r.Files), func(path string) bytescale.FileCopy {
			return bytescale.FileCopy{Source: path, Destination: "/out" + path}
		})))
	},
	"DeleteFile": func(ctx context.Context, r *workRun) error { return r.client.DeleteFile(ctx, "/in/0000") },
	"DeleteFiles": func(ctx context.Context, r *workRun) error {
		return r.waitAll(ctx, r.client.DeleteFiles(ctx, in(r.Files)))
	},
	"PutFolder": func(ctx context.Context, r *workRun) error {
		_, err := r.client.PutFolder(ctx, "/made", bytescale.WithDescription("For scenarios."))
		return err
	},
	"GetFolderDetails": func(ctx context.Context, r *workRun) error {
		_, err := r.client.GetFolderDetails(ctx, "/in")
		return err
	},
	"ListFolder": func(ctx context.Context, r *workRun) error { return r.list(ctx) },
	"CopyFolder": func(ctx context.Context, r *workRun) error {
		job, err := r.client.CopyFolder(ctx, bytescale.FolderCopy{Source: "/in", Destination: "/out"})
		return r.wait(ctx, job, err)
	},
	"CopyFolders": func(ctx context.Context, r *workRun) error {
		return r.waitAll(ctx, r.client.CopyFolders(ctx, each(in(150), func(path string) bytescale.FolderCopy {
			return bytescale.FolderCopy{Source: "/in", Destination: "/out" + path}
		})))
	},
	"DeleteFolder": func(ctx context.Context, r *workRun) error {
		job, err := r.client.DeleteFolder(ctx, bytescale.FolderDeletion{FolderPath: "/in"})
		return r.wait(ctx, job, err)
	},
	"DeleteFolders": func(ctx context.Context, r *workRun) error {
		return r.waitAll(ctx, r.client.DeleteFolders(ctx, each(in(1001), func(path string) bytescale.FolderDeletion {
			return bytescale.FolderDeletion{FolderPath: path[:len("/in")]}
		})))
	},
	"CancelJob": func(ctx context.Context, r *workRun) error {
		job, err := r.client.DeleteFolder(ctx, bytescale.FolderDeletion{FolderPath: "/in"})
		if err != nil {
			return err
		}
		if err := r.client.CancelJob(ctx, job.Type, job.ID); err != nil {
			return err
		}
		return r.wait(ctx, job, nil)
	},
	"ListRecentJobs": func(ctx context.Context, r *workRun) error {
		_, err := r.client.ListRecentJobs(ctx)
		return err
	},
	"ResetCache": func(ctx context.Context, r *workRun) error {
		job, err := r.client.ResetCache(ctx, "/*", true, true)
		return r.wait(ctx, job, err)
	},
	"ProcessFile": func(ctx context.Context, r *workRun) error {
		content, err := r.client.ProcessFile(ctx, "image", "/in/0000", []cdn.Option{cdn.Width(5)})
		if err != nil {
			return err
		}
		defer content.Close()
		data, err := io.ReadAll(content)
		if err == nil && string(data) != "Hello." {
			err = fmt.Errorf("read %q", data)
		}
		return err
	},
	"ProcessFile by a job": func(ctx context.Context, r *workRun) error {
		for {
			content, err := r.client.ProcessFile(ctx, "video", "/in/0000", nil)
			var unready *bytescale.NotReadyError
			if errors.As(err, &unready) {
				err = r.wait(ctx, unready.Job, nil)
				if err == nil {
					continue
				}
			}
			if err == nil {
				content.Close()
			}
			return err
		}
	},
	"ProcessFileAndSave to a fixed path": func(ctx context.Context, r *workRun) error {
		_, err := r.client.ProcessFileAndSave(ctx, "image", "/in/0000", []cdn.Option{cdn.Width(5)}, bytescale.WithPath("/out/0000"))
		return err
	},
	"ProcessFileAndSave": func(ctx context.Context, r *workRun) error {
		_, err := r.client.ProcessFileAndSave(ctx, "image", "/in/0000", []cdn.Option{cdn.Width(5)})
		return err
	},
	"ProcessFileAndSave as a job": func(ctx context.Context, r *workRun) error {
		saved, err := r.client.ProcessFileAndSave(ctx, "video", "/in/0000", nil, bytescale.WithPath("/out/0000"))
		if err != nil {
			return err
		}
		return r.wait(ctx, saved.Job, nil)
	},
}

func workScenarios(t *testing.T) []workScenario {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "conformance_work.json"))
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var all []workScenario
	if err := decoder.Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWorkConformanceTable(t *testing.T) {
	t.Parallel()
	names, called := map[string]bool{}, map[string]bool{}
	for _, s := range workScenarios(t) {
		if names[s.Name] || s.Why == "" {
			t.Errorf("%q has no reason or stands twice", s.Name)
		}
		if workCalls[s.Call] == nil {
			t.Errorf("%s: there is no call %q", s.Name, s.Call)
		}
		names[s.Name], called[s.Call] = true, true
	}
	if len(names) < 25 {
		t.Errorf("%d scenarios", len(names))
	}
	for call := range workCalls {
		if !called[call] {
			t.Errorf("%s is in no scenario", call)
		}
	}
}

// TestWorkConformance runs the scenarios in virtual time. An unused fault and a request that
// breaks the API's rules fail the test (see bytescaletest.NewServer).
func TestWorkConformance(t *testing.T) {
	t.Parallel()
	for _, s := range workScenarios(t) {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, s.run)
		})
	}
}

func (s workScenario) run(t *testing.T) {
	options := []bytescaletest.Option{bytescaletest.WithMemoryNetwork()}
	if s.JobSteps > 0 {
		options = append(options, bytescaletest.WithJobSteps(s.JobSteps))
	}
	srv := bytescaletest.NewServer(t, options...)
	putFiles(srv, slices.Collect(in(s.Files))...)
	srv.Fail(s.Faults...)
	var events []string
	r := &workRun{workScenario: s, srv: srv, client: srv.Client(bytescale.WithObserver(observe(&events)))}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	began := time.Now()
	err := workCalls[s.Call](ctx, r)
	took := time.Since(began)

	s.checkError(t, err)
	left, made := 0, 0
	for _, file := range srv.Files() {
		if strings.HasPrefix(file.FilePath, "/in/") {
			left++
		} else {
			made++
		}
	}
	if left != s.Left || made != s.Made {
		t.Errorf("%d files are left and %d were made, want %d and %d", left, made, s.Left, s.Made)
	}
	distinct := slices.Compact(slices.Sorted(slices.Values(r.listed)))
	if len(r.listed) != s.Listed || len(distinct) != s.Listed {
		t.Errorf("listed %q, want %d entries", r.listed, s.Listed)
	}
	got := map[string]int{}
	for _, exchange := range srv.Exchanges() {
		if _, counted := s.Requests[exchange.Operation]; counted || exchange.Operation != "GetJob" {
			got[exchange.Operation]++
		}
	}
	if !maps.Equal(got, s.Requests) {
		t.Errorf("requests %v, want %v", got, s.Requests)
	}
	if least := duration(t, s.Waits); took < least {
		t.Errorf("took %v, want at least %v", took, least)
	}
	if most := duration(t, s.Within); s.Within != "" && took > most {
		t.Errorf("took %v, want at most %v", took, most)
	}
	for _, text := range append(events, fmt.Sprintf("%v %+v", err, err)) {
		if strings.Contains(text, srv.Key()) {
			t.Errorf("the key in %q", text)
		}
	}
}

func (s workScenario) checkError(t *testing.T, err error) {
	t.Helper()
	var answer *bytescale.APIError
	var batch *bytescale.BatchError
	switch {
	case s.Want == "done" && err != nil:
		t.Fatalf("error %v", err)
	case s.Want == "done":
		return
	case s.Want != "error":
		t.Fatalf("want %q?", s.Want)
	case err == nil:
		t.Fatal("no error")
	case s.Error != "" && (workErrors[s.Error] == nil || !workErrors[s.Error](err)):
		t.Errorf("%v is not %s", err, s.Error)
	case s.Error == "" && (!errors.As(err, &answer) || answer.Status != s.Status):
		t.Errorf("%v is not an APIError with status %d", err, s.Status)
	}
	if unknown := errors.Is(err, bytescale.ErrOutcomeUnknown); unknown != s.Unknown {
		t.Errorf("the outcome is unknown: %v, want %v: %v", unknown, s.Unknown, err)
	}
	if errors.As(err, &batch) && batch.Started != s.Started || batch == nil && s.Started != 0 {
		t.Errorf("%#v, want %d items started", err, s.Started)
	}
}
