package bytescale

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// Resume goes on with the upload of a checkpoint: it asks the service which
// parts are still missing (ListUploadParts) and sends those. The source must be
// of the same kind and content as the one the checkpoint was taken from; a
// [Reader] is read past the bytes that the service has.
//
// It returns [ErrSourceChanged] when the source is not the one of the
// checkpoint, [ErrUploadUnknown] when the service has forgotten the upload (then
// begin afresh with [Client.Upload]), and an [*ArgumentError] when the checkpoint
// is for another server or account or cannot be read. Otherwise it behaves like
// Upload. Of the options only [WithProgress] may be given; all others, [WithCheckpoint]
// too, are an [*ArgumentError], since the service has been told already.
func (c *Client) Resume(ctx context.Context, checkpoint Checkpoint, source Source, options ...UploadOption) (*FileDetails, error) {
	settings, err := newUploadSettings(options)
	if err != nil {
		return nil, err
	}
	if err := settings.checkResume(); err != nil {
		return nil, err
	}
	if err := checkpoint.check(c); err != nil {
		return nil, err
	}
	in, err := source.input(ctx, c.engine.Budget)
	if err != nil {
		return nil, err
	}
	defer in.Close()

	u := c.newUpload(in, settings.progress)
	defer u.end()
	u.id, u.file, u.checkpoint = checkpoint.UploadID, checkpoint.File, &checkpoint
	if err := u.resume(ctx); err != nil {
		return nil, u.failure(ctx, err)
	}
	return &u.file, nil
}

// resume proves the source and sends what the service lacks of it.
func (u *upload) resume(ctx context.Context) error {
	now, err := u.in.Identify(ctx)
	if err != nil {
		return err
	}
	if !Fingerprint(now).equal(u.checkpoint.Source) {
		return fmt.Errorf("%w: it is not the one of the checkpoint", ErrSourceChanged)
	}
	stored, err := u.transfer.Resume(ctx, u.id, u.checkpoint.PartCount, u.target())
	return u.stored(stored, err)
}

// checkResume refuses the options that were settled when the upload began.
func (s *uploadSettings) checkResume() error {
	given := map[string]bool{
		"folderPath": s.folder != "", "fileName": s.fileName != "", "fileNameFallback": s.fallback != "",
		"path": s.path != "", "tags": len(s.tags) > 0, "metadata": s.metadata != nil, "mime": s.mime != "",
		"originalFileName": s.originalFileName != "", "checkpoint": s.checkpoint != nil,
	}
	for _, field := range slices.Sorted(maps.Keys(given)) {
		if given[field] {
			return refuse(field, "has no meaning for Resume: it was settled when the upload began")
		}
	}
	return nil
}
