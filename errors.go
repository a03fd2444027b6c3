package bytescale

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/retry"
)

// The errors that programs decide by, for use with [errors.Is].
var (
	// ErrInvalidKey means that an API key is malformed. [NewClient] returns it. A key
	// that the service does not know is an [*APIError] with status 401.
	ErrInvalidKey = errors.New("invalid API key")

	// ErrNotFound means that there is no such file, upload or part. Every [*APIError]
	// with status 404 is an ErrNotFound.
	ErrNotFound = errs.ErrNotFound

	// ErrSourceChanged means that a source is no longer what was announced when the
	// upload began, or not the one of the checkpoint. No file is stored, unless
	// [UploadError.MayExist] is set.
	ErrSourceChanged = errs.ErrSourceChanged

	// ErrSourceSize means that a source has fewer or more bytes than announced. No file
	// is stored.
	ErrSourceSize = errs.ErrSourceSize

	// ErrUploadUnknown means that the service does not know the upload that is under way
	// or was to be resumed. Begin again with [Client.Upload].
	ErrUploadUnknown = errs.ErrUploadUnknown

	// ErrStalled means that a connection was cut because it moved too little for too
	// long: the PUT of a part, an API call without a complete answer in two minutes, or a
	// download without a byte for a minute, or with less than 1 KiB/s for half a minute
	// if it can be continued. Such an attempt is retried, and the call ends with this
	// error when it happens again and again. A [Download] that cannot be continued ends at
	// once.
	ErrStalled = errs.ErrStalled

	// ErrFileChanged means that a stored file was replaced while it was downloaded. What
	// had come is dropped, because the rest would be that of another file. Download it
	// again.
	ErrFileChanged = errs.ErrFileChanged

	// ErrProtocol means that the service, or something in between that answers in its
	// place, sent an answer that openapi.yaml does not allow.
	ErrProtocol = errs.ErrProtocol

	// ErrOutcomeUnknown means that a call which changes something may have been carried
	// out although it failed: the answer to one of its attempts was lost, and no later
	// answer showed its outcome. Uploads have [UploadError.MayExist] instead.
	ErrOutcomeUnknown = errors.New("the call may have been carried out all the same")
)

// APIError is an unsuccessful response of the API, the CDN or object storage. Its text
// contains no key, no token and no query string of a URL, whatever the server sent.
//
// It is read from ErrorResponse in openapi.yaml, or from the XML of object storage. Proxies
// and gateways answer in other shapes: other JSON, RFC 9457, XML, an HTML page or plain text.
// Message then holds their words, if they can be found, and FromService is false.
type APIError struct {
	// Operation is the operationId of openapi.yaml, or [PutPart].
	Operation string
	// Status is the HTTP status code. A 403 of the API has several meanings that the
	// status alone does not distinguish: the credentials lack a permission, the path of
	// an upload is taken and they may not overwrite it, or a quota is used up. Code and
	// Message say more if the service sent them.
	Status int
	// FromService reports whether the body has the shape that the service gives its
	// errors, or object storage those of PutPart. If it is false, a proxy or a gateway may
	// have answered. A 403 then says nothing about the API key, nor a 413 about the
	// account.
	FromService bool
	// Code is the machine-readable kind of failure, such as "permission_denied"; empty if
	// the answer had none. The vendor publishes no list, so decide by Status first. Codes
	// of storage look like "SignatureDoesNotMatch".
	Code string
	// Message is for people: one line of at most 500 characters; empty if the answer had
	// none.
	Message string
	// Details are further facts for programs. For a refused request they are keyed by the
	// field at fault, such as "body.mime". Nil if there are none, or if their JSON is longer
	// than 4 KiB. The map belongs to the caller.
	Details map[string]any
	// RetryAfter is how long the service asks to wait before the next attempt
	// (Retry-After, retry-after-ms); zero if it does not ask.
	RetryAfter time.Duration
}

// Error returns the operation, the status, the code and the message. For a 403 or a 413 it
// adds what the status can mean.
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
	if meaning := e.meaning(); meaning != "" {
		text.WriteString(" (" + meaning + ")")
	}
	return text.String()
}

// meaning explains a status that has several meanings.
func (e *APIError) meaning() string {
	switch {
	case e.Status != http.StatusForbidden && e.Status != http.StatusRequestEntityTooLarge:
		return ""
	case !e.FromService:
		return "not in the form of the service: a proxy or a gateway may have answered"
	case e.Status == http.StatusRequestEntityTooLarge, e.Operation == operation.PutPart:
		return ""
	}
	switch e.Operation {
	case operation.BeginMultipartUpload, operation.CompleteUploadPart, operation.BasicUpload, operation.UploadFromURL, operation.ProcessFileAndSave, operation.CopyFile:
		return "a permission is missing, a quota is used up, or the path is taken"
	}
	return "a permission is missing"
}

// Is reports whether the answer means target: [ErrNotFound] for status 404.
func (e *APIError) Is(target error) bool {
	return target == ErrNotFound && e.Status == http.StatusNotFound
}

// failureOf describes an error to the retry policy.
func failureOf(err error) retry.Failure {
	var lost *lostAnswer
	var unready *NotReadyError
	var failed *JobError
	if errors.As(err, &lost) || errors.As(err, &unready) || errors.As(err, &failed) {
		return retry.Failure{Permanent: true}
	}
	var answer *APIError
	if errors.As(err, &answer) {
		return retry.Failure{
			Answered: true, Status: answer.Status, Code: answer.Code, RetryAfter: answer.RetryAfter,
			KnownHost: errors.Is(err, errs.ErrKnownHost),
		}
	}
	var argument *ArgumentError
	return retry.Failure{Permanent: errors.As(err, &argument)}
}

// outcomeUnknown is the failure of a call that may have been carried out.
type outcomeUnknown struct{ err error }

// Error returns the failure and what it means.
func (e *outcomeUnknown) Error() string {
	return e.err.Error() + " (" + ErrOutcomeUnknown.Error() + ")"
}

// Unwrap returns the failure.
func (e *outcomeUnknown) Unwrap() error { return e.err }

// Is reports whether target is [ErrOutcomeUnknown].
func (e *outcomeUnknown) Is(target error) bool { return target == ErrOutcomeUnknown }

// lostAnswer keeps an attempt whose answer was lost from being repeated.
type lostAnswer struct{ err error }

// Error returns the failure.
func (e *lostAnswer) Error() string { return e.err.Error() }

// Unwrap returns the failure.
func (e *lostAnswer) Unwrap() error { return e.err }

// mayHaveArrived reports whether the request of an attempt that failed with err may have been
// carried out. It was not if it never left, or if it was refused.
func mayHaveArrived(ctx context.Context, err error) bool {
	var answer *APIError
	var dial *net.OpError
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var proxy *errs.ProxyError
	var token *errs.TokenError
	var limiter *errs.LimiterError
	var argument *ArgumentError
	switch {
	case errors.As(err, &answer):
		return answer.Status >= 500 && answer.Status != http.StatusNotImplemented && answer.Status != http.StatusHTTPVersionNotSupported
	case err == ctx.Err(), err == context.Cause(ctx): // it ended before anything was sent
		return false
	case errors.As(err, &dns), errors.As(err, &certificate), errors.As(err, &proxy):
		return false
	case errors.As(err, &token), errors.As(err, &limiter), errors.As(err, &argument):
		return false
	case errors.As(err, &dial):
		return dial.Op != "dial"
	}
	return true
}

// UploadError is the failure of an upload that had begun. [Client.Upload] and
// [Client.Resume] return it for every failure after the service has given the upload an id, and
// Upload also for a single request ([WithSingleRequest]) that may have stored the file.
// The file does not exist, unless MayExist is set. It wraps the reason, so that
// errors.Is(err, context.Canceled) holds for an upload that was cancelled.
type UploadError struct {
	// UploadID is the service's name for the upload; empty for a single request.
	UploadID string
	// Part is the index of the part that failed, counted from zero; -1 if the failure is
	// not about a part.
	Part int64
	// Start and End are the positions of the first and last byte of the part in the file;
	// both are -1 if they are not known.
	Start, End int64
	// Attempts is how often the step that failed was tried, which is a call about the part
	// or its PUT. Zero if Part is -1.
	Attempts int
	// Checkpoint is what [Client.Resume] needs to continue the upload. Nil for an upload
	// of a single part, because there is nothing to save.
	Checkpoint *Checkpoint
	// MayExist reports that the file may be stored all the same. Either the answer to the
	// last completion (CompleteUploadPart) was lost, or was refused by a transport such as
	// that of package contract, or did not come before the context ended, and the service
	// could not be asked. Or the answer to a single request was lost, and no later one
	// succeeded. Or another process completed the upload, before or while this
	// one resumed it. Uploading again may store the file twice; use
	// [Client.GetFileDetails] or [Client.Resume] to find out.
	MayExist bool
	// Err is the reason.
	Err error
}

// Error returns the upload, the part with its bytes, and the reason.
func (e *UploadError) Error() string {
	var text strings.Builder
	text.WriteString(strings.TrimSpace("upload "+e.UploadID) + ": ")
	switch {
	case e.Part >= 0 && e.Start >= 0:
		fmt.Fprintf(&text, "part %d (bytes %d to %d): ", e.Part, e.Start, e.End)
	case e.Part >= 0:
		fmt.Fprintf(&text, "part %d: ", e.Part)
	}
	var ended *errs.ContextError // tells the attempts itself
	if e.Attempts > 1 && !errors.As(e.Err, &ended) {
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

// SourceError is a failure to open or to read the source of an upload. With it a service
// distinguishes a caller's body that broke off from an upload that failed. It wraps the error of the
// source, such as a [*io/fs.PathError] or an [*net/http.MaxBytesError]. Nothing is stored.
type SourceError struct {
	// Err is the error of the source.
	Err error
}

// Error returns the error of the source.
func (e *SourceError) Error() string { return "source: " + e.Err.Error() }

// Unwrap returns the error of the source.
func (e *SourceError) Unwrap() error { return e.Err }

// ArgumentError is an argument or an option that was refused before anything was sent.
type ArgumentError struct {
	// Field names the argument. For an option it is the option's name without With:
	// "putsInFlight" is [WithPutsInFlight], and "tags[3]" is the fourth tag of
	// [WithTags]. For a parameter it is the parameter's name ("filePath"), for a
	// part of a checkpoint its place ("checkpoint.version"), and for [NewClientFromEnv]
	// the variable's name ("BYTESCALE_API_URL").
	Field string
	// Reason is what is wrong with it and what is allowed.
	Reason string

	kind error // the sentinel it is, if any
}

// Error returns the field and the reason.
func (e *ArgumentError) Error() string { return e.Field + ": " + e.Reason }

// Unwrap returns the sentinel that the error is a case of, such as [ErrInvalidKey], or nil.
func (e *ArgumentError) Unwrap() error { return e.kind }

func argumentError(field, format string, args ...any) error {
	return &ArgumentError{Field: field, Reason: fmt.Sprintf(format, args...)}
}

// inField returns a refusal with another field.
func inField(field string, err error) error {
	var refused *ArgumentError
	if !errors.As(err, &refused) {
		return err
	}
	return &ArgumentError{Field: field, Reason: refused.Reason, kind: refused.kind}
}

// contextError is the end of a call by its context. It wraps the error of the context, the
// cause of its end, and the last failure of a step that was being retried.
type contextError struct{ *errs.ContextError }

// Unwrap returns the error that the internal packages recognise.
func (e *contextError) Unwrap() error { return e.ContextError }

// withContext adds to the error of a call what is known about the end of its context.
func withContext(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	var known *errs.ContextError
	switch {
	case errors.As(err, &known):
		return err
	case !errs.IsEndOf(ctx, err):
		return &contextError{errs.NewContextError(ctx, "", 0, err)} // both happened
	case errors.Is(err, ctx.Err()):
		return &contextError{&errs.ContextError{Err: err, Cause: context.Cause(ctx)}}
	}
	return &contextError{errs.NewContextError(ctx, "", 0, nil)}
}

// publicError returns an ArgumentError for what an internal package refused, a SourceError
// for a failure of the source, the error of the file system for a failure to write, and any
// other error unchanged.
func publicError(err error) error {
	if err == nil {
		return nil
	}
	var refused *errs.RefusedError
	if errors.As(err, &refused) {
		return argumentError(refused.Field, "%s", refused.Reason)
	}
	if ended, ok := err.(*errs.ContextError); ok { //nolint:errorlint // what wraps one says more
		return &contextError{ended}
	}
	var target *errs.TargetError
	if errors.As(err, &target) {
		return target.Err
	}
	var source *errs.SourceError
	if errors.As(err, &source) {
		return &SourceError{Err: source.Err}
	}
	return err
}
