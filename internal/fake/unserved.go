package fake

import (
	"context"

	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fakeapi"
)

// errNotServed answers the operations that the fake does not have yet.
var errNotServed = &refusal.Error{Code: refusal.Code{Name: "not_served", Status: 501, Meaning: "The fake does not serve this operation yet."}}

// CancelJob implements the operation of this name.
func (o operations) CancelJob(context.Context, fakeapi.CancelJobRequestObject) (fakeapi.CancelJobResponseObject, error) {
	return nil, errNotServed
}

// CopyFile implements the operation of this name.
func (o operations) CopyFile(context.Context, fakeapi.CopyFileRequestObject) (fakeapi.CopyFileResponseObject, error) {
	return nil, errNotServed
}

// CopyFileBatch implements the operation of this name.
func (o operations) CopyFileBatch(context.Context, fakeapi.CopyFileBatchRequestObject) (fakeapi.CopyFileBatchResponseObject, error) {
	return nil, errNotServed
}

// CopyFolder implements the operation of this name.
func (o operations) CopyFolder(context.Context, fakeapi.CopyFolderRequestObject) (fakeapi.CopyFolderResponseObject, error) {
	return nil, errNotServed
}

// CopyFolderBatch implements the operation of this name.
func (o operations) CopyFolderBatch(context.Context, fakeapi.CopyFolderBatchRequestObject) (fakeapi.CopyFolderBatchResponseObject, error) {
	return nil, errNotServed
}

// DeleteFileBatch implements the operation of this name.
func (o operations) DeleteFileBatch(context.Context, fakeapi.DeleteFileBatchRequestObject) (fakeapi.DeleteFileBatchResponseObject, error) {
	return nil, errNotServed
}

// DeleteFolder implements the operation of this name.
func (o operations) DeleteFolder(context.Context, fakeapi.DeleteFolderRequestObject) (fakeapi.DeleteFolderResponseObject, error) {
	return nil, errNotServed
}

// DeleteFolderBatch implements the operation of this name.
func (o operations) DeleteFolderBatch(context.Context, fakeapi.DeleteFolderBatchRequestObject) (fakeapi.DeleteFolderBatchResponseObject, error) {
	return nil, errNotServed
}

// GetFolderDetails implements the operation of this name.
func (o operations) GetFolderDetails(context.Context, fakeapi.GetFolderDetailsRequestObject) (fakeapi.GetFolderDetailsResponseObject, error) {
	return nil, errNotServed
}

// GetJob implements the operation of this name.
func (o operations) GetJob(context.Context, fakeapi.GetJobRequestObject) (fakeapi.GetJobResponseObject, error) {
	return nil, errNotServed
}

// ListFolder implements the operation of this name.
func (o operations) ListFolder(context.Context, fakeapi.ListFolderRequestObject) (fakeapi.ListFolderResponseObject, error) {
	return nil, errNotServed
}

// ListRecentJobs implements the operation of this name.
func (o operations) ListRecentJobs(context.Context, fakeapi.ListRecentJobsRequestObject) (fakeapi.ListRecentJobsResponseObject, error) {
	return nil, errNotServed
}

// PutFolder implements the operation of this name.
func (o operations) PutFolder(context.Context, fakeapi.PutFolderRequestObject) (fakeapi.PutFolderResponseObject, error) {
	return nil, errNotServed
}

// ResetCache implements the operation of this name.
func (o operations) ResetCache(context.Context, fakeapi.ResetCacheRequestObject) (fakeapi.ResetCacheResponseObject, error) {
	return nil, errNotServed
}
