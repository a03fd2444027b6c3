package bytescale

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

// Upload stores the bytes of source as a file and returns its details, with the
// etag of the stored file. The file exists when Upload returns without an error
// and, as far as the service tells, not otherwise; it is never there in part.
//
// Several parts are sent at a time; see [NewClient] for the limits that all
// uploads of a client share. A file or [io.ReaderAt] costs no buffers, a plain
// stream draws them from the client's budget ([WithBufferBudget]). What can pass
// is retried: lost connections, stalled transfers, expired URLs, answers that
// ask to wait. ETag is empty when the answer to the last completion was lost and
// GetFileDetails may not be called with these credentials.
//
// Bad arguments are refused with an [*ArgumentError] before anything is sent; a
// source that cannot be opened gives the error of opening it. Once the service
// has given the upload an id, every error is an [*UploadError]. When ctx is
// cancelled, Upload stops sending and returns an error that wraps ctx.Err(). No
// goroutine, request or temporary file of the upload is left after the return.
//
// Operations: BeginMultipartUpload, GetUploadPart, the PUTs to UploadPart.uploadUrl,
// CompleteUploadPart, and in doubt ListUploadParts and GetFileDetails.
func (c *Client) Upload(ctx context.Context, source Source, options ...UploadOption) (*FileDetails, error) {
	settings, err := newUploadSettings(options)
	if err != nil {
		return nil, err
	}
	in, err := source.input(ctx, c.budget)
	if err != nil {
		return nil, err
	}
	defer in.close()
	request, err := settings.beginRequest(in.size, source.name)
	if err != nil {
		return nil, err
	}

	t := newTransfer(c, in, settings.progress)
	defer t.end()
	file, err := t.upload(ctx, request, settings.checkpoint)
	if err != nil {
		return nil, t.failure(ctx, err)
	}
	return file, nil
}

// input opens the source.
func (s Source) input(ctx context.Context, b *budget) (*input, error) {
	if s.open == nil {
		return nil, refuse("source", "it is empty; make one with File, Bytes, ReaderAt, Reader or Stream")
	}
	return s.open(ctx, b)
}

// upload begins an upload, sends its parts and returns the stored file.
func (t *transfer) upload(ctx context.Context, request gen.BeginMultipartUploadRequest, save func(Checkpoint) error) (*FileDetails, error) {
	first, err := t.begin(ctx, request)
	if err != nil {
		return nil, err
	}
	if t.count > 1 {
		if err := t.takeCheckpoint(ctx, request, save); err != nil {
			return nil, err
		}
	}
	if err := t.send(ctx, newPlan(t.in.size, t.count, nil), first); err != nil {
		return nil, err
	}
	return t.finish(ctx)
}

// begin starts the upload and returns the descriptor of its first part. A begin
// whose answer was lost is repeated: an upload that is never completed leaves no
// file.
func (t *transfer) begin(ctx context.Context, request gen.BeginMultipartUploadRequest) (*held, error) {
	var answer *gen.BeginMultipartUploadResponse
	if err := t.call(ctx, operation.BeginMultipartUpload, func(ctx context.Context) (err error) {
		answer, err = t.service.begin(ctx, request)
		return err
	}); err != nil {
		return nil, err
	}
	if !plainID(answer.UploadID) {
		return nil, fmt.Errorf("%w: %s: upload id %q", ErrProtocol, operation.BeginMultipartUpload, answer.UploadID)
	}
	t.uploadID, t.count = answer.UploadID, answer.UploadParts.Count
	t.file = newFileDetails(answer.File)
	// The file to come has no etag yet, whatever stood at its path may have one;
	// and its size is what we have announced.
	t.file.ETag, t.file.Size = "", t.in.size
	first := partOf(answer.UploadParts.First)
	switch {
	case t.count < 1 || t.count > max(1, t.in.size):
		return nil, fmt.Errorf("%w: %s: %d parts for %d bytes", ErrProtocol, operation.BeginMultipartUpload, t.count, t.in.size)
	case first.index < 0 || first.index >= t.count:
		return nil, fmt.Errorf("%w: %s: first part is %d of %d", ErrProtocol, operation.BeginMultipartUpload, first.index, t.count)
	}
	if err := t.checkPart(operation.BeginMultipartUpload, first); err != nil {
		return nil, err
	}
	return hold(first), nil
}

// takeCheckpoint notes what is needed to resume and hands it to the caller.
func (t *transfer) takeCheckpoint(ctx context.Context, request gen.BeginMultipartUploadRequest, save func(Checkpoint) error) error {
	source, err := t.in.fingerprint(ctx)
	if err != nil {
		return err
	}
	body, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	t.checkpoint = &Checkpoint{
		Version:   checkpointVersion,
		APIURL:    t.client.checkpointURL(),
		AccountID: t.client.accountID,
		Request:   body,
		File:      t.file,
		UploadID:  t.uploadID,
		PartCount: t.count,
		Source:    source,
	}
	if save == nil {
		return nil
	}
	if err := save(*t.checkpoint); err != nil {
		return fmt.Errorf("save checkpoint: %w", err)
	}
	return nil
}

// failure is the error that Upload and Resume return.
func (t *transfer) failure(ctx context.Context, err error) error {
	if t.uploadID == "" {
		return err
	}
	failed, ours := err.(*UploadError) //nolint:errorlint // one that is wrapped is the caller's own
	if !ours {
		failed = &UploadError{Part: -1, Start: -1, End: -1, Err: err}
	}
	if ctx.Err() != nil && !errors.Is(failed.Err, ctx.Err()) {
		// A part failed and the caller gave up: both hold.
		failed.Err = fmt.Errorf("%w: %w", ctx.Err(), failed.Err)
	}
	failed.UploadID = t.uploadID
	failed.MayExist = t.uncertain
	failed.Checkpoint = t.checkpoint
	return failed
}
