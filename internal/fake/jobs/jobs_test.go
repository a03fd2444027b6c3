package jobs

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

const (
	account = "A623uY2"
	kind    = gen.JobTypeResetCache
)

// counting is work that counts.
type counting struct {
	Done, Until int
	FailAt      int
	planned     int
	during      func() // runs in Next
}

func (c *counting) Next(n int) (store.Changes, error) {
	if c.during != nil {
		c.during()
	}
	if c.FailAt > 0 && c.Done+n >= c.FailAt {
		return store.Changes{}, errors.New("broken")
	}
	c.planned = n
	return store.Changes{}, nil
}

func (c *counting) Applied(store.Changed) bool {
	c.Done = min(c.Done+c.planned, c.Until)
	return c.Done == c.Until
}

func (c *counting) Summary() any { return map[string]int{"done": c.Done} }

func newRunner(s store.Store, steps int) *Runner {
	return New(Options{
		Store: s, Steps: steps, Closing: make(chan struct{}),
		Load: func(job store.Job) (Work, error) {
			work := &counting{}
			return work, json.Unmarshal(job.Task, work)
		},
		Failure: func(err error) store.JobError { return store.JobError{Code: "code", Message: err.Error()} },
	})
}

func start(t *testing.T, r *Runner, work Work) store.Job {
	t.Helper()
	job, err := r.Start(account, kind, "", work)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// look returns a job as its status and summary.
func look(t *testing.T, r *Runner, id string) string {
	t.Helper()
	job, err := r.Get(account, kind, id)
	if err != nil {
		t.Fatal(err)
	}
	text := job.Status + " " + string(job.Summary)
	if job.Error != nil {
		text += " " + job.Error.Code + ": " + job.Error.Message
	}
	return text
}

func TestAtOnce(t *testing.T) {
	r := newRunner(store.NewMemory(), 0)
	job := start(t, r, &counting{Until: 3 * chunk})
	if job.Status != "Created" || len(job.ID) != 26 {
		t.Errorf("began as %+v", job)
	}
	if got := look(t, r, job.ID); got != `Succeeded {"done":1500}` {
		t.Errorf("ended as %s", got)
	}
	if kept, err := r.Store.Job(account, job.ID); err != nil || kept.Task != nil {
		t.Errorf("keeps its task: %s, %v", kept.Task, err)
	}
	failing := start(t, r, &counting{Until: 3 * chunk, FailAt: 2 * chunk})
	if got := look(t, r, failing.ID); got != `Failed {"done":500} code: broken` {
		t.Errorf("ended as %s", got)
	}
}

func TestInSteps(t *testing.T) {
	r := newRunner(store.NewMemory(), 2)
	job := start(t, r, &counting{Until: 3})
	for _, want := range []string{
		`Created {}`, `Pending {}`, `Running {}`, `Running {"done":2}`, `Succeeded {"done":3}`, `Succeeded {"done":3}`,
	} {
		if got := look(t, r, job.ID); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	failing := start(t, r, &counting{Until: 9, FailAt: 4})
	for _, want := range []string{`Created {}`, `Pending {}`, `Running {}`, `Running {"done":2}`, `Failed {"done":2} code: broken`} {
		if got := look(t, r, failing.ID); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestCancel(t *testing.T) {
	r := newRunner(store.NewMemory(), 1)
	job := start(t, r, &counting{Until: 9})
	for range 4 {
		look(t, r, job.ID)
	}
	cancel := func(r *Runner, id string) {
		t.Helper()
		if err := r.Cancel(account, kind, id); err != nil {
			t.Fatal(err)
		}
	}
	cancel(r, job.ID)
	for _, want := range []string{`Cancelling {"done":2}`, `Cancelled {"done":2}`, `Cancelled {"done":2}`} {
		if got := look(t, r, job.ID); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	cancel(r, job.ID) // is over
	if got := look(t, r, job.ID); got != `Cancelled {"done":2}` {
		t.Errorf("cancelled again: %s", got)
	}

	// While it runs: the step that is under way is the last.
	atOnce := newRunner(store.NewMemory(), 0)
	work := &counting{Until: 9 * chunk}
	var id string
	work.during = func() {
		jobs, err := atOnce.Store.Jobs(account)
		if err != nil {
			t.Error(err)
		}
		if id = jobs[0].ID; work.Done == 2*chunk {
			cancel(atOnce, id)
		}
	}
	start(t, atOnce, work)
	if got := look(t, atOnce, id); got != `Cancelled {"done":1500}` {
		t.Errorf("cancelled while it runs: %s", got)
	}
	if err := r.Cancel(account, kind, "unknown"); !errors.Is(err, store.ErrNotStored) {
		t.Errorf("an unknown job: %v", err)
	}
	if err := r.Cancel(account, gen.JobTypeAntivirus, job.ID); !errors.Is(err, store.ErrNotStored) {
		t.Errorf("of another type: %v", err)
	}
}

// A job that the end of the process cut goes on in the next one, from the last
// step that was kept.
func TestGoesOnAfterARestart(t *testing.T) {
	for _, steps := range []int{0, chunk} {
		s := store.NewMemory()
		first := newRunner(s, steps)
		closing := make(chan struct{})
		first.Closing = closing
		work := &counting{Until: 3 * chunk}
		work.during = func() {
			if work.Done == chunk && steps == 0 {
				close(closing)
			}
		}
		job := start(t, first, work)
		if steps > 0 {
			for range 4 {
				look(t, first, job.ID)
			}
		}
		if kept, err := s.Job(account, job.ID); err != nil || kept.Status != "Running" || string(kept.Summary) != `{"done":1000}` {
			t.Fatalf("cut off as %+v, %v", kept, err)
		}
		second := newRunner(s, steps)
		if err := second.Resume(); err != nil {
			t.Fatal(err)
		}
		if steps > 0 {
			look(t, second, job.ID)
		}
		if got := look(t, second, job.ID); got != `Succeeded {"done":1500}` {
			t.Errorf("ended as %s", got)
		}
	}
}

func TestFailsIfItsWorkCannotBeRead(t *testing.T) {
	for _, steps := range []int{0, 1} {
		s := store.NewMemory()
		if err := s.PutJob(store.Job{AccountID: account, ID: "x", Type: string(kind), Status: "Running", Task: json.RawMessage(`7`)}); err != nil {
			t.Fatal(err)
		}
		r := newRunner(s, steps)
		if err := r.Resume(); err != nil {
			t.Fatal(err)
		}
		_ = look(t, r, "x")
		if got := look(t, r, "x"); !strings.HasPrefix(got, "Failed") {
			t.Errorf("got %s", got)
		}
	}
}

func TestRecent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(store.NewMemory(), 0)
		var want []string
		for i := range 30 {
			of := []gen.JobType{gen.JobTypeResetCache, gen.JobTypeAntivirus, gen.JobTypeCopyFileBatch}[i%3]
			job, err := r.Start(account, of, "", &counting{Until: 1})
			if err != nil {
				t.Fatal(err)
			}
			if i%3 != 1 {
				want = append(want, job.ID)
			}
			if i%4 == 0 {
				time.Sleep(time.Second)
			}
		}
		slices.Reverse(want)
		jobs, err := r.Recent(account, []gen.JobType{gen.JobTypeCopyFileBatch, gen.JobTypeResetCache})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, job := range jobs {
			got = append(got, job.ID)
		}
		if !slices.Equal(got, want[:10]) {
			t.Errorf("got %v, want %v", got, want[:10])
		}
		if jobs, err := r.Recent("zzzzzzz", []gen.JobType{gen.JobTypeResetCache}); err != nil || len(jobs) != 0 {
			t.Errorf("of another account: %v, %v", jobs, err)
		}
	})
}

func TestOldJobsAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRunner(store.NewMemory(), 0)
		old := start(t, r, &counting{Until: 1})
		time.Sleep(maxAge + time.Hour)
		for range maxFinished + 2*pruneEvery {
			start(t, r, &counting{Until: 1})
		}
		jobs, err := r.Store.Jobs(account)
		if err != nil || len(jobs) > maxFinished+pruneEvery || jobs[0].ID == old.ID {
			t.Errorf("%d jobs are kept, %v", len(jobs), err)
		}
		// Jobs that are not over stay.
		steps := newRunner(r.Store, 1)
		open := start(t, steps, &counting{Until: 1})
		time.Sleep(maxAge + time.Hour)
		for range pruneEvery {
			start(t, r, &counting{Until: 1})
		}
		if _, err := r.Store.Job(account, open.ID); err != nil {
			t.Errorf("an open job: %v", err)
		}
		if jobs, err := r.Store.Jobs(account); err != nil || len(jobs) > 2*pruneEvery {
			t.Errorf("%d jobs are kept, %v", len(jobs), err)
		}
	})
}

// Jobs that nobody moves on do not pile up without end.
func TestTooManyOpenJobs(t *testing.T) {
	r := newRunner(store.NewMemory(), 1)
	for range maxOpen {
		start(t, r, &counting{Until: 1})
	}
	if _, err := r.Start(account, kind, "", &counting{Until: 1}); !errors.Is(err, ErrTooMany) {
		t.Fatalf("one more: %v", err)
	}
	jobs, err := r.Store.Jobs(account)
	if err != nil || len(jobs) != maxOpen {
		t.Fatalf("%d jobs, %v", len(jobs), err)
	}
	for range 3 { // to the end of one
		if err := r.Advance(account, jobs[0].ID); err != nil {
			t.Fatal(err)
		}
	}
	start(t, r, &counting{Until: 1})
}

func TestIDsSort(t *testing.T) {
	var source ids
	at := time.UnixMilli(1615680311115)
	last := ""
	for i := range 3000 {
		if i%1000 == 0 {
			at = at.Add(time.Millisecond)
		}
		id := source.next(at)
		if id <= last || len(id) != 26 || strings.Trim(id, crockford) != "" {
			t.Fatalf("%q after %q", id, last)
		}
		last = id
	}
	// The clock may go back, the ids do not.
	if id := source.next(at.Add(-time.Hour)); id <= last {
		t.Errorf("%q after %q", id, last)
	}
	// The documented example is the time 2016-07-30T23:54:10.259Z.
	source = ids{}
	if id := source.next(time.UnixMilli(1469922850259)); !strings.HasPrefix(id, "01ARZ3NDEK") {
		t.Errorf("got %s", id)
	}
}
