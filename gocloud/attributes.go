package bytescaleblob

import (
	"context"
	"encoding/json"
	"regexp"
	"strconv"

	"gocloud.dev/blob/driver"

	"github.com/c88edac7/bytescale-go"
)

// The names of what is kept in the metadata for gocloud.dev/blob. Names of a blob's metadata
// have no capitals, so that these are no others.
const (
	cacheControl       = "Cache-Control"
	contentDisposition = "Content-Disposition"
	contentEncoding    = "Content-Encoding"
	contentLanguage    = "Content-Language"
	contentTypeName    = "Content-Type" // only if the service does not take it
)

// serviceMIME is what the service takes for a MIME type (MIME in openapi.yaml).
var serviceMIME = regexp.MustCompile(`^[a-zA-Z0-9]+/[a-zA-Z0-9+\-._]+(?:;[^=]+=[^;]+)*$`)

// contentTypeOf returns what a writer has set.
func contentTypeOf(file *bytescale.FileDetails) string {
	if kept, ok := file.Metadata[contentTypeName].(string); ok {
		return kept
	}
	return file.MIME
}

func (b *bucket) Attributes(ctx context.Context, key string) (*driver.Attributes, error) {
	file, err := b.client.GetFileDetails(ctx, b.path(key))
	if err != nil {
		return nil, err
	}
	attributes := &driver.Attributes{
		ContentType: contentTypeOf(file),
		ModTime:     file.LastModified,
		Size:        file.Size,
		ETag:        strconv.Quote(file.ETag),
		AsFunc: func(i any) bool {
			details, ok := i.(*bytescale.FileDetails)
			if ok {
				*details = *file
			}
			return ok
		},
	}
	for name, value := range file.Metadata {
		text := textOf(value)
		switch name {
		case contentTypeName:
		case cacheControl:
			attributes.CacheControl = text
		case contentDisposition:
			attributes.ContentDisposition = text
		case contentEncoding:
			attributes.ContentEncoding = text
		case contentLanguage:
			attributes.ContentLanguage = text
		default:
			if attributes.Metadata == nil {
				attributes.Metadata = map[string]string{}
			}
			attributes.Metadata[name] = text
		}
	}
	return attributes, nil
}

// textOf returns a value of the metadata as text, as JSON if others have stored another kind
// of value.
func textOf(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(encoded)
}

// metadataOf returns the metadata of a new file.
func metadataOf(contentType string, opts *driver.WriterOptions) map[string]any {
	metadata := map[string]any{}
	for name, value := range opts.Metadata {
		metadata[name] = value
	}
	if serviceMIME.MatchString(contentType) {
		contentType = ""
	}
	for name, value := range map[string]string{
		contentTypeName: contentType,
		cacheControl:    opts.CacheControl, contentDisposition: opts.ContentDisposition,
		contentEncoding: opts.ContentEncoding, contentLanguage: opts.ContentLanguage,
	} {
		if value != "" {
			metadata[name] = value
		}
	}
	return metadata
}
