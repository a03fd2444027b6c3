package fake

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
	"github.com/c88edac7/bytescale-go/internal/fake/tasks"
	"github.com/c88edac7/bytescale-go/internal/fakeapi"
)

// rawFile is the transformation that leaves a file as it is.
const rawFile = "raw"

// CopyFile implements the operation of this name.
func (o operations) CopyFile(ctx context.Context, request fakeapi.CopyFileRequestObject) (fakeapi.CopyFileResponseObject, error) {
	file, err := o.copyOf(ctx, *request.Body)
	if err != nil {
		return nil, err
	}
	target := tasks.Target{Store: o.store, Account: request.AccountID}
	planned, err := target.Plan(file)
	if err != nil {
		return nil, err
	}
	changed, err := o.store.Apply(request.AccountID, store.Changes{Copies: []store.Copy{planned}})
	switch {
	case errors.Is(err, store.ErrTaken):
		return nil, &refusal.Error{Code: refusal.FileExists}
	case err != nil:
		return nil, fmt.Errorf("copying the file: %w", err)
	case !changed.Copied[0]:
		return nil, &refusal.Error{Code: refusal.FileNotFound}
	}
	return fakeapi.CopyFile200JSONResponse{Status: gen.CopyFileResponseStatusCopied}, nil
}

// copyOf checks one file to copy.
func (s *Server) copyOf(ctx context.Context, wanted gen.CopyFileRequest) (tasks.FileCopy, error) {
	who := callerOf(ctx)
	if !who.granted(wanted.Source, downloadFile(rawFile)) || !who.granted(wanted.Destination, createFile) {
		return tasks.FileCopy{}, &refusal.Error{Code: refusal.PermissionDenied}
	}
	if err := s.checkInternal(who.account, wanted.Source); err != nil {
		return tasks.FileCopy{}, err
	}
	data, err := copyData(&who, wanted.Metadata, wanted.Tags)
	if err != nil {
		return tasks.FileCopy{}, err
	}
	file := tasks.FileCopy{
		Source: wanted.Source, Destination: wanted.Destination, Overwrite: who.mayOverwrite(wanted.Destination), Data: data,
	}
	if _, err := s.store.File(who.account, file.Destination); err == nil && !file.Overwrite {
		return tasks.FileCopy{}, &refusal.Error{Code: refusal.FileExists}
	}
	return file, nil
}

// copyData reads what a copy gets for metadata and tags, if the caller may give it
// the tags.
func copyData(who *caller, metadata *gen.CopyableFileMetadata, tags *gen.CopyableFileTags) (data tasks.Data, err error) {
	if metadata != nil {
		data.Metadata = &tasks.Metadata{Merge: metadata.Merge}
		if metadata.Value != nil {
			if data.Metadata.Value, err = compactMetadata(metadata.Value); err != nil {
				return tasks.Data{}, err
			}
		}
	}
	if tags != nil {
		if err := who.checkTags(tags.Value); err != nil {
			return tasks.Data{}, err
		}
		data.Tags = &tasks.Tags{Merge: tags.Merge, Value: tags.Value}
	}
	return data, nil
}

// CopyFileBatch implements the operation of this name.
func (o operations) CopyFileBatch(ctx context.Context, request fakeapi.CopyFileBatchRequestObject) (fakeapi.CopyFileBatchResponseObject, error) {
	work := &tasks.FileCopies{Target: tasks.Target{Store: o.store, Account: request.AccountID}}
	for _, wanted := range request.Body.Files {
		file, err := o.copyOf(ctx, wanted)
		if err != nil {
			return nil, err
		}
		work.Files = append(work.Files, file)
	}
	started, err := o.start(ctx, gen.JobTypeCopyFileBatch, work)
	return fakeapi.CopyFileBatch200JSONResponse{JobStartedJSONResponse: fakeapi.JobStartedJSONResponse(started)}, err
}

// CopyFolder implements the operation of this name.
func (o operations) CopyFolder(ctx context.Context, request fakeapi.CopyFolderRequestObject) (fakeapi.CopyFolderResponseObject, error) {
	started, err := o.copyFolders(ctx, []gen.CopyFolderRequest{*request.Body})
	return fakeapi.CopyFolder200JSONResponse{JobStartedJSONResponse: started}, err
}

// CopyFolderBatch implements the operation of this name.
func (o operations) CopyFolderBatch(ctx context.Context, request fakeapi.CopyFolderBatchRequestObject) (fakeapi.CopyFolderBatchResponseObject, error) {
	started, err := o.copyFolders(ctx, request.Body.Folders)
	return fakeapi.CopyFolderBatch200JSONResponse{JobStartedJSONResponse: started}, err
}

func (s *Server) copyFolders(ctx context.Context, wanted []gen.CopyFolderRequest) (fakeapi.JobStartedJSONResponse, error) {
	work := &tasks.FolderCopies{Target: tasks.Target{Store: s.store, Account: callerOf(ctx).account}}
	for _, folder := range wanted {
		checked, err := s.folderCopyOf(ctx, folder)
		if err != nil {
			return fakeapi.JobStartedJSONResponse{}, err
		}
		work.Folders = append(work.Folders, checked)
	}
	started, err := s.start(ctx, gen.JobTypeCopyFolderBatch, work)
	return fakeapi.JobStartedJSONResponse(started), err
}

// folderCopyOf checks one folder to copy.
func (s *Server) folderCopyOf(ctx context.Context, wanted gen.CopyFolderRequest) (tasks.FolderCopy, error) {
	who := callerOf(ctx)
	folder := tasks.FolderCopy{
		Source: wanted.Source, Destination: wanted.Destination, Files: enabled(wanted.CopyFiles),
		OverriddenStorage: wanted.CopyOverriddenStorage, VirtualFolders: enabled(wanted.CopyVirtualFolders),
		Recursive: enabled(wanted.Recursive), Overwrite: who.grantedIn(wanted.Destination, enabled(wanted.Recursive), overwriteFile),
	}
	folders := folder.Recursive && folder.VirtualFolders
	switch {
	case folder.OverriddenStorage && folder.VirtualFolders:
		return folder, &refusal.Error{Code: refusal.OptionsConflict}
	case strings.HasPrefix(store.Below(folder.Destination), store.Below(folder.Source)):
		return folder, &refusal.Error{Code: refusal.CopyIntoItself}
	case folder.Files && !who.grantedIn(folder.Source, folder.Recursive, downloadFile(rawFile)),
		folder.Files && !who.grantedIn(folder.Destination, folder.Recursive, createFile),
		folders && !who.granted(folder.Destination, createVirtualFolder),
		folders && !who.grantedBelow(folder.Destination, createVirtualFolder):
		return folder, &refusal.Error{Code: refusal.PermissionDenied}
	}
	var err error
	folder.Data, err = copyData(&who, wanted.Metadata, wanted.Tags)
	return folder, err
}
