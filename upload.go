package bytescale

import (
	"context"
	"errors"
	"fmt"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/source"
	"github.com/c88edac7/bytescale-go/internal/transfer"
)

// Progress says how far an upload has come. All fields are bytes.
type Progress struct {
	// Sent counts the bytes that were handed to the network. A part that has to
	// be sent again counts again, so Sent may end above Total. It never goes back.
	Sent int64
	// InFlight counts the bytes of parts that were handed to the network and are
	// not confirmed yet. It goes back by what has to be sent again, so that
	// Confirmed + InFlight, which is never above Total, is what a progress bar can
	// show.
	InFlight int64
	// Confirmed counts the bytes of the parts that the service has confirmed
	// (CompleteUploadPart), also before a resumed upload was interrupted. It never
	// goes back and ends exactly at Total.
	Confirmed int64
	// Total is the size of the file.
	Total int64
}

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
	in, err := source.input(ctx, c.engine.Budget)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	request, err := settings.beginRequest(in.Size, source.name)
	if err != nil {
		return nil, err
	}

	u := c.newUpload(in, settings.progress)
	defer u.end()
	if err := u.run(ctx, request, settings.checkpoint); err != nil {
		return nil, u.failure(ctx, err)
	}
	return &u.file, nil
}

// upload is one upload under way, as its caller sees it.
type upload struct {
	client     *Client
	in         *source.Opened
	transfer   *transfer.Upload
	id         string // empty until the service has given it one
	file       FileDetails
	checkpoint *Checkpoint
}

func (c *Client) newUpload(in *source.Opened, progress func(Progress)) *upload {
	var report func(transfer.Counts)
	if progress != nil {
		report = func(n transfer.Counts) { progress(Progress(n)) }
	}
	return &upload{client: c, in: in, transfer: c.engine.NewUpload(in, report)}
}

func (u *upload) end() { u.transfer.End() }

// run begins an upload and sends its parts.
func (u *upload) run(ctx context.Context, request gen.BeginMultipartUploadRequest, save func(Checkpoint) error) error {
	count, err := u.begin(ctx, request)
	if err != nil {
		return err
	}
	if count > 1 {
		if err := u.takeCheckpoint(ctx, count, save); err != nil {
			return err
		}
	}
	stored, err := u.transfer.Send(ctx)
	return u.stored(stored, err)
}

// begin starts the upload and returns the number of its parts. A begin
// whose answer was lost is repeated: an upload that is never completed leaves no
// file.
func (u *upload) begin(ctx context.Context, request gen.BeginMultipartUploadRequest) (parts int64, err error) {
	var answer *gen.BeginMultipartUploadResponse
	if err := u.transfer.Call(ctx, operation.BeginMultipartUpload, func(ctx context.Context) (err error) {
		answer, err = u.client.service.begin(ctx, request)
		return err
	}); err != nil {
		return 0, err
	}
	if !plainID(answer.UploadID) {
		return 0, fmt.Errorf("%w: %s: upload id %q", ErrProtocol, operation.BeginMultipartUpload, answer.UploadID)
	}
	u.id, u.file = answer.UploadID, newFileDetails(answer.File)
	// The file to come has no etag yet, whatever stood at its path may have one;
	// and its size is what we have announced.
	u.file.ETag, u.file.Size = "", u.in.Size
	parts = answer.UploadParts.Count
	return parts, u.transfer.Begun(u.id, parts, partOf(answer.UploadParts.First), u.target())
}

// target is the file to come as the engine knows it.
func (u *upload) target() transfer.File {
	return transfer.File{Path: u.file.FilePath, Size: u.file.Size, ETag: u.file.ETag, Modified: u.file.LastModified}
}

// stored takes over what the engine found out about the stored file.
func (u *upload) stored(file transfer.File, err error) error {
	if err == nil {
		u.file.ETag, u.file.LastModified = file.ETag, file.Modified
	}
	return err
}

// takeCheckpoint notes what is needed to resume and hands it to the caller.
func (u *upload) takeCheckpoint(ctx context.Context, parts int64, save func(Checkpoint) error) error {
	source, err := u.in.Identify(ctx)
	if err != nil {
		return err
	}
	state := checkpointState{
		Version:   checkpointVersion,
		APIURL:    u.client.checkpointURL(),
		AccountID: u.client.accountID,
		UploadID:  u.id,
		PartCount: parts,
		File:      u.file,
		Source:    fingerprint(source),
	}
	if state.Code, err = u.client.checkpointKey.code(state); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	u.checkpoint = &Checkpoint{state}
	if save == nil {
		return nil
	}
	if err := save(*u.checkpoint); err != nil {
		return fmt.Errorf("save checkpoint: %w", err)
	}
	return nil
}

// failure is the error that Upload and Resume return.
func (u *upload) failure(ctx context.Context, err error) error {
	if u.id == "" {
		return err
	}
	failed := &UploadError{UploadID: u.id, Part: -1, Start: -1, End: -1, Err: err}
	if part, ok := err.(*transfer.PartError); ok { //nolint:errorlint // the engine's own, not one that it wraps
		failed.Part, failed.Start, failed.End = part.Index, part.Start, part.End
		failed.Attempts, failed.Err = part.Attempts, part.Err
	}
	if ctx.Err() != nil && !errors.Is(failed.Err, ctx.Err()) {
		// A part failed and the caller gave up: both hold.
		failed.Err = fmt.Errorf("%w: %w", ctx.Err(), failed.Err)
	}
	failed.MayExist = u.transfer.MayExist()
	failed.Checkpoint = u.checkpoint
	return failed
}
