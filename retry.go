package bytescale

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

const (
	// maxAttempts is how often one step is tried. With the waits between them, a
	// step outlives an outage of a minute or two. Of a thousand parallel steps, some
	// draw short waits: those are tried on, up to twice as often, until patience has
	// passed since the first failure.
	maxAttempts = 16
	patience    = time.Minute
	// maxNonsense is how often an answer may make no sense: a broken proxy can
	// pass, a server that speaks another language does not. One that made sense
	// when the upload began has nonsensePatience on top, for a gateway that is
	// being replaced, say.
	maxNonsense      = 3
	nonsensePatience = 15 * time.Second
	firstWait        = 500 * time.Millisecond
	longestWait      = 30 * time.Second
	// longestRetryAfter is the longest wait that a server may ask for.
	longestRetryAfter = 2 * time.Minute

	// retriesPerPart is how many retries the parts of one upload share, for each PUT
	// and API call that may be in flight: enough for all that is under way to outlive
	// an outage together. Each part that is done gives back as many as one step may
	// take, so that a long upload over a bad link goes on, while one that gets
	// nowhere ends.
	retriesPerPart = 20
)

// failure is what the policy has to know of a failed attempt beside its error.
type failure struct {
	answered   bool // by a status that means failure, which is in the next three
	status     int
	code       string
	retryAfter time.Duration
	permanent  bool // it was not answered, and another attempt would fail alike
}

// policy reads the errors of attempts. Its method judge is the retry policy.
type policy func(error) failure

// verdict is what to do about a failed attempt.
type verdict int

const (
	stop    verdict = iota // trying again cannot help
	again                  // wait, then do the same once more
	refresh                // fetch a fresh URL for the part, then do the same
	resend                 // PUT the part once more
	ask                    // ask ListUploadParts what the server has
)

// judge says what to do about err, the failure of an attempt at op. It is the
// retry policy; TestJudge lists it row by row with the reasons.
func (p policy) judge(op string, err error) verdict {
	failed := p(err)
	var unreadable *errs.SourceError
	var token *errs.TokenError
	switch {
	case errors.As(err, &unreadable), errors.Is(err, errs.ErrSourceSize), errors.Is(err, errs.ErrSourceChanged):
		return stop // whatever the source failed with: it may be an answer of another service
	case errors.As(err, &token):
		return stop
	case failed.answered:
		return judgeAnswer(op, failed)
	case errors.Is(err, errs.ErrMissingETag):
		return resend
	case permanent(op, err, failed):
		return stop
	case op == operation.CompleteUploadPart:
		return ask // the answer is lost; the completion may not be
	default:
		return again
	}
}

func judgeAnswer(op string, answer failure) verdict {
	passes := temporary(answer.status)
	switch op {
	case operation.PutPart:
		switch {
		case answer.status == http.StatusForbidden, answer.code == "ExpiredToken":
			return refresh // the signature may have expired
		case answer.status == http.StatusNotFound:
			return ask // storage has forgotten the upload, or finished it
		case answer.code == "RequestTimeout":
			return again // storage says 400 when it waited too long for bytes
		}
	case operation.GetUploadPart:
		if answer.status == http.StatusNotFound {
			return ask // perhaps the part is complete
		}
	case operation.CompleteUploadPart:
		switch {
		case answer.status == http.StatusTooManyRequests:
			return again // refused before anything was done
		case answer.status == http.StatusNotFound, passes:
			return ask // it may have been done all the same
		case etagRefused(answer.status):
			return resend
		}
	}
	if passes {
		return again
	}
	return stop
}

// temporary says whether the status tells of a state that can pass.
func temporary(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return status >= 500
}

// etagRefused says whether a completion was refused for its etag: the API gives
// no code for that, so each "your request is wrong" is read so once.
func etagRefused(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusPreconditionFailed, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// permanent says whether a failure without an answer will come again.
func permanent(op string, err error, failed failure) bool {
	var (
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		host        x509.HostnameError
		dns         *net.DNSError
	)
	if permanent, told := transportSays(err); told {
		return permanent
	}
	switch {
	case errors.As(err, &certificate), errors.As(err, &authority), errors.As(err, &host):
		return true
	case failed.permanent:
		return true
	case errors.As(err, &dns):
		// At the first contact the name is wrong; later the resolver is.
		return dns.IsNotFound && op == operation.BeginMultipartUpload
	}
	return errors.Is(err, http.ErrSchemeMismatch)
}

// transportSays is what a transport that knows, such as that of package contract,
// says of its failure: whether it will come again.
func transportSays(err error) (permanent, told bool) {
	var final interface{ Permanent() bool }
	if errors.As(err, &final) {
		return final.Permanent(), true
	}
	return false, false
}

// retrier counts the attempts of one step and waits between them.
type retrier struct {
	policy   policy
	onRetry  func(retried)
	shared   *retryBudget
	op       string
	uploadID string
	part     int64
	attempts int
	nonsense int       // attempts whose answer made no sense
	since    time.Time // the first failure
}

// next counts an attempt and returns the context for it.
func (r *retrier) next(ctx context.Context) context.Context {
	r.attempts++
	return operation.WithAttempt(ctx, r.attempt())
}

func (r *retrier) attempt() operation.Attempt {
	return operation.Attempt{UploadID: r.uploadID, Part: r.part, Number: r.attempts}
}

// retried says that an attempt failed and that another one follows after wait.
type retried struct {
	operation string
	attempt   operation.Attempt
	status    int // of the answer; 0 if there was none
	wait      time.Duration
	err       error
}

// wait waits before the next attempt. It returns an error when there is to be
// none: err itself, or the context's.
func (r *retrier) wait(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, errs.ErrProtocol) {
		r.nonsense++
	}
	if r.since.IsZero() {
		r.since = time.Now()
	}
	failing := time.Since(r.since)
	often := r.attempts >= maxAttempts && failing >= patience || r.attempts >= 2*maxAttempts
	nonsense := r.nonsense >= maxNonsense && (r.uploadID == "" || failing >= nonsensePatience)
	failed := r.policy(err)
	wait := failed.retryAfter
	switch {
	case often, nonsense:
		return fmt.Errorf("%w (after %d attempts)", err, r.attempts)
	case wait > longestRetryAfter:
		return fmt.Errorf("%w (asked to wait %v, the limit is %v)", err, wait, longestRetryAfter)
	case !r.shared.take():
		return fmt.Errorf("%w (and %d retries of this upload are used up)", err, r.shared.size)
	}
	// The server's wait is the least one: with many short ones, all attempts would
	// be over before a short outage is.
	wait = max(wait, backoff(r.attempts))
	r.onRetry(retried{operation: r.op, attempt: r.attempt(), status: failed.status, wait: wait, err: err})
	return sleep(ctx, wait)
}

// do makes attempts until one succeeds or judge no longer says "again".
func (r *retrier) do(ctx context.Context, attempt func(context.Context) error) error {
	for {
		err := attempt(r.next(ctx))
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case r.policy.judge(r.op, err) != again:
			return err
		}
		if err := r.wait(ctx, err); err != nil {
			return err
		}
	}
}

// backoff is exponential with full jitter: clients that failed together do not
// come back together.
func backoff(attempt int) time.Duration {
	ceiling := longestWait
	if attempt < 7 {
		ceiling = min(longestWait, firstWait<<(attempt-1))
	}
	return rand.N(ceiling)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// retryBudget is shared by the parts of an upload.
type retryBudget struct {
	size int
	mu   sync.Mutex
	left int
}

// newRetryBudget is for inFlight calls and PUTs at a time.
func newRetryBudget(inFlight int) *retryBudget {
	size := retriesPerPart * inFlight
	return &retryBudget{size: size, left: size}
}

func (b *retryBudget) take() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left == 0 {
		return false
	}
	b.left--
	return true
}

func (b *retryBudget) giveBack() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(b.size, b.left+maxAttempts)
}

// parseRetryAfter reads how long a server asks to wait: retry-after-ms, or
// Retry-After in seconds or as an HTTP date, which is compared with the server's own
// clock if the answer tells it. What cannot be read is ignored.
func parseRetryAfter(h http.Header, now time.Time) time.Duration {
	if ms, err := strconv.ParseFloat(strings.TrimSpace(h.Get("Retry-After-Ms")), 64); err == nil && ms >= 0 {
		return duration(ms, time.Millisecond)
	}
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 {
		return duration(seconds, time.Second)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if theirs, err := http.ParseTime(h.Get("Date")); err == nil {
		now = theirs
	}
	return max(0, at.Sub(now))
}

// duration is n units, or the longest duration there is.
func duration(n float64, unit time.Duration) time.Duration {
	const longest = time.Duration(1<<63 - 1)
	if d := n * float64(unit); d < float64(longest) {
		return time.Duration(d)
	}
	return longest
}
