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
// checkpoint. In all three cases begin again with [Client.Upload]; [WithResume] does
// all of it. Otherwise Resume behaves like Upload, also when ctx ends. Where the file goes and
// what is stored with it was settled when the upload began, so only a [ResumeOption] may be
// given.
func (c *Client) Resume(ctx context.Context, checkpoint Checkpoint, source Source, options ...ResumeOption) (*FileDetails, error) {
	settings, err := newTransferSettings(options)
	if err != nil {
		return nil, err
	}
	if err := checkpoint.check(c); err != nil {
		return nil, err
	}
	u, ctx := c.newUpload(ctx, settings)
	u.takeOver(&checkpoint)
	return u.do(ctx, source, func() error { return u.resume(ctx) })
}

// takeOver makes the upload that of a checkpoint.
func (u *upload) takeOver(checkpoint *Checkpoint) {
	u.id, u.file, u.checkpoint = checkpoint.state.UploadID, checkpoint.state.File, checkpoint
}

// resume continues the upload of u.checkpoint.
func (u *upload) resume(ctx context.Context) error {
	todo, err := u.pickUp(ctx)
	if err != nil {
		return err
	}
	return u.stored(u.transfer.SendMissing(ctx, todo))
}

// pickUp checks that the source is the one of the checkpoint, and returns the parts that the
// service lacks.
func (u *upload) pickUp(ctx context.Context) (todo []int64, err error) {
	now, err := u.in.Identify(ctx)
	if err != nil {
		return nil, err
	}
	if !fingerprint(now).equal(u.checkpoint.state.Source) {
		return nil, fmt.Errorf("%w: it is not the one of the checkpoint", ErrSourceChanged)
	}
	return u.transfer.Continue(ctx, u.id, u.checkpoint.state.PartCount, u.target())
}
