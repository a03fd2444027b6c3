package bytescale

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// EventLogger returns an observer that logs every event, for [WithObserver]. A nil
// logger stands for [slog.Default]. The levels are
//
//	debug   attempts, waits for the client's limits, starts
//	info    fresh URLs, resumed uploads, ends, downloads that cannot be continued, small
//	        files that need parts
//	warn    retries, slow-downs, checkpoints that are of no use, failures of their store
//	error   ends with an error; info if the caller cancelled the context
//
// The message is the kind of the event, and its facts are fields, as in
// [Event.LogValue]. The context of the event is handed on, so that a handler can add
// what it finds there. No key, no token and no pre-signed URL is logged. The logger's
// handler runs in the path of the transfers, and must be quick.
func EventLogger(logger *slog.Logger) func(Event) {
	return func(e Event) {
		to := logger
		if to == nil {
			to = slog.Default()
		}
		if level := e.level(); to.Enabled(e.Context, level) {
			to.LogAttrs(e.Context, level, "bytescale "+string(e.Kind), e.attrs()...)
		}
	}
}

func (e Event) level() slog.Level {
	switch e.Kind {
	case EventRetry, EventSlowDown, EventStartAfresh, EventStoreFailure:
		return slog.LevelWarn
	case EventURLRefresh, EventResume, EventNoContinuation, EventNoSingleRequest:
		return slog.LevelInfo
	case EventUploadEnd, EventDownloadEnd:
		if e.Err == nil || errors.Is(e.Context.Err(), context.Canceled) {
			return slog.LevelInfo
		}
		return slog.LevelError
	}
	return slog.LevelDebug
}

// LogValue implements [slog.LogValuer]: the text of the error as msg, and operation,
// status, code and retryAfter as fields of their own. Details are left out.
func (e *APIError) LogValue() slog.Value { return errorValue(e) }

// LogValue implements [slog.LogValuer]: the text of the error as msg, and uploadId,
// part, range (its bytes, "first-last"), attempts and mayExist as fields of
// their own, with those of the [APIError] that it wraps.
func (e *UploadError) LogValue() slog.Value { return errorValue(e) }

// LogValue implements [slog.LogValuer]: the text of the error as msg, and jobType, jobId,
// jobStatus and code as fields of their own. Details and summary are left out.
func (e *JobError) LogValue() slog.Value { return errorValue(e) }

// LogValue implements [slog.LogValuer]: the text of the error as msg, and jobType, jobId and
// jobStatus as fields of their own.
func (e *NotReadyError) LogValue() slog.Value { return errorValue(e) }

// LogValue implements [slog.LogValuer]: the text of the error as msg, and started as a field
// of its own, with those of the errors that it wraps.
func (e *BatchError) LogValue() slog.Value { return errorValue(e) }

// LogValue implements [slog.LogValuer]: the text of the error as msg, and cursor as a field of
// its own, with those of the errors that it wraps.
func (e *ListError) LogValue() slog.Value { return errorValue(e) }

// LogValue implements [slog.LogValuer]: the text of the error as msg, and path as a field of its
// own, with those of the errors that it wraps.
func (e *DirError) LogValue() slog.Value { return errorValue(e) }

// LogValue implements slog.LogValuer.
func (e *outcomeUnknown) LogValue() slog.Value { return errorValue(e) }

// LogValue implements slog.LogValuer.
func (e *contextError) LogValue() slog.Value { return errorValue(e) }

// LogValue implements [slog.LogValuer]: the text of the error as msg.
func (e *SourceError) LogValue() slog.Value { return errorValue(e) }

// LogValue implements [slog.LogValuer]: the text of the error as msg, and field and
// reason as fields of their own.
func (e *ArgumentError) LogValue() slog.Value { return errorValue(e) }

// errorValue is what slog gets for an error: its text, and as fields what the errors of
// this package in it know.
func errorValue(err error) slog.Value {
	return slog.GroupValue(append([]slog.Attr{slog.String("msg", err.Error())}, errorAttrs(err)...)...)
}

// errorAttrs returns what the errors of this package in err know.
func errorAttrs(err error) []slog.Attr {
	var upload *UploadError
	var ended *errs.ContextError
	var answer *APIError
	var argument *ArgumentError
	var file *DirError
	attrs := sequenceAttrs(err)
	if errors.As(err, &file) {
		attrs = append(attrs, slog.String("path", file.Path))
	}
	if errors.As(err, &upload) {
		attrs = append(attrs, upload.attrs()...)
	}
	if errors.As(err, &ended) && ended.Operation != "" {
		attrs = append(attrs, slog.String("operation", ended.Operation))
		if upload == nil {
			attrs = append(attrs, slog.Int("attempts", ended.Attempts))
		}
	}
	if errors.As(err, &answer) {
		if ended == nil || ended.Operation == "" {
			attrs = append(attrs, slog.String("operation", answer.Operation))
		}
		attrs = append(attrs, answer.attrs()...)
	}
	if errors.As(err, &argument) {
		attrs = append(attrs, slog.String("field", argument.Field), slog.String("reason", argument.Reason))
	}
	return attrs
}

// sequenceAttrs returns what is known about the end of a job, a sequence of jobs or a list.
func sequenceAttrs(err error) []slog.Attr {
	var job *JobError
	var batch *BatchError
	var list *ListError
	var unready *NotReadyError
	var attrs []slog.Attr
	if errors.As(err, &batch) {
		attrs = append(attrs, slog.Int("started", batch.Started))
	}
	if errors.As(err, &list) && list.Cursor != "" {
		attrs = append(attrs, slog.String("cursor", list.Cursor))
	}
	if errors.Is(err, ErrOutcomeUnknown) {
		attrs = append(attrs, slog.Bool("outcomeUnknown", true))
	}
	if errors.As(err, &job) {
		attrs = append(attrs, jobAttrs(job.Type, job.ID, job.Status)...)
		if job.Code != "" {
			attrs = append(attrs, slog.String("code", job.Code))
		}
	}
	if errors.As(err, &unready) {
		attrs = append(attrs, jobAttrs(unready.Job.Type, unready.Job.ID, unready.Status)...)
	}
	return attrs
}

func jobAttrs(jobType JobType, id string, status JobStatus) []slog.Attr {
	return []slog.Attr{slog.String("jobType", string(jobType)), slog.String("jobId", id), slog.String("jobStatus", string(status))}
}

func (e *UploadError) attrs() []slog.Attr {
	attrs := []slog.Attr{slog.String("uploadId", e.UploadID)}
	if e.Part >= 0 {
		attrs = append(attrs, slog.Int64("part", e.Part))
	}
	if e.Start >= 0 {
		attrs = append(attrs, slog.String("range", fmt.Sprintf("%d-%d", e.Start, e.End)))
	}
	if e.Attempts > 0 {
		attrs = append(attrs, slog.Int("attempts", e.Attempts))
	}
	if e.MayExist {
		attrs = append(attrs, slog.Bool("mayExist", true))
	}
	return attrs
}

// attrs returns the facts but for the operation.
func (e *APIError) attrs() []slog.Attr {
	attrs := []slog.Attr{slog.Int("status", e.Status)}
	if e.Code != "" {
		attrs = append(attrs, slog.String("code", e.Code))
	}
	if e.RetryAfter > 0 {
		attrs = append(attrs, durationAttr("retryAfter", e.RetryAfter))
	}
	return attrs
}

// durationAttr is a duration that people can read in JSON, too, where slog writes
// nanoseconds.
func durationAttr(key string, d time.Duration) slog.Attr {
	return slog.String(key, d.Round(time.Microsecond).String())
}

// LogValue implements [slog.LogValuer]: filePath, size, mime, etag and lastModified.
// Names, tags and metadata are left out, because they belong to the users of a service.
func (d FileDetails) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("filePath", d.FilePath), slog.Int64("size", d.Size)}
	if d.MIME != "" {
		attrs = append(attrs, slog.String("mime", d.MIME))
	}
	if d.ETag != "" {
		attrs = append(attrs, slog.String("etag", d.ETag))
	}
	if !d.LastModified.IsZero() {
		attrs = append(attrs, slog.Time("lastModified", d.LastModified))
	}
	return slog.GroupValue(attrs...)
}

// LogValue implements [slog.LogValuer]: jobType, jobId and jobStatus, and code if the job
// failed. The summary is left out.
func (s JobSummary) LogValue() slog.Value {
	attrs := jobAttrs(s.Type, s.ID, s.Status)
	if s.Failure != nil {
		attrs = append(attrs, slog.String("code", s.Failure.Code))
	}
	return slog.GroupValue(attrs...)
}

// LogValue implements [slog.LogValuer]: folderPath and virtual. The settings are left out.
func (d FolderDetails) LogValue() slog.Value {
	return slog.GroupValue(slog.String("folderPath", d.FolderPath), slog.Bool("virtual", d.Virtual))
}

// LogValue implements [slog.LogValuer]: the kind and the fields that mean something to
// it.
func (e Event) LogValue() slog.Value {
	return slog.GroupValue(append([]slog.Attr{slog.String("kind", string(e.Kind))}, e.attrs()...)...)
}

// attrs returns the fields of the event that mean something to its kind.
func (e Event) attrs() []slog.Attr {
	var attrs []slog.Attr
	if e.Transfer > 0 {
		attrs = append(attrs, slog.Int64("transfer", e.Transfer))
	}
	if e.Operation != "" {
		attrs = append(attrs, slog.String("operation", e.Operation))
	}
	if e.UploadID != "" {
		attrs = append(attrs, slog.String("uploadId", e.UploadID))
	}
	if e.FilePath != "" {
		attrs = append(attrs, slog.String("filePath", e.FilePath))
	}
	if e.Part >= 0 {
		attrs = append(attrs, slog.Int64("part", e.Part))
	}
	if e.Attempt > 0 {
		attrs = append(attrs, slog.Int("attempt", e.Attempt))
	}
	if e.Status > 0 {
		attrs = append(attrs, slog.Int("status", e.Status))
	}
	if e.Bytes > 0 {
		attrs = append(attrs, slog.Int64("bytes", e.Bytes))
	}
	if e.Duration > 0 {
		attrs = append(attrs, durationAttr("duration", e.Duration))
	}
	if e.Wait > 0 {
		attrs = append(attrs, durationAttr("wait", e.Wait))
	}
	if e.Limit != "" {
		attrs = append(attrs, slog.String("limit", e.Limit))
	}
	if e.Rate > 0 {
		attrs = append(attrs, slog.Float64("rate", e.Rate))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.Any("err", errorValue(e.Err)))
	}
	return attrs
}
