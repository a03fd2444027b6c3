package bytescaleblob

import (
	"context"
	"errors"
	"io"

	"gocloud.dev/blob/driver"

	"github.com/c88edac7/bytescale-go"
)

// writer hands what is written to an upload.
type writer struct {
	*io.PipeWriter
	ended chan error
}

func (b *bucket) NewTypedWriter(ctx context.Context, key, contentType string, opts *driver.WriterOptions) (driver.Writer, error) {
	if key == "" {
		return nil, errNoKey
	}
	path := b.path(key)
	options := []bytescale.UploadOption{bytescale.WithPath(path), bytescale.WithMetadata(metadataOf(contentType, opts))}
	if serviceMIME.MatchString(contentType) {
		options = append(options, bytescale.WithMIME(contentType))
	}
	if opts.BeforeWrite != nil {
		if err := opts.BeforeWrite(as(&options)); err != nil {
			return nil, err
		}
	}
	out, in := io.Pipe()
	w := &writer{PipeWriter: in, ended: make(chan error, 1)}
	stop := context.AfterFunc(ctx, func() { out.CloseWithError(ctx.Err()) })
	go func() {
		err := b.store(ctx, path, out, opts.IfNotExist, options)
		stop()
		out.CloseWithError(err) // for writes that come later
		w.ended <- err
	}()
	return w, nil
}

// store uploads what it reads, unless there is a file that must not be replaced.
func (b *bucket) store(ctx context.Context, path string, from io.Reader, ifNotExist bool, options []bytescale.UploadOption) error {
	if ifNotExist {
		switch _, err := b.client.GetFileDetails(ctx, path); {
		case err == nil:
			return errExists
		case !errors.Is(err, bytescale.ErrNotFound):
			return err
		}
	}
	_, err := b.client.Upload(ctx, bytescale.Stream(from), options...)
	return err
}

// Close waits until the blob is stored.
func (w *writer) Close() error {
	w.PipeWriter.Close()
	return <-w.ended
}
