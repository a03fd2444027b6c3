package bytescale

import (
	"context"
	"fmt"
)

// Resume continues the upload of a checkpoint. It asks the service which parts are
// missing (ListUploadParts) and sends those. The source must be of the same kind
// and content as the one that the checkpoint was taken from. A [Reader] is read
// past the bytes that the service has.
//
// Resume returns [ErrSourceChanged] if the source is not the one of the
// checkpoint, [ErrUploadUnknown] if the service has forgotten the upload, and an
// [*ArgumentError] that is [ErrCheckpoint] if this client cannot use the
// checkpoint. In all three cases begin again with [Client.Upload]. Otherwise it
// behaves like Upload, also when ctx ends. Where the file goes and what is stored with it was settled
// when the upload began, so only a [ResumeOption] may be given.
func (c *Client) Resume(ctx context.Context, checkpoint Checkpoint, source Source, options ...ResumeOption) (*FileDetails, error) {
	settings, err := newTransferSettings(options)
	if err != nil {
		return nil, err
	}
	if err := checkpoint.check(c); err != nil {
		return nil, err
	}
	u, ctx := c.newUpload(ctx, settings.progress)
	u.id, u.file, u.checkpoint = checkpoint.state.UploadID, checkpoint.state.File, &checkpoint
	return u.do(ctx, source, func() error { return u.resume(ctx) })
}

// resume checks the source and sends the parts that the service lacks.
func (u *upload) resume(ctx context.Context) error {
	now, err := u.in.Identify(ctx)
	if err != nil {
		return err
	}
	if !fingerprint(now).equal(u.checkpoint.state.Source) {
		return fmt.Errorf("%w: it is not the one of the checkpoint", ErrSourceChanged)
	}
	stored, err := u.transfer.Resume(ctx, u.id, u.checkpoint.state.PartCount, u.target())
	return u.stored(stored, err)
}
