package bytescale

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/retry"
)

// The errors that programs decide by, for use with [errors.Is].
var (
	// ErrInvalidKey says that an API key is malformed: [NewClient] returns it before
	// anything is sent. A key that the service does not know is an [*APIError] with
	// status 401.
	ErrInvalidKey = errors.New("invalid API key")

	// ErrNotFound says that there is no such file, upload or part: every
	// [*APIError] with status 404 is one.
	ErrNotFound = errs.ErrNotFound

	// ErrSourceChanged says that a source no longer is what was announced when
	// the upload began, or not the one that a checkpoint was made of. No file is
	// stored, unless [UploadError.MayExist] says that one may be.
	ErrSourceChanged = errs.ErrSourceChanged

	// ErrSourceSize says that a source holds fewer or more bytes than
	// announced. No file is stored.
	ErrSourceSize = errs.ErrSourceSize

	// ErrUploadUnknown says that the service has no memory of the upload that is
	// under way or was to be resumed; begin again with [Client.Upload].
	ErrUploadUnknown = errs.ErrUploadUnknown

	// ErrStalled says that a connection moved too little for too long and was
	// cut: the PUT of a part, an API call without a complete answer in two
	// minutes, a download that brought nothing for a minute. Uploads and API
	// calls repeat such an attempt and end with this error only when it happens
	// again and again; a download ends at once.
	ErrStalled = errs.ErrStalled

	// ErrProtocol says that the service, or something in between that answers
	// in its place, sent an answer that openapi.yaml does not allow.
	ErrProtocol = errs.ErrProtocol
)

// APIError is an answer that says no: any status that does not mean success,
// from the API, from the CDN or from storage. Its text holds no key, no token
// and no query string of a URL, whatever the server put into its answer.
//
// ErrorResponse in openapi.yaml is the body it is read from; an answer in
// another shape gives an APIError with little more than its status.
type APIError struct {
	// Operation is the operationId of openapi.yaml; "PutPart" for the PUT of a
	// part to storage.
	Operation string
	// Status is the HTTP status code.
	Status int
	// Code is the machine-readable kind of failure, such as
	// "permission_denied"; empty when the answer had none. The vendor publishes
	// no list, so decide by Status first. Storage's codes look like
	// "SignatureDoesNotMatch".
	Code string
	// Message is for people: at most 500 characters on one line; empty when the
	// answer had none.
	Message string
	// Details are further facts, for programs; for a refused request they are
	// keyed by the field at fault ("body.mime"). Nil when there are none. The
	// map is the caller's.
	Details map[string]any
	// RetryAfter is how long the service asks to wait before the next try
	// (Retry-After, retry-after-ms). Zero if it asks for nothing.
	RetryAfter time.Duration
}

// Error names the operation, the status and what the service said.
func (e *APIError) Error() string {
	var text strings.Builder
	text.WriteString(e.Operation)
	text.WriteString(": ")
	text.WriteString(strconv.Itoa(e.Status))
	if name := http.StatusText(e.Status); name != "" {
		text.WriteString(" " + name)
	}
	if e.Code != "" {
		text.WriteString(": " + e.Code)
	}
	if e.Message != "" {
		text.WriteString(": " + e.Message)
	}
	return text.String()
}

// Is reports whether the answer means target: [ErrNotFound] for status 404.
func (e *APIError) Is(target error) bool {
	return target == ErrNotFound && e.Status == http.StatusNotFound
}

// failureOf tells the retry policy what it has to know of an error.
func failureOf(err error) retry.Failure {
	var answer *APIError
	if errors.As(err, &answer) {
		return retry.Failure{Answered: true, Status: answer.Status, Code: answer.Code, RetryAfter: answer.RetryAfter}
	}
	var argument *ArgumentError
	return retry.Failure{Permanent: errors.As(err, &argument)}
}

// UploadError is the end of an upload that had begun: [Client.Upload] and
// [Client.Resume] return it for every failure once the service has given the
// upload an id. The file does not exist, unless MayExist is set. Err is the reason;
// errors.Is and errors.As reach it, so that errors.Is(err, context.Canceled)
// holds for an upload that was cancelled.
type UploadError struct {
	// UploadID is the service's name for the upload.
	UploadID string
	// Part is the index of the part that failed, counted from zero; -1 when the
	// failure is not one of a part.
	Part int64
	// Start and End are the positions in the file, in bytes, of the first and
	// of the last byte of that part; both are -1 if they are not known.
	Start, End int64
	// Attempts is how often the step that failed was tried: a call about the
	// part, or its PUT. Zero if Part is -1.
	Attempts int
	// Checkpoint goes on with the upload, see [Client.Resume]. Nil for an upload
	// of a single part: there is nothing to save.
	Checkpoint *Checkpoint
	// MayExist says that the file may be stored all the same. The last completion
	// (CompleteUploadPart) was sent; its answer was lost, or refused by a transport
	// such as that of package contract, or not waited for because the context ended;
	// and the service could not be asked. Or another process completed the upload,
	// while this one resumed it, or before, and the service has forgotten it since.
	// Who uploads again may then store the file twice; [Client.GetFileDetails] or
	// [Client.Resume] can tell.
	MayExist bool
	// Err is why the upload ended.
	Err error
}

// Error names the upload, the part with its bytes, and the reason.
func (e *UploadError) Error() string {
	var text strings.Builder
	text.WriteString("upload " + e.UploadID + ": ")
	switch {
	case e.Part >= 0 && e.Start >= 0:
		fmt.Fprintf(&text, "part %d (bytes %d to %d): ", e.Part, e.Start, e.End)
	case e.Part >= 0:
		fmt.Fprintf(&text, "part %d: ", e.Part)
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&text, "attempt %d: ", e.Attempts)
	}
	switch {
	case e.Err == nil:
		text.WriteString("failed")
	default:
		text.WriteString(e.Err.Error())
	}
	if e.MayExist {
		text.WriteString(" (the file may be stored all the same)")
	}
	return text.String()
}

// Unwrap returns the reason.
func (e *UploadError) Unwrap() error { return e.Err }

// ArgumentError is an argument or an option that was refused before anything
// was sent.
type ArgumentError struct {
	// Field names what was refused, as openapi.yaml or the option does: "mime",
	// "tags[3]", "putsInFlight".
	Field string
	// Reason says what is wrong with it and what is allowed.
	Reason string

	kind error // the sentinel it is, if any
}

// Error names the field and the reason.
func (e *ArgumentError) Error() string { return e.Field + ": " + e.Reason }

// Unwrap returns the sentinel error that this is a case of, such as
// [ErrInvalidKey], or nil.
func (e *ArgumentError) Unwrap() error { return e.kind }

func argumentError(field, format string, args ...any) error {
	return &ArgumentError{Field: field, Reason: fmt.Sprintf(format, args...)}
}

// publicError makes an ArgumentError of what a lower layer refused.
func publicError(err error) error {
	if err == nil {
		return nil
	}
	var refused *errs.RefusedError
	if errors.As(err, &refused) {
		return argumentError(refused.Field, "%s", refused.Reason)
	}
	return err
}
