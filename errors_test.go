package bytescale

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

func TestErrorTexts(t *testing.T) {
	unauthorized := &APIError{Operation: "GetFileDetails", Status: 401, Code: "denied", Message: "No."}
	for _, test := range []struct {
		err  error
		want string
	}{
		{unauthorized, "GetFileDetails: 401 Unauthorized: denied: No."},
		{&APIError{Operation: "PutPart", Status: 503}, "PutPart: 503 Service Unavailable"},
		{&APIError{Operation: "PutPart", Status: 599, Message: "odd"}, "PutPart: 599: odd"},
		{&APIError{Operation: "PutPart", Status: 403, Message: "No."},
			"PutPart: 403 Forbidden: No. (not in the form of the service: a proxy or a gateway may have answered)"},
		{&APIError{Operation: "PutPart", Status: 413},
			"PutPart: 413 Request Entity Too Large (not in the form of the service: a proxy or a gateway may have answered)"},
		{&APIError{Operation: "PutPart", Status: 403, FromService: true, Code: "AccessDenied"}, "PutPart: 403 Forbidden: AccessDenied"},
		{&APIError{Operation: "BeginMultipartUpload", Status: 403, FromService: true, Message: "No."},
			"BeginMultipartUpload: 403 Forbidden: No. (a permission is missing, a quota is used up, or the path is taken)"},
		{&APIError{Operation: "BeginMultipartUpload", Status: 413, FromService: true}, "BeginMultipartUpload: 413 Request Entity Too Large"},
		{&APIError{Operation: "DeleteFile", Status: 403, FromService: true}, "DeleteFile: 403 Forbidden (a permission is missing)"},
		{&UploadError{UploadID: "Kd759aLFxttm69kZ", Part: 3, Start: 10, End: 19, Attempts: 2, Err: unauthorized},
			"upload Kd759aLFxttm69kZ: part 3 (bytes 10 to 19): attempt 2: GetFileDetails: 401 Unauthorized: denied: No."},
		{&UploadError{UploadID: "Kd759aLFxttm69kZ", Part: -1, Attempts: 1, Err: context.Canceled}, "upload Kd759aLFxttm69kZ: context canceled"},
		{&UploadError{UploadID: "Kd759aLFxttm69kZ", Part: 3, Start: -1, End: -1, Err: unauthorized},
			"upload Kd759aLFxttm69kZ: part 3: GetFileDetails: 401 Unauthorized: denied: No."},
		{&UploadError{UploadID: "Kd759aLFxttm69kZ", Part: -1}, "upload Kd759aLFxttm69kZ: failed"},
		{&ArgumentError{Field: "mime", Reason: "is odd"}, "mime: is odd"},
	} {
		if got := test.err.Error(); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

func TestErrorsWrap(t *testing.T) {
	missing := &APIError{Operation: "GetFileDetails", Status: 404}
	for _, test := range []struct {
		err, is error
		want    bool
	}{
		{missing, ErrNotFound, true},
		{&APIError{Status: 403}, ErrNotFound, false},
		{missing, ErrProtocol, false},
		{fmt.Errorf("x: %w", &UploadError{Err: missing}), ErrNotFound, true},
		{&UploadError{Err: context.Canceled}, context.Canceled, true},
		{errs.ErrMissingETag, ErrProtocol, true},
		{fmt.Errorf("%w: for long", errs.ErrStalled), ErrStalled, true},
		{invalidKey("x"), ErrInvalidKey, true},
		{argumentError("a", "b"), ErrInvalidKey, false},
	} {
		if got := errors.Is(test.err, test.is); got != test.want {
			t.Errorf("%v is %v: %v", test.err, test.is, got)
		}
	}
}

// TestLogValues logs everything that implements slog.LogValuer as text, with the fields
// that are not there left out.
func TestLogValues(t *testing.T) {
	answer := &APIError{
		Operation: "GetUploadPart", Status: 429, Code: "rate", Message: "Slow down.", RetryAfter: 1500 * time.Millisecond,
		Details: map[string]any{"private": "x"},
	}
	for _, test := range []struct {
		value any
		want  string
	}{
		{answer, `v.msg="GetUploadPart: 429 Too Many Requests: rate: Slow down." v.operation=GetUploadPart v.status=429 v.code=rate v.retryAfter=1.5s`},
		{&APIError{Operation: "DeleteFile", Status: 500}, `v.msg="DeleteFile: 500 Internal Server Error" v.operation=DeleteFile v.status=500`},
		{&UploadError{UploadID: "Kd759", Part: 3, Start: 10, End: 19, Attempts: 2, MayExist: true, Err: answer},
			`v.msg="upload Kd759: part 3 (bytes 10 to 19): attempt 2: GetUploadPart: 429 Too Many Requests: rate: Slow down. (the file may be stored all the same)" ` +
				`v.uploadId=Kd759 v.part=3 v.range=10-19 v.attempts=2 v.mayExist=true v.operation=GetUploadPart v.status=429 v.code=rate v.retryAfter=1.5s`},
		{&UploadError{UploadID: "Kd759", Part: -1, Start: -1, End: -1, Err: io.ErrUnexpectedEOF}, `v.msg="upload Kd759: unexpected EOF" v.uploadId=Kd759`},
		{&SourceError{Err: io.ErrUnexpectedEOF}, `v.msg="source: unexpected EOF"`},
		{argumentError("mime", "is odd"), `v.msg="mime: is odd" v.field=mime v.reason="is odd"`},
		{FileDetails{FilePath: "/a", Size: 5, MIME: "text/plain", ETag: "e", LastModified: time.UnixMilli(0).UTC(), OriginalFileName: "private", Metadata: map[string]any{"private": "x"}},
			`v.filePath=/a v.size=5 v.mime=text/plain v.etag=e v.lastModified=1970-01-01T00:00:00.000Z`},
		{&FileDetails{FilePath: "/a"}, `v.filePath=/a v.size=0`},
		{Event{Kind: EventAttempt, Operation: PutPart, UploadID: "Kd759", Part: 0, Attempt: 1, Status: 200, Bytes: 7, Duration: 1234567 * time.Nanosecond},
			`v.kind=attempt v.operation=PutPart v.uploadId=Kd759 v.part=0 v.attempt=1 v.status=200 v.bytes=7 v.duration=1.235ms`},
		{Event{Kind: EventRetry, Operation: "GetFileDetails", Part: -1, Attempt: 2, Wait: time.Second, Err: answer},
			`v.kind=retry v.operation=GetFileDetails v.attempt=2 v.wait=1s v.err.msg="GetUploadPart: 429 Too Many Requests: rate: Slow down." ` +
				`v.err.operation=GetUploadPart v.err.status=429 v.err.code=rate v.err.retryAfter=1.5s`},
		{Event{Kind: EventRetry, Part: -1, Err: errors.New("broken pipe")}, `v.kind=retry v.err.msg="broken pipe"`},
		{Event{Kind: EventSlowDown, Part: -1, Rate: 400}, `v.kind=slowDown v.rate=400`},
	} {
		var text bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
				return slog.Attr{}
			}
			return a
		}}))
		logger.Info("", "v", test.value)
		if got := strings.TrimSpace(text.String()); got != test.want {
			t.Errorf("%T:\n%s\nwant\n%s", test.value, got, test.want)
		}
	}
}

// A duration is nanoseconds in slog's JSON unless it is turned into text.
func TestLogValuesInJSON(t *testing.T) {
	var text bytes.Buffer
	slog.New(slog.NewJSONHandler(&text, nil)).Info("x", "event", Event{Kind: EventRetry, Part: -1, Wait: 90 * time.Second, Err: fmt.Errorf("wrapped: %w", io.EOF)})
	if want := `"event":{"kind":"retry","wait":"1m30s","err":{"msg":"wrapped: EOF"}}`; !strings.Contains(text.String(), want) {
		t.Errorf("%s, want %s", text.String(), want)
	}
}
