package bytescaletest_test

import (
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/gen"
)

func TestJobs(t *testing.T) {
	a := newCaller(t, "", bytescaletest.WithJobSteps(2))
	a.add("/a", "/b", "/c")
	started, err := a.DeleteFileBatchWithResponse(t.Context(), account, gen.DeleteFileBatchRequest{Files: []string{"/a", "/b", "/c"}})
	if !a.want(started, err, started.Body, 200, "") {
		return
	}
	id, kind := started.JSON200.JobID, started.JSON200.JobType
	if want := a.srv.URL() + "/v2/accounts/" + account + "/jobs/DeleteFileBatchJob/" + id; started.JSON200.JobURL != want {
		t.Errorf("the URL is %s, want %s", started.JSON200.JobURL, want)
	}
	for _, want := range []struct {
		status gen.JobStatus
		files  string // after the look
	}{
		{gen.JobStatusCreated, "/a /b /c"}, {gen.JobStatusPending, "/a /b /c"}, {gen.JobStatusRunning, "/c"},
		{gen.JobStatusRunning, ""}, {gen.JobStatusSucceeded, ""},
	} {
		if job := a.job(kind, id); job.Status != want.status || !job.Error.Null || job.LastUpdated < job.Created || a.files() != want.files {
			t.Errorf("got %+v and %s, want %+v", job, a.files(), want)
		}
	}
	// Cancelled in the middle: what is done stays done.
	a.add("/a", "/b", "/c")
	started, err = a.DeleteFileBatchWithResponse(t.Context(), account, gen.DeleteFileBatchRequest{Files: []string{"/a", "/b", "/c"}})
	if !a.want(started, err, started.Body, 200, "") {
		return
	}
	for range 3 {
		a.srv.AdvanceJob(started.JSON200.JobID)
	}
	cancelled, err := a.CancelJobWithResponse(t.Context(), account, kind, started.JSON200.JobID)
	a.want(cancelled, err, cancelled.Body, 204, "")
	for _, want := range []gen.JobStatus{gen.JobStatusCancelling, gen.JobStatusCancelled, gen.JobStatusCancelled} {
		if job := a.job(kind, started.JSON200.JobID); job.Status != want || a.files() != "/c" {
			t.Errorf("got %s and %s, want %s", job.Status, a.files(), want)
		}
	}
	cancelled, err = a.CancelJobWithResponse(t.Context(), account, kind, id)
	a.want(cancelled, err, cancelled.Body, 204, "") // is over

	other, err := a.GetJobWithResponse(t.Context(), account, gen.JobTypeCopyFileBatch, id)
	a.want(other, err, other.Body, 404, "job_not_found")
	cancelled, err = a.CancelJobWithResponse(t.Context(), account, kind, strings.Repeat("0", 26))
	a.want(cancelled, err, cancelled.Body, 404, "job_not_found")

	recent, err := a.ListRecentJobsWithResponse(t.Context(), account, &gen.ListRecentJobsParams{JobType: []gen.JobType{kind, gen.JobTypeAntivirus}})
	if a.want(recent, err, recent.Body, 200, "") && (len(recent.JSON200.Items) != 2 || recent.JSON200.Items[1].JobID != id) {
		t.Errorf("recent: %s", recent.Body)
	}
	if jobs := a.srv.Jobs(); len(jobs) != 2 || jobs[0].ID != id || jobs[1].Status != "Cancelled" {
		t.Errorf("on the server: %+v", jobs)
	}
	// The vendor's JavaScript SDK numbers the types.
	if got := a.get("/v2/accounts/" + account + "/jobs?0=AntivirusJob&1=DeleteFileBatchJob"); got.status != 200 || !strings.Contains(string(got.body), id) {
		t.Errorf("numbered: %v", got)
	}
}

// A test puts jobs into any state, also into ones that the fake does not know.
func TestPutJob(t *testing.T) {
	a := newCaller(t, "", bytescaletest.WithLenient())
	failed := a.srv.PutJob(bytescaletest.Job{
		Type: "CopyFileBatchJob", Status: "Failed", Error: &bytescaletest.JobError{Code: "broken", Message: "It broke."},
	})
	if job := a.job(gen.JobTypeCopyFileBatch, failed.ID); job.Status != "Failed" || job.Error.Value.Code != "broken" || job.Error.Value.Timestamp.IsZero() {
		t.Errorf("got %+v", job)
	}
	failed.Status, failed.Error = "Rollback", nil
	a.srv.PutJob(failed)
	if job := a.job(gen.JobTypeCopyFileBatch, failed.ID); job.Status != "Rollback" || !job.Error.Null {
		t.Errorf("got %+v", job)
	}
}

func TestResetCache(t *testing.T) {
	a := newCaller(t, "")
	got, err := a.ResetCacheWithResponse(t.Context(), account, gen.ResetCacheRequest{Pattern: "/raw/*", ResetEdgeCache: true})
	if a.want(got, err, got.Body, 200, "") {
		if job := a.job(gen.JobTypeResetCache, got.JSON200.JobID); job.Status != gen.JobStatusSucceeded {
			t.Errorf("got %+v", job)
		}
	}
	got, err = a.ResetCacheWithResponse(t.Context(), account, gen.ResetCacheRequest{Pattern: "/raw/*"})
	a.want(got, err, got.Body, 400, "nothing_to_reset")
}
