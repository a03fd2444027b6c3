// Package download brings the bytes of one stored file to this machine, and never starts
// over if it can go on.
//
// The first request asks for the beginning of the file as a range. If the answer is one,
// with a strong etag and the size, the rest is downloaded in parts over several
// connections. Every further request names the etag (If-Range), so that no part is of
// another version of the file: a file that changes meanwhile is an error. A part whose
// connection breaks, or moves too little, continues at the byte where it stopped.
//
// If the server knows no ranges, or gives no strong etag, the file is read over one
// connection, in order. A break then starts it over, because nothing tells whether the
// rest would be that of the same version.
//
// A download into a file writes to a part file in the directory of the target. A state file
// beside it says which bytes are missing, so that another process can go on. Both are
// believed only if nobody else can have made them.
package download

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/limits"
	"github.com/c88edac7/bytescale-go/internal/retry"
)

const (
	// DefaultPart is how many bytes the first request asks for, and the least length of a
	// part. It is long enough that its latency does not count, and short enough that a
	// file of 64 MiB has a part for each of 8 connections.
	DefaultPart = 8 << 20
	// partsPerFile and longestPart let parts grow with the file: requests have a latency.
	// With longestPart, 8 connections have 512 MiB under way.
	partsPerFile = 64
	longestPart  = 8 // times the least length

	// leastProgress is how many bytes an attempt must bring so that its failure does not
	// count among those of its part. Otherwise a connection that breaks after every byte
	// would be tried for ever.
	leastProgress = 64 << 10

	// continuedFrom is the size of a file from which on another process can continue it.
	// Below it, beginning again costs less than the files would.
	continuedFrom = 8 // times less than the least length of a part
)

// Engine is what all downloads of a client share. All fields must be set.
type Engine struct {
	// Operation is that of the requests: the original file, or what a transformation
	// makes of it.
	Operation string
	// Get sends a request for a file and returns the answer, whatever its status.
	Get func(req *http.Request, authorized bool) (*http.Response, error)
	// Refusal returns the error for an answer whose status means failure.
	Refusal func(*http.Response) error
	Limits  *limits.Limits
	Policy  retry.Policy
	Retries retry.Limits
	Part    int64 // DefaultPart, except in tests

	OnRetry          func(retry.Retried)
	OnNoContinuation func(NoContinuation)
}

// NoContinuation is an event: a download cannot be continued if it breaks off, for the
// reason of Err.
type NoContinuation struct {
	Context context.Context
	Err     error
}

// File is a file to download.
type File struct {
	URL        string
	Authorized bool // send the credentials
}

// Result is what is known of a file that was downloaded.
type Result struct {
	Size              int64
	ContentType, ETag string
	Continued         int64 // bytes that an earlier download had left
}

// The reasons why a download cannot be continued.
var (
	errNoRanges   = errors.New("the server sends no ranges of the file")
	errNoETag     = errors.New("the server sends no strong etag, by which two versions of the file could be told apart")
	errNotPrivate = errors.New("others can write to the directory, so that a part file could be theirs; another process would start over")
)

// isStrong reports whether an etag says that two answers have the same bytes (RFC 9110,
// 8.8.1).
func isStrong(etag string) bool {
	return len(etag) > 2 && len(etag) <= 255 && strings.HasPrefix(etag, `"`) && strings.HasSuffix(etag, `"`)
}

func (e *Engine) attempts(part int64, budget *retry.Budget) *retry.Attempts {
	return &retry.Attempts{Policy: e.Policy, Limits: e.Retries, OnRetry: e.OnRetry, Budget: budget, Operation: e.Operation, Part: part}
}

// opening is the first answer of a download.
type opening struct {
	*answer
	release func() // frees its place among the GETs
	reason  error  // why it cannot be continued; nil if it can
}

// close closes the answer, unless it is closed already.
func (o *opening) close() {
	if o.answer != nil {
		o.answer.close()
		o.release()
		o.answer = nil
	}
}

// begin opens a file and finds out how it can be downloaded.
func (e *Engine) begin(ctx context.Context, f File) (*opening, error) {
	return e.opening(ctx, func(ctx context.Context) (*answer, error, error) {
		a, err := e.open(ctx, f, want{ranged: true, length: e.Part})
		reason := errNoRanges
		switch {
		case err == nil && a.whole:
			return a, reason, nil
		case err == nil && isStrong(a.ETag) && a.FileSize >= 0:
			return a, nil, nil
		case err == nil && a.Size == a.FileSize:
			return a, errNoETag, nil
		case err == nil:
			a.close()
			reason = errNoETag
		case !errors.Is(err, errRange) && e.Policy(err).Status != http.StatusRequestedRangeNotSatisfiable:
			return nil, nil, err
		}
		// No range is a range of an empty file.
		a, err = e.open(ctx, f, want{})
		return a, reason, err
	})
}

// beginAt opens the version of a file that an earlier download left unfinished, at the
// beginning of a span that is missing.
func (e *Engine) beginAt(ctx context.Context, f File, version version, missing span) (*opening, error) {
	return e.opening(ctx, func(ctx context.Context) (*answer, error, error) {
		length := min(missing.length(), e.partSize(version.size))
		a, err := e.open(ctx, f, want{ranged: true, offset: missing.start, length: length, version: version})
		return a, nil, err
	})
}

func (e *Engine) opening(ctx context.Context, open func(context.Context) (*answer, error, error)) (*opening, error) {
	o := &opening{}
	_, err := e.attempts(0, nil).Do(ctx, func(ctx context.Context) (err error) {
		if o.release, err = e.Limits.Get(ctx, 0); err != nil {
			return err
		}
		if o.answer, o.reason, err = open(ctx); err != nil {
			o.release()
		}
		return err
	})
	return o, err
}

// partSize returns the length of the parts of a file.
func (e *Engine) partSize(size int64) int64 {
	return max(e.Part, min(size/partsPerFile, longestPart*e.Part))
}

// A target takes the bytes of a file, in any order.
type target interface {
	io.WriterAt
	// Truncate drops all bytes from a position on, if the target can.
	Truncate(size int64) error
	// note is called after n bytes were written. missing returns what is missing still.
	note(n int64, missing func() []span)
}

// ToWriterAt downloads a file to w, from several goroutines at a time.
func (e *Engine) ToWriterAt(ctx context.Context, f File, w io.WriterAt, report func(Counts)) (Result, error) {
	o, err := e.begin(ctx, f)
	if err != nil {
		return Result{}, err
	}
	defer o.close()
	return e.receive(ctx, f, o, anyWriter{w}, nil, report)
}

// anyWriter is a target of which nothing is known.
type anyWriter struct{ io.WriterAt }

func (anyWriter) Truncate(int64) error      { return nil }
func (anyWriter) note(int64, func() []span) {}

// receive downloads what is missing to a target, or the whole file if missing is nil. The
// answer of o is its beginning.
func (e *Engine) receive(ctx context.Context, f File, o *opening, to target, missing []span, report func(Counts)) (Result, error) {
	result := Result{Size: o.FileSize, ContentType: o.ContentType, ETag: o.ETag}
	if o.reason != nil {
		if o.FileSize != 0 {
			e.OnNoContinuation(NoContinuation{Context: ctx, Err: o.reason})
		}
		return e.inOrder(ctx, f, o, to, report)
	}
	if missing == nil {
		missing = []span{{0, o.FileSize}}
	}
	result.Continued = o.FileSize - total(missing)
	r := &ranges{
		engine: e, file: f, version: version{o.ETag, o.FileSize}, target: to,
		retries:  retry.NewBudget(e.Limits.MaxPuts),
		progress: newProgress(result.Continued, o.FileSize, report),
		todo:     slices.Clone(missing),
	}
	return result, r.run(ctx, o)
}

// write writes bytes to a target.
func write(to io.WriterAt, p []byte, at int64) error {
	n, err := to.WriteAt(p, at)
	if err == nil && n != len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return &errs.TargetError{Err: err}
	}
	return nil
}
