package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/gen"
)

// longestJob is how long a step waits for a job. The jobs of this run have a handful of files.
const longestJob = 2 * time.Minute

// wait waits for a job.
func (x *examination) wait(ctx context.Context, job *bytescale.Job, err error) error {
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, longestJob)
	defer cancel()
	_, err = job.Wait(ctx)
	return err
}

// waitAll waits for each job of a batch.
func (x *examination) waitAll(ctx context.Context, jobs iter.Seq2[*bytescale.Job, error]) error {
	for job, err := range jobs {
		if err := x.wait(ctx, job, err); err != nil {
			return err
		}
	}
	return nil
}

// store uploads a file for a step and returns its path.
func (x *examination) store(ctx context.Context, name string, content []byte, mime string) (string, error) {
	path := x.path(name)
	_, err := x.client.Upload(ctx, bytescale.Bytes(content), bytescale.WithPath(path), bytescale.WithMIME(mime))
	return path, err
}

// wantGone returns an error if one of some files that were deleted is still there.
func (x *examination) wantGone(ctx context.Context, paths ...string) error {
	for _, path := range paths {
		switch _, err := x.client.GetFileDetails(ctx, path); {
		case err == nil:
			return fmt.Errorf("%s is still there after its deletion", path)
		case !isNotFound(err):
			return err
		}
	}
	return nil
}

// copiesOfFiles copies and deletes files, one by one and in batches.
func (x *examination) copiesOfFiles(ctx context.Context) error {
	source, err := x.store(ctx, "files/source.txt", content, "text/plain")
	if err != nil {
		return err
	}
	one, two, three := x.path("files/one.txt"), x.path("files/two.txt"), x.path("files/three.txt")
	if err := x.client.CopyFile(ctx, bytescale.FileCopy{Source: source, Destination: one, Tags: []string{"contract-live"}}); err != nil {
		return err
	}
	before, err := x.client.GetFileDetails(ctx, source)
	if err != nil {
		return err
	}
	after, err := x.client.GetFileDetails(ctx, one)
	if err != nil {
		return err
	}
	x.observe("a copy has the etag of its source: %t; its tags are those of the request: %t", after.ETag == before.ETag, slices.Equal(after.Tags, []string{"contract-live"}))
	copies := []bytescale.FileCopy{{Source: one, Destination: two}, {Source: one, Destination: three}}
	if err := x.waitAll(ctx, x.client.CopyFiles(ctx, slices.Values(copies))); err != nil {
		return err
	}
	if err := x.client.DeleteFile(ctx, one); err != nil {
		return err
	}
	if err := x.waitAll(ctx, x.client.DeleteFiles(ctx, slices.Values([]string{two, three, x.folder + "/files/missing.txt"}))); err != nil {
		return err
	}
	return x.wantGone(ctx, one, two, three)
}

// folders makes, describes and lists a folder.
func (x *examination) folders(ctx context.Context) error {
	made, text := x.folder+"/made", "of the live contract run"
	put, err := x.client.PutFolder(ctx, made+"/inner", bytescale.WithDescription(text))
	if err != nil {
		return err
	}
	details, err := x.client.GetFolderDetails(ctx, made)
	if err != nil {
		return err
	}
	x.observe("a folder that was put is virtual: %t; the one above it, too: %t", put.Virtual, details.Virtual)
	for _, name := range []string{"made/b.txt", "made/a.txt", "made/inner/c.txt"} {
		if _, err := x.store(ctx, name, content, "text/plain"); err != nil {
			return err
		}
	}
	var paths []string
	for entry, err := range x.client.ListFolder(ctx, made, bytescale.WithPageSize(1), bytescale.WithRecursive()) {
		if err != nil {
			return err
		}
		paths = append(paths, entry.Path)
	}
	x.observe("a list comes in ascending order: %t", slices.IsSorted(paths))
	for _, name := range []string{"/a.txt", "/b.txt", "/inner/c.txt", "/inner"} {
		if !slices.Contains(paths, made+name) {
			return fmt.Errorf("%s is not in the list", made+name)
		}
	}
	return nil
}

// copiesOfFolders copies and deletes folders, one by one and in batches.
func (x *examination) copiesOfFolders(ctx context.Context) error {
	if _, err := x.store(ctx, "tree/inner/a.txt", content, "text/plain"); err != nil {
		return err
	}
	job, err := x.client.CopyFolder(ctx, bytescale.FolderCopy{Source: x.folder + "/tree", Destination: x.folder + "/tree-1"})
	if err := x.wait(ctx, job, err); err != nil {
		return err
	}
	copies := []bytescale.FolderCopy{
		{Source: x.folder + "/tree", Destination: x.folder + "/tree-2"},
		{Source: x.folder + "/tree/inner", Destination: x.folder + "/tree-3"},
	}
	if err := x.waitAll(ctx, x.client.CopyFolders(ctx, slices.Values(copies))); err != nil {
		return err
	}
	for _, name := range []string{"/tree-1/inner/a.txt", "/tree-2/inner/a.txt", "/tree-3/a.txt"} {
		x.files = append(x.files, x.folder+name)
		if _, err := x.client.GetFileDetails(ctx, x.folder+name); err != nil {
			return err
		}
	}
	job, err = x.client.DeleteFolder(ctx, bytescale.FolderDeletion{FolderPath: x.folder + "/tree-1"})
	if err := x.wait(ctx, job, err); err != nil {
		return err
	}
	deletions := []bytescale.FolderDeletion{{FolderPath: x.folder + "/tree-2"}, {FolderPath: x.folder + "/tree-3"}}
	if err := x.waitAll(ctx, x.client.DeleteFolders(ctx, slices.Values(deletions))); err != nil {
		return err
	}
	return x.wantGone(ctx, x.folder+"/tree-1/inner/a.txt", x.folder+"/tree-2/inner/a.txt", x.folder+"/tree-3/a.txt")
}

// jobs starts a job, lists it among the recent ones, and cancels it after its end.
func (x *examination) jobs(ctx context.Context) error {
	started, err := x.client.DeleteFolder(ctx, bytescale.FolderDeletion{FolderPath: x.folder + "/nothing"})
	if err := x.wait(ctx, started, err); err != nil {
		return err
	}
	recent, err := x.client.ListRecentJobs(ctx, bytescale.JobTypeDeleteFolderBatch, bytescale.JobTypeCopyFolderBatch)
	if err != nil {
		return err
	}
	place := slices.IndexFunc(recent, func(job bytescale.JobSummary) bool { return job.ID == started.ID })
	x.observe("of %d recent jobs, the newest has the place %d", len(recent), place+1)
	err = x.client.CancelJob(ctx, started.Type, started.ID)
	x.observe("cancelling a job that is over: %s", outcome(err))
	if err != nil && !isRefusal(err) {
		return err
	}
	return nil
}

// outcome is the status of a refusal, or that there was none. The text of an error may name what only this account has.
func outcome(err error) string {
	var refused *bytescale.APIError
	switch {
	case err == nil:
		return "accepted"
	case errors.As(err, &refused):
		return fmt.Sprintf("status %d", refused.Status)
	}
	return "no answer"
}

func isRefusal(err error) bool {
	var refused *bytescale.APIError
	return errors.As(err, &refused) && refused.Status/100 == 4
}

// resetCache resets what the edge holds of the files of this run, and nothing else.
func (x *examination) resetCache(ctx context.Context) error {
	started, err := x.client.API().ResetCacheWithResponse(ctx, x.client.AccountID(), gen.ResetCacheRequest{Pattern: "/raw" + x.folder + "/*", ResetEdgeCache: true})
	if err != nil {
		return err
	}
	if started.JSON200 == nil {
		return status("ResetCache", started.HTTPResponse)
	}
	return x.wait(ctx, x.client.Job(bytescale.JobType(started.JSON200.JobType), started.JSON200.JobID), nil)
}

// pixel is a PNG of one pixel.
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// transformations asks for a picture in another size, and lets the service save one.
func (x *examination) transformations(ctx context.Context) error {
	png, err := base64.StdEncoding.DecodeString(pixel)
	if err != nil {
		return err
	}
	path, err := x.store(ctx, "pixel.png", png, "image/png")
	if err != nil {
		return err
	}
	raw, err := x.client.FileURL(path)
	if err != nil {
		return err
	}
	form := func(slug string) string { return strings.Replace(raw, "/raw/", slug, 1) + "?w=2&f=png" }
	response, body, err := x.fetch(ctx, http.MethodGet, form("/image/"), nil)
	if err != nil {
		return err
	}
	if err := succeeded("ProcessFile", response); err != nil {
		return err
	}
	x.observe("an image of %d bytes is processed to %d bytes of %s", len(png), len(body), response.Header.Get("Content-Type"))

	var destination gen.FilePathDefinition
	if err := destination.FromRelativeOrAbsoluteFilePath(x.path("saved.png")); err != nil {
		return err
	}
	response, body, err = x.fetch(ctx, http.MethodPost, form("/save/image/"), gen.ProcessFileAndSaveRequest{Destination: destination})
	if err != nil {
		return err
	}
	if err := succeeded("ProcessFileAndSave", response); err != nil {
		return err
	}
	var saved gen.ProcessFileAndSaveResponse
	if err := json.Unmarshal(body, &saved); err != nil {
		return err
	}
	x.observe("an image is saved at once: %t", saved.Saved != nil)
	if saved.Job == nil {
		return nil
	}
	return x.wait(ctx, x.client.Job(bytescale.JobType(saved.Job.JobType), saved.Job.JobID), nil)
}

// fetch makes a call to the CDN, with a JSON body if there is one.
func (x *examination) fetch(ctx context.Context, method, address string, body any) (*http.Response, []byte, error) {
	var encoded bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&encoded).Encode(body); err != nil {
			return nil, nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, address, &encoded)
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+x.key)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := x.http.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return response, answer, err
}
