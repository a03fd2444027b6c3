package suite

import (
	"fmt"
	"slices"

	"github.com/c88edac7/bytescale-go/gen"
)

// copies copies a file, with all that can be said about the copy.
func (s *session) copies() error {
	folder, err := s.newFolder("/a")
	if err != nil {
		return err
	}
	path := folder + "/a"
	for _, c := range []gen.CopyFileRequest{
		{Source: path, Destination: path + "2"},
		{
			Source: path, Destination: path + "2",
			Metadata: &gen.CopyableFileMetadata{Merge: true, Value: gen.Metadata{"a": "b"}}, Tags: &gen.CopyableFileTags{Merge: true, Value: []string{"t"}},
		},
	} {
		copied, err := s.api.CopyFileWithResponse(s.ctx, account, c)
		if err := wantResult("CopyFile", copied, err, 200); err != nil {
			return err
		}
		if err := wantEqual("the status", copied.JSON200.Status, gen.CopyFileResponseStatusCopied); err != nil {
			return err
		}
	}
	return s.storedFile(path+"2", []byte(folderContent), gen.FileDetails{
		AccountID: account, FilePath: path + "2", FileURL: origin + "/" + account + "/raw" + path + "2", MIME: "text/plain",
		Size: int64(len(folderContent)), Tags: []string{"t"}, Metadata: gen.Metadata{"a": "b"},
	})
}

// started demands that an operation has started a job, and looks at it.
func (s *session) started(operation string, started *gen.AsyncResponse, kind gen.JobType) error {
	got, err := s.api.GetJobWithResponse(s.ctx, account, kind, started.JobID)
	if err := wantResult("GetJob", got, err, 200); err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	job := got.JSON200
	if err := firstError(
		wantEqual("the type", started.JobType, kind),
		wantEqual("the job", gen.AsyncResponse{JobDocs: job.JobDocs, JobID: job.JobID, JobType: job.JobType, JobURL: job.JobURL}, *started),
		wantEqual("the account", job.AccountID, account),
		wantEqual("the status", job.Status, gen.JobStatusSucceeded),
		wantEqual("the error", job.Error.Valid, false),
	); err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	if job.Created <= 0 || job.LastUpdated < job.Created {
		return fmt.Errorf("%s: created %d, last updated %d", operation, job.Created, job.LastUpdated)
	}
	cancelled, err := s.api.CancelJobWithResponse(s.ctx, account, kind, started.JobID) // it is over already
	return wantResult("CancelJob", cancelled, err, 204)
}

// batches does everything that runs as a job, and compares what is there afterwards.
func (s *session) batches() error {
	folder, err := s.newFolder("/from/a", "/from/b/c")
	if err != nil {
		return err
	}
	for _, batch := range []struct {
		operation string
		do        func(folder string) (*gen.AsyncResponse, error)
		kind      gen.JobType
		want      string // what is in the folder afterwards
	}{
		{"CopyFileBatch", s.copyFileBatch, gen.JobTypeCopyFileBatch, "/2 /3 /from/a /from/b/c"},
		{"DeleteFileBatch", s.deleteFileBatch, gen.JobTypeDeleteFileBatch, "/from/a /from/b/c"},
		{"CopyFolder", s.copyFolder, gen.JobTypeCopyFolderBatch, "/from/a /from/b/c /to/a /to/b/c"},
		{"CopyFolderBatch", s.copyFolderBatch, gen.JobTypeCopyFolderBatch, "/3/a /4/a /from/a /from/b/c /to/a /to/b/c"},
		{"DeleteFolder", s.deleteFolder, gen.JobTypeDeleteFolderBatch, "/3/a /4/a /from/a /from/b/c"},
		{"DeleteFolderBatch", s.deleteFolderBatch, gen.JobTypeDeleteFolderBatch, "/from/b/c"},
		{"ResetCache", s.resetCache, gen.JobTypeResetCache, "/from/b/c"},
	} {
		started, err := batch.do(folder)
		if err != nil {
			return err
		}
		if err := s.started(batch.operation, started, batch.kind); err != nil {
			return err
		}
		got, err := s.list(gen.ListFolderParams{FolderPath: folder, Recursive: new(true)})
		if err := firstError(err, wantEqual("the folder after "+batch.operation, got, batch.want)); err != nil {
			return err
		}
	}
	return s.recentJobs()
}

// recentJobs lists jobs of one type and of several.
func (s *session) recentJobs() error {
	for _, kinds := range [][]gen.JobType{{gen.JobTypeResetCache}, {gen.JobTypeDeleteFolderBatch, gen.JobTypeCopyFolderBatch}} {
		recent, err := s.api.ListRecentJobsWithResponse(s.ctx, account, &gen.ListRecentJobsParams{JobType: kinds})
		if err := wantResult("ListRecentJobs", recent, err, 200); err != nil {
			return err
		}
		var seen []gen.JobType
		for _, job := range recent.JSON200.Items {
			seen = append(seen, job.JobType)
		}
		for _, kind := range gen.JobTypes() {
			if slices.Contains(kinds, kind) != slices.Contains(seen, kind) {
				return fmt.Errorf("jobs of the types %v: %v", kinds, seen)
			}
		}
	}
	return nil
}

func (s *session) copyFileBatch(folder string) (*gen.AsyncResponse, error) {
	result, err := s.api.CopyFileBatchWithResponse(s.ctx, account, gen.CopyFileBatchRequest{Files: []gen.CopyFileRequest{
		{Source: folder + "/from/a", Destination: folder + "/2"}, {Source: folder + "/2", Destination: folder + "/3"},
	}})
	if err := wantResult("CopyFileBatch", result, err, 200); err != nil {
		return nil, err
	}
	return result.JSON200, nil
}

func (s *session) deleteFileBatch(folder string) (*gen.AsyncResponse, error) {
	result, err := s.api.DeleteFileBatchWithResponse(s.ctx, account, gen.DeleteFileBatchRequest{Files: []string{folder + "/2", folder + "/3"}})
	if err := wantResult("DeleteFileBatch", result, err, 200); err != nil {
		return nil, err
	}
	return result.JSON200, nil
}

func (s *session) copyFolder(folder string) (*gen.AsyncResponse, error) {
	result, err := s.api.CopyFolderWithResponse(s.ctx, account, gen.CopyFolderRequest{
		Source: folder + "/from", Destination: folder + "/to", CopyFiles: new(true), CopyOverriddenStorage: true, CopyVirtualFolders: new(false),
		Recursive: new(true), Metadata: &gen.CopyableFileMetadata{Value: gen.Metadata{"a": "b"}}, Tags: &gen.CopyableFileTags{Value: []string{"t"}},
	})
	if err := wantResult("CopyFolder", result, err, 200); err != nil {
		return nil, err
	}
	return result.JSON200, nil
}

func (s *session) copyFolderBatch(folder string) (*gen.AsyncResponse, error) {
	result, err := s.api.CopyFolderBatchWithResponse(s.ctx, account, gen.CopyFolderBatchRequest{Folders: []gen.CopyFolderRequest{
		{Source: folder + "/from", Destination: folder + "/3", Recursive: new(false)}, {Source: folder + "/3", Destination: folder + "/4"},
	}})
	if err := wantResult("CopyFolderBatch", result, err, 200); err != nil {
		return nil, err
	}
	return result.JSON200, nil
}

func (s *session) deleteFolder(folder string) (*gen.AsyncResponse, error) {
	result, err := s.api.DeleteFolderWithResponse(s.ctx, account, gen.DeleteFolderRequest{
		FolderPath: folder + "/to", DeleteFiles: new(true), DeleteVirtualFolders: new(true), Recursive: new(true),
	})
	if err := wantResult("DeleteFolder", result, err, 200); err != nil {
		return nil, err
	}
	return result.JSON200, nil
}

func (s *session) deleteFolderBatch(folder string) (*gen.AsyncResponse, error) {
	result, err := s.api.DeleteFolderBatchWithResponse(s.ctx, account, gen.DeleteFolderBatchRequest{Folders: []gen.DeleteFolderRequest{
		{FolderPath: folder + "/3"}, {FolderPath: folder + "/4"}, {FolderPath: folder + "/from", Recursive: new(false)},
	}})
	if err := wantResult("DeleteFolderBatch", result, err, 200); err != nil {
		return nil, err
	}
	return result.JSON200, nil
}

func (s *session) resetCache(folder string) (*gen.AsyncResponse, error) {
	result, err := s.api.ResetCacheWithResponse(s.ctx, account, gen.ResetCacheRequest{
		Pattern: "/raw" + folder + "/*", ResetEdgeCache: true, ResetPermanentCache: true,
	})
	if err := wantResult("ResetCache", result, err, 200); err != nil {
		return nil, err
	}
	return result.JSON200, nil
}
