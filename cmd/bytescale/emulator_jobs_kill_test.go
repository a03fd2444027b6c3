//go:build !windows

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c88edac7/bytescale-go/gen"
)

// jobClient calls the API of an emulator process.
type jobClient struct {
	*gen.ClientWithResponses

	t *testing.T
}

const jobAccount = "A623uY2" // of emulatorKey

func newJobClient(t *testing.T, url string) *jobClient {
	t.Helper()
	client, err := gen.NewClientWithResponses(url, gen.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+emulatorKey)
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	return &jobClient{client, t}
}

// copyFolder starts a copy and returns its job, or nil if the process was killed
// before it answered.
func (c *jobClient) copyFolder(from, to string) *gen.AsyncResponse {
	started, err := c.CopyFolderWithResponse(c.t.Context(), jobAccount, gen.CopyFolderRequest{Source: from, Destination: to})
	if err != nil {
		return nil
	}
	return started.JSON200
}

// newest returns the newest job of copying folders.
func (c *jobClient) newest() (job gen.JobSummary, ok bool) {
	recent, err := c.ListRecentJobsWithResponse(c.t.Context(), jobAccount, &gen.ListRecentJobsParams{JobType: []gen.JobType{gen.JobTypeCopyFolderBatch}})
	if err != nil || recent.JSON200 == nil || len(recent.JSON200.Items) == 0 {
		return job, false
	}
	return recent.JSON200.Items[0], true
}

// count returns how many files are in a folder.
func (c *jobClient) count(folder string) (files int) {
	c.t.Helper()
	params := &gen.ListFolderParams{FolderPath: folder, Recursive: new(true), Limit: new(int64(1000))}
	for {
		page, err := c.ListFolderWithResponse(c.t.Context(), jobAccount, params)
		if err != nil || page.JSON200 == nil {
			c.t.Fatalf("listing: %v, %v", page, err)
		}
		files += len(page.JSON200.Items)
		if page.JSON200.IsPaginationComplete {
			return files
		}
		params.Cursor = &page.JSON200.Cursor
	}
}

// fill stores 101 files: /big/0 and its copies /big/00/file to /big/99/file.
func (c *jobClient) fill() {
	t := c.t
	t.Helper()
	stored, err := c.BasicUploadWithBodyWithResponse(t.Context(), jobAccount,
		&gen.BasicUploadParams{FilePath: new("/big/0")}, "text/plain", strings.NewReader("content"))
	if err != nil || stored.JSON200 == nil {
		t.Fatalf("uploading: %v, %v", stored, err)
	}
	batch := gen.CopyFileBatchRequest{}
	for i := range 100 {
		batch.Files = append(batch.Files, gen.CopyFileRequest{Source: "/big/0", Destination: fmt.Sprintf("/big/%02d/file", i)})
	}
	if copied, err := c.CopyFileBatchWithResponse(t.Context(), jobAccount, batch); err != nil || copied.JSON200 == nil {
		t.Fatalf("copying: %v, %v", copied, err)
	}
}

// await waits until a job is over.
func (c *jobClient) await(kind gen.JobType, id string) gen.JobSummary {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		got, err := c.GetJobWithResponse(c.t.Context(), jobAccount, kind, id)
		if err != nil || got.JSON200 == nil || time.Now().After(deadline) {
			c.t.Fatalf("looking at the job: %v, %v", got, err)
		}
		if got.JSON200.Status.Final() {
			return *got.JSON200
		}
	}
}

// A batch of deletions goes on after its emulator was killed in the middle of it: each
// folder is gone, and told once and in order.
func TestEmulatorKilledMidBatch(t *testing.T) {
	t.Parallel()
	emulator := startEmulatorProcess(t, "127.0.0.1:0", filepath.Join(t.TempDir(), "data"))
	client := newJobClient(t, emulator.url)
	client.fill()
	const folders = 100
	var batch gen.DeleteFolderBatchRequest
	var want []any
	for i := range folders {
		batch.Folders = append(batch.Folders, gen.DeleteFolderRequest{FolderPath: fmt.Sprintf("/big/%02d", i)})
		want = append(want, batch.Folders[i].FolderPath)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = client.DeleteFolderBatchWithResponse(t.Context(), jobAccount, batch) // is cut off
	}()
	left := folders + 1
	kills := 0
	for ; kills < 3; kills++ {
		before := left
		for deadline := time.Now().Add(time.Minute); left == before && left > 1; left = client.count("/big") {
			if time.Now().After(deadline) {
				t.Fatal("the job does not go on")
			}
		}
		if left == 1 {
			break
		}
		emulator.kill()
		<-ended
		emulator = emulator.restart(t)
	}
	t.Logf("killed %d times, the last time with %d files left", kills, left)
	if kills == 0 {
		t.Fatal("the job was over before the emulator could be killed")
	}
	recent, err := client.ListRecentJobsWithResponse(t.Context(), jobAccount, &gen.ListRecentJobsParams{JobType: []gen.JobType{gen.JobTypeDeleteFolderBatch}})
	if err != nil || recent.JSON200 == nil || len(recent.JSON200.Items) != 1 {
		t.Fatalf("the recent jobs are %v, %v", recent, err)
	}
	job := client.await(gen.JobTypeDeleteFolderBatch, recent.JSON200.Items[0].JobID)
	if diff := cmp.Diff(want, job.Summary["deletions"]); diff != "" || job.Status != gen.JobStatusSucceeded || client.count("/big") != 1 {
		t.Errorf("%s, and %d files are left; the deletions (-want +got):\n%s", job.Status, client.count("/big"), diff)
	}
}

// A job goes on after its emulator was killed in the middle of it, again and again:
// everything is done, and nothing twice.
func TestEmulatorKilledMidJob(t *testing.T) {
	t.Parallel()
	emulator := startEmulatorProcess(t, "127.0.0.1:0", filepath.Join(t.TempDir(), "data"))
	client := newJobClient(t, emulator.url)
	client.fill()
	const files = 101 * 32
	for i := range 5 { // 32 times as many
		client.copyFolder("/big", fmt.Sprintf("/more%d", i))
		client.copyFolder(fmt.Sprintf("/more%d", i), fmt.Sprintf("/big/more%d", i))
	}
	if got := client.count("/big"); got != files {
		t.Fatalf("%d files to begin with, want %d", got, files)
	}

	ended := make(chan struct{})
	go func() {
		defer close(ended)
		client.copyFolder("/big", "/copy") // is cut off
	}()
	var id string
	kills := 0
	for ; kills < 3; kills++ {
		job := awaitProgress(t, client, id)
		if id = job.JobID; job.Status.Final() {
			break
		}
		emulator.kill()
		<-ended
		emulator = emulator.restart(t)
	}
	t.Logf("killed %d times", kills)
	if kills == 0 {
		t.Fatal("the job was over before the emulator could be killed")
	}
	job := client.await(gen.JobTypeCopyFolderBatch, id)
	if got := client.count("/copy"); job.Status != gen.JobStatusSucceeded || got != files || job.Summary["files"] != json.Number(fmt.Sprint(files)) {
		t.Errorf("%s with %v, and %d files, want %d", job.Status, job.Summary, got, files)
	}
}

// awaitProgress waits until the newest job, which is that of the id if there is one,
// has done more than at first sight.
func awaitProgress(t *testing.T, client *jobClient, id string) gen.JobSummary {
	t.Helper()
	var first any
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		job, ok := client.newest()
		copies := fmt.Sprint(job.Summary["copies"])
		switch {
		case !ok, id == "" && job.Status == gen.JobStatusSucceeded && !strings.Contains(copies, "destination:/copy"):
			continue // of those before
		case id != "" && job.JobID != id:
			t.Fatalf("the job is forgotten: %+v", job)
		case job.Status.Final():
			return job
		case first == nil:
			first = fmt.Sprint(job.Summary["files"])
		case first != fmt.Sprint(job.Summary["files"]):
			return job
		}
	}
	t.Fatal("the job does not go on")
	return gen.JobSummary{}
}
