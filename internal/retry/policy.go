// Package retry decides what to do about a failed attempt, and makes the attempts
// of a step with the waits between them.
package retry

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

// Failure is what the policy has to know of a failed attempt beside its error.
type Failure struct {
	Answered   bool // by a status that means failure, which is in the next three
	Status     int
	Code       string
	RetryAfter time.Duration
	Permanent  bool // it was not answered, and another attempt would fail alike
}

// Policy reads the errors of attempts. Its method Decide is the retry policy.
type Policy func(error) Failure

// Decision is what to do about a failed attempt.
type Decision int

// What to do about a failed attempt.
const (
	Stop       Decision = iota // trying again cannot help
	Retry                      // wait, then do the same once more
	RefreshURL                 // fetch a fresh URL for the part, then do the same
	ResendPart                 // PUT the part once more
	AskServer                  // ask ListUploadParts what the server has
)

// Decide says what to do about err, the failure of an attempt at op. It is the
// retry policy; TestJudge lists it row by row with the reasons.
func (p Policy) Decide(op string, err error) Decision {
	failed := p(err)
	var unreadable *errs.SourceError
	var token *errs.TokenError
	switch {
	case errors.As(err, &unreadable), errors.Is(err, errs.ErrSourceSize), errors.Is(err, errs.ErrSourceChanged):
		return Stop // whatever the source failed with: it may be an answer of another service
	case errors.As(err, &token):
		return Stop
	case failed.Answered:
		return decideAnswer(op, failed)
	case errors.Is(err, errs.ErrMissingETag):
		return ResendPart
	case permanent(op, err, failed):
		return Stop
	case op == operation.CompleteUploadPart:
		return AskServer // the answer is lost; the completion may not be
	default:
		return Retry
	}
}

func decideAnswer(op string, answer Failure) Decision {
	passes := temporary(answer.Status)
	switch op {
	case operation.PutPart:
		switch {
		case answer.Status == http.StatusForbidden, answer.Code == "ExpiredToken":
			return RefreshURL // the signature may have expired
		case answer.Status == http.StatusNotFound:
			return AskServer // storage has forgotten the upload, or finished it
		case answer.Code == "RequestTimeout":
			return Retry // storage says 400 when it waited too long for bytes
		}
	case operation.GetUploadPart:
		if answer.Status == http.StatusNotFound {
			return AskServer // perhaps the part is complete
		}
	case operation.CompleteUploadPart:
		switch {
		case answer.Status == http.StatusTooManyRequests:
			return Retry // refused before anything was done
		case answer.Status == http.StatusNotFound, passes:
			return AskServer // it may have been done all the same
		case etagRefused(answer.Status):
			return ResendPart
		}
	}
	if passes {
		return Retry
	}
	return Stop
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
func permanent(op string, err error, failed Failure) bool {
	var (
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		host        x509.HostnameError
		dns         *net.DNSError
	)
	if permanent, known := Permanent(err); known {
		return permanent
	}
	switch {
	case errors.As(err, &certificate), errors.As(err, &authority), errors.As(err, &host):
		return true
	case failed.Permanent:
		return true
	case errors.As(err, &dns):
		// At the first contact the name is wrong; later the resolver is.
		return dns.IsNotFound && op == operation.BeginMultipartUpload
	}
	return errors.Is(err, http.ErrSchemeMismatch)
}

// Permanent returns what an error says about itself: whether another attempt would fail
// as well. Errors of transports say so by a method Permanent, as those of package
// contract do.
func Permanent(err error) (permanent, known bool) {
	var final interface{ Permanent() bool }
	if errors.As(err, &final) {
		return final.Permanent(), true
	}
	return false, false
}
