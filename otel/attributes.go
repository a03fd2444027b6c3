package bytescaleotel

import (
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/c88edac7/bytescale-go"
)

const (
	operationKey = attribute.Key("bytescale.operation")
	limitKey     = attribute.Key("bytescale.limit")
	directionKey = attribute.Key("bytescale.direction")
	errorTypeKey = attribute.Key("error.type")
)

// The directions of transfers.
var (
	upload   = directionKey.String("upload")
	download = directionKey.String("download")
)

// waited is how long something waits or waited, in seconds.
func waited(d time.Duration) attribute.KeyValue {
	return attribute.Float64("bytescale.wait", d.Seconds())
}

// transferAttributes returns what is known of a transfer at its end.
func transferAttributes(e bytescale.Event) []attribute.KeyValue {
	attributes := []attribute.KeyValue{attribute.Int64("bytescale.size", e.Bytes)}
	if e.UploadID != "" {
		attributes = append(attributes, attribute.String("bytescale.upload.id", e.UploadID))
	}
	if e.FilePath != "" {
		attributes = append(attributes, attribute.String("bytescale.file.path", e.FilePath))
	}
	return attributes
}

// requestAttributes returns what is known of a request beside its operation and status.
func requestAttributes(e bytescale.Event) []attribute.KeyValue {
	var attributes []attribute.KeyValue
	if e.UploadID != "" {
		attributes = append(attributes, attribute.String("bytescale.upload.id", e.UploadID))
	}
	if e.Part >= 0 {
		attributes = append(attributes, attribute.Int64("bytescale.part", e.Part))
	}
	if e.Attempt > 1 {
		attributes = append(attributes, attribute.Int("http.request.resend_count", e.Attempt-1))
	}
	if e.Bytes > 0 {
		attributes = append(attributes, attribute.Int64("http.request.body.size", e.Bytes))
	}
	return attributes
}
