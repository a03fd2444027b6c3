package fake

import (
	"context"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/tasks"
	"github.com/c88edac7/bytescale-go/internal/fakeapi"
)

// DeleteFileBatch implements the operation of this name.
func (o operations) DeleteFileBatch(ctx context.Context, request fakeapi.DeleteFileBatchRequestObject) (fakeapi.DeleteFileBatchResponseObject, error) {
	who := callerOf(ctx)
	for _, path := range request.Body.Files {
		if !who.granted(path, deleteFile) {
			return nil, &refusal.Error{Code: refusal.PermissionDenied}
		}
	}
	started, err := o.start(ctx, gen.JobTypeDeleteFileBatch, &tasks.FileDeletions{
		Target: tasks.Target{Store: o.store, Account: request.AccountID}, Paths: request.Body.Files,
	})
	return fakeapi.DeleteFileBatch200JSONResponse{JobStartedJSONResponse: fakeapi.JobStartedJSONResponse(started)}, err
}

// DeleteFolder implements the operation of this name.
func (o operations) DeleteFolder(ctx context.Context, request fakeapi.DeleteFolderRequestObject) (fakeapi.DeleteFolderResponseObject, error) {
	started, err := o.deleteFolders(ctx, []gen.DeleteFolderRequest{*request.Body})
	return fakeapi.DeleteFolder200JSONResponse{JobStartedJSONResponse: started}, err
}

// DeleteFolderBatch implements the operation of this name.
func (o operations) DeleteFolderBatch(ctx context.Context, request fakeapi.DeleteFolderBatchRequestObject) (fakeapi.DeleteFolderBatchResponseObject, error) {
	started, err := o.deleteFolders(ctx, request.Body.Folders)
	return fakeapi.DeleteFolderBatch200JSONResponse{JobStartedJSONResponse: started}, err
}

func (s *Server) deleteFolders(ctx context.Context, wanted []gen.DeleteFolderRequest) (fakeapi.JobStartedJSONResponse, error) {
	who := callerOf(ctx)
	work := &tasks.FolderDeletions{Target: tasks.Target{Store: s.store, Account: who.account}}
	for _, request := range wanted {
		folder := tasks.FolderDeletion{
			Path: request.FolderPath, Files: enabled(request.DeleteFiles),
			VirtualFolders: enabled(request.DeleteVirtualFolders), Recursive: enabled(request.Recursive),
		}
		if folder.Files && !who.grantedIn(folder.Path, folder.Recursive, deleteFile) ||
			folder.VirtualFolders && !who.granted(folder.Path, deleteVirtualFolder) ||
			folder.VirtualFolders && folder.Recursive && !who.grantedBelow(folder.Path, deleteVirtualFolder) {
			return fakeapi.JobStartedJSONResponse{}, &refusal.Error{Code: refusal.PermissionDenied}
		}
		work.Folders = append(work.Folders, folder)
	}
	started, err := s.start(ctx, gen.JobTypeDeleteFolderBatch, work)
	return fakeapi.JobStartedJSONResponse(started), err
}
