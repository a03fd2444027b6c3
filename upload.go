package bytescale

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/source"
	"github.com/c88edac7/bytescale-go/internal/transfer"
)

// Progress is how far an upload or a download has come. All fields are bytes. In a download,
// Sent are the bytes that came, Confirmed are those in their place, and InFlight is 0, unless
// a break would start the download over: then InFlight are all that came, until the end.
type Progress struct {
	// Sent counts the bytes handed to the network. A part that is sent again counts again,
	// so Sent may end above Total. It never decreases.
	Sent int64
	// InFlight counts the bytes handed to the network whose parts are not confirmed. It
	// decreases by what has to be sent again. A progress bar can show Confirmed + InFlight,
	// which is never above Total.
	InFlight int64
	// Confirmed counts the bytes of the parts that the service has confirmed
	// (CompleteUploadPart), including those before a resumed upload was interrupted. It
	// never decreases and ends exactly at Total.
	Confirmed int64
	// Total is the size of the file; -1 as long as a download does not know it. For a
	// directory it is the size of the files that were found so far, and grows.
	Total int64
}

// Upload stores the bytes of source as a file and returns its details, with the etag of the
// stored file. The file exists when Upload returns without an error. Otherwise it does not,
// unless [UploadError.MayExist] is set. It never exists in part. A file that had its path before
// is replaced, if the credentials may overwrite files, as secret keys may; see [WithPath].
//
// Several parts are sent at a time; see [NewClient] for the limits that all uploads of a
// client share. A file or [io.ReaderAt] costs no buffers. A plain stream takes its buffers
// from the client's budget ([WithBufferBudget]). Transient failures are retried: lost
// connections, stalled transfers, expired URLs, and answers that ask to wait. ETag is empty
// if the answer to the last completion was lost and the credentials may not call
// GetFileDetails.
//
// An invalid argument is an [*ArgumentError] and nothing is sent. A source that cannot be
// opened or read is a [*SourceError]. Once the service has given the upload an id, every error
// is an [*UploadError], which wraps the others; so is that of a single request which may have
// stored the file ([WithSingleRequest]). When ctx ends, Upload stops sending, waits for
// a Read of the source that is in progress, and returns an error that wraps ctx.Err(), its
// cause and the last failure; see Contexts in the package documentation. When Upload returns,
// no goroutine, request or temporary file of it is left.
//
// Operations: BeginMultipartUpload, GetUploadPart, the PUTs to UploadPart.uploadUrl,
// CompleteUploadPart, and, if an answer is lost, ListUploadParts and GetFileDetails. With
// [WithSingleRequest], BasicUpload instead.
func (c *Client) Upload(ctx context.Context, source Source, options ...UploadOption) (*FileDetails, error) {
	settings, err := newUploadSettings(options)
	if err != nil {
		return nil, err
	}
	u, ctx := c.newUpload(ctx, settings.transferSettings)
	return u.do(ctx, source, func() error {
		if path := u.singlePath(ctx, &settings); path != "" {
			return u.runSingle(ctx, path, settings.mime)
		}
		request, err := settings.beginRequest(u.in.Size, source.name)
		if err != nil {
			return err
		}
		if settings.resume.store == nil {
			return u.run(ctx, request, settings.checkpoint)
		}
		return u.runResumable(ctx, request, &settings)
	})
}

// upload is one upload as its caller sees it: the engine's upload and the types of this
// package around it.
type upload struct {
	client     *Client
	settings   transferSettings
	in         *source.Opened
	digest     *source.Digest // nil without WithSHA256
	transfer   *transfer.Upload
	id         string // empty until the service has given it one
	file       FileDetails
	binding    func() (string, error) // of the checkpoint to the key of a store and to the options; nil without a store
	checkpoint *Checkpoint
}

// newUpload returns an upload, and a context that belongs to it.
func (c *Client) newUpload(ctx context.Context, settings transferSettings) (*upload, context.Context) {
	return &upload{client: c, settings: settings}, operation.WithTransfer(ctx)
}

// do does the upload with the opened source, between the events that report its start
// and its end.
func (u *upload) do(ctx context.Context, from Source, send func() error) (*FileDetails, error) {
	e := Event{Kind: EventUploadStart, Context: ctx, Start: time.Now(), UploadID: u.id, Part: -1}
	u.client.emit(e)
	err := u.withSource(ctx, from, send)
	e.Kind, e.Duration, e.UploadID, e.FilePath, e.Err = EventUploadEnd, time.Since(e.Start), u.id, u.file.FilePath, err
	if u.in != nil {
		e.Bytes = u.in.Size
	}
	u.client.emit(e)
	if err != nil {
		return nil, err
	}
	return &u.file, nil
}

func (u *upload) withSource(ctx context.Context, from Source, send func() error) error {
	in, err := from.input(ctx, reading{budget: u.client.engine.Budget, limit: u.settings.readLimit})
	if err != nil {
		return u.failure(ctx, err)
	}
	defer in.Close()
	u.in = in
	if u.settings.sha256 {
		u.digest = in.Digest(ctx)
		defer u.digest.Stop()
	}
	u.transfer = u.client.engine.NewUpload(in, u.report())
	defer func() { u.transfer.End() }() // of the last one: see startAfresh
	err = send()
	if err == nil && u.digest != nil {
		u.file.SHA256, err = u.digest.Sum(ctx)
	}
	return u.failure(ctx, err)
}

// report returns the function that gets the counts of the engine, nil if nobody wants them.
func (u *upload) report() func(transfer.Counts) {
	progress := u.settings.progress
	if progress == nil && u.digest == nil {
		return nil
	}
	return func(n transfer.Counts) {
		if u.digest != nil {
			u.digest.Advance(n.Confirmed)
		}
		if progress != nil {
			progress(Progress(n))
		}
	}
}

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
	return u.stored(u.transfer.Send(ctx))
}

// singlePath returns the path to store the file at by a single request, empty for parts.
func (u *upload) singlePath(ctx context.Context, s *uploadSettings) string {
	if s.single == 0 || u.in.Size > s.single {
		return ""
	}
	path, err := s.singlePath(u.in)
	if err != nil {
		u.client.emit(Event{Kind: EventNoSingleRequest, Context: ctx, Part: -1, Bytes: max(0, u.in.Size), Err: err})
	}
	return path
}

// runSingle stores the file by a single request.
func (u *upload) runSingle(ctx context.Context, path, mime string) error {
	var answer StoredFile
	_, err := u.transfer.SendWhole(ctx, transfer.Whole{
		Path: path,
		Send: func(ctx context.Context, body func() (io.ReadCloser, error)) (_ transfer.File, err error) {
			answer, err = u.client.service.store(ctx, path, mime, u.in.Size, body)
			return transfer.File{Path: answer.FilePath, ETag: answer.ETag}, err
		},
		Arrived: mayHaveArrived,
	})
	if err != nil {
		return err
	}
	u.file = FileDetails{
		AccountID: answer.AccountID, ETag: answer.ETag, FilePath: answer.FilePath, FileURL: answer.FileURL,
		MIME: mime, Size: u.in.Size, Metadata: map[string]any{}, Tags: []string{},
	}
	return nil
}

// begin begins the upload and returns the number of its parts. It repeats a begin whose
// answer was lost, because an upload that is never completed leaves no file.
func (u *upload) begin(ctx context.Context, request gen.BeginMultipartUploadRequest) (parts int64, err error) {
	var answer *begun
	if err := u.transfer.Call(ctx, operation.BeginMultipartUpload, func(ctx context.Context) (err error) {
		answer, err = u.client.service.begin(ctx, request)
		return err
	}); err != nil {
		return 0, err
	}
	if !plainID(answer.uploadID) {
		return 0, answerError(operation.BeginMultipartUpload, "upload id")
	}
	u.id, u.file = answer.uploadID, newFileDetails(answer.file)
	// The answer may describe the file being replaced. The file to come has no etag yet,
	// and its size is the announced one.
	u.file.ETag, u.file.Size = "", u.in.Size
	return answer.count, u.transfer.Begun(u.id, answer.count, answer.first, u.target())
}

// target returns the file to come in the engine's type.
func (u *upload) target() transfer.File {
	return transfer.File{Path: u.file.FilePath, Size: u.file.Size, ETag: u.file.ETag, Modified: u.file.LastModified}
}

// stored takes over what the engine knows about the stored file.
func (u *upload) stored(file transfer.File, err error) error {
	if err == nil {
		u.file.ETag, u.file.LastModified = file.ETag, file.Modified
	}
	return err
}

// takeCheckpoint makes the checkpoint and passes it to save.
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
		Begun:     time.Now().UTC().Truncate(time.Second),
	}
	if u.binding != nil {
		if state.Binding, err = u.binding(); err != nil {
			return err
		}
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

// failure returns the error of Upload and Resume.
func (u *upload) failure(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if u.id == "" && (u.transfer == nil || !u.transfer.MayExist()) {
		return withContext(ctx, publicError(err))
	}
	failed := &UploadError{UploadID: u.id, Part: -1, Start: -1, End: -1, Err: err}
	if part, ok := err.(*transfer.PartError); ok { //nolint:errorlint // the engine's own error, which nothing wraps
		failed.Part, failed.Start, failed.End = part.Index, part.Start, part.End
		failed.Attempts, failed.Err = part.Attempts, part.Err
	}
	failed.Err = withContext(ctx, publicError(failed.Err))
	failed.MayExist = u.transfer.MayExist()
	failed.Checkpoint = u.checkpoint
	return failed
}
