package bytescaleblob

import (
	"context"
	"io"

	"gocloud.dev/blob/driver"

	"github.com/c88edac7/bytescale-go"
)

// reader is what is read of a blob.
type reader struct {
	attributes driver.ReaderAttributes
	download   *bytescale.Download // nil if there is nothing to read
}

// NewRangeReader asks for the details of the file first, because the CDN does not tell all of
// the attributes.
func (b *bucket) NewRangeReader(ctx context.Context, key string, offset, length int64, opts *driver.ReaderOptions) (driver.Reader, error) {
	path := b.path(key)
	file, err := b.client.GetFileDetails(ctx, path)
	if err != nil {
		return nil, err
	}
	if opts.BeforeRead != nil {
		if err := opts.BeforeRead(func(any) bool { return false }); err != nil {
			return nil, err
		}
	}
	r := &reader{attributes: driver.ReaderAttributes{ContentType: contentTypeOf(file), ModTime: file.LastModified, Size: file.Size}}
	if length == 0 || offset >= file.Size {
		return r, nil
	}
	options := []bytescale.DownloadOption{bytescale.WithCDNAuth()}
	if offset > 0 || length > 0 {
		options = append(options, bytescale.WithRange(offset, max(length, -1)))
	}
	r.download, err = b.client.Download(ctx, path, options...)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (r *reader) Read(p []byte) (int, error) {
	if r.download == nil {
		return 0, io.EOF
	}
	return r.download.Read(p)
}

func (r *reader) Close() error {
	if r.download == nil {
		return nil
	}
	return r.download.Close()
}

func (r *reader) Attributes() *driver.ReaderAttributes { return &r.attributes }

func (r *reader) As(i any) bool {
	download, ok := i.(**bytescale.Download)
	if ok && r.download != nil {
		*download = r.download
		return true
	}
	return false
}
