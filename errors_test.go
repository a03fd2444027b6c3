package bytescale

import (
	"context"
	"errors"
	"fmt"
	"testing"

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
		{errIdle, ErrStalled, true},
		{invalidKey("x"), ErrInvalidKey, true},
		{argumentError("a", "b"), ErrInvalidKey, false},
	} {
		if got := errors.Is(test.err, test.is); got != test.want {
			t.Errorf("%v is %v: %v", test.err, test.is, got)
		}
	}
}
