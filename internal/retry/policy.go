// Package retry decides what to do about a failed attempt, and makes the attempts of one
// step with the waits between them. The policy is a table over the operation and the
// failure. It reads errors through a function that its user supplies, so that it does
// not depend on their types.
//
// A step waits for two minutes in all between its attempts. The waits grow from half a
// second to 30 s, with full jitter. A Retry-After is the least wait, and one of more than two
// minutes ends the step. A malformed answer is tried three times, and for 15 s once an upload
// has begun. The parts of one upload share a budget of retries on top. Limits holds what of
// this can be set.
package retry

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

// Failure describes the error of an attempt to the policy.
type Failure struct {
	// Answered reports whether there was an answer, with a status that means failure.
	// Status, Code and RetryAfter are those of the answer.
	Answered   bool
	Status     int
	Code       string
	RetryAfter time.Duration
	// KnownHost reports that the host which answered has served the client before.
	KnownHost bool
	// Permanent reports that there was no answer and that another attempt would fail
	// as well.
	Permanent bool
}

// Policy is the retry policy, given a function that describes errors to it.
type Policy func(error) Failure

// Decision is what to do about a failed attempt.
type Decision int

// What to do about a failed attempt.
const (
	Stop       Decision = iota // give up, because another attempt would fail as well
	Retry                      // wait, then try again
	RefreshURL                 // fetch a fresh URL for the part, then try again
	ResendPart                 // PUT the bytes of the part once more
	AskServer                  // ask ListUploadParts what the service has
)

// Decide returns what to do about err, the failure of an attempt at op. TestRetryPolicy
// of the root package lists the decisions row by row with their reasons.
func (p Policy) Decide(op string, err error) Decision {
	failed := p(err)
	var unreadable *errs.SourceError
	var unwritable *errs.TargetError
	var token *errs.TokenError
	var limiter *errs.LimiterError
	switch {
	case errors.As(err, &unreadable), errors.Is(err, errs.ErrSourceSize), errors.Is(err, errs.ErrSourceChanged):
		return Stop // also if the source failed with an answer of another service
	case errors.As(err, &unwritable), errors.Is(err, errs.ErrFileChanged):
		return Stop
	case errors.As(err, &token), errors.As(err, &limiter):
		return Stop
	case failed.Answered:
		return decideAnswer(op, failed)
	case errors.Is(err, errs.ErrMissingETag):
		return ResendPart
	case permanent(op, err, failed):
		return Stop
	case op == operation.CompleteUploadPart:
		return AskServer // the answer is lost, but the completion may have been carried out
	default:
		return Retry
	}
}

func decideAnswer(op string, answer Failure) Decision {
	// API and storage do not redirect. If one that has served before does, a portal has
	// answered. The CDN may redirect.
	portal := answer.KnownHost && answer.Status/100 == 3 && op != operation.DownloadFile && op != operation.ProcessFile
	transient := isTransient(answer.Status) || portal
	switch op {
	case operation.PutPart:
		switch {
		case answer.Status == http.StatusForbidden, answer.Code == "ExpiredToken":
			return RefreshURL // the signature may have expired
		case answer.Status == http.StatusNotFound:
			return AskServer // storage has finished the upload, or forgotten it
		case answer.Code == "RequestTimeout":
			return Retry // storage answers 400 if it waited too long for bytes
		}
	case operation.GetUploadPart:
		if answer.Status == http.StatusNotFound {
			return AskServer // the part may be complete
		}
	case operation.CompleteUploadPart:
		switch {
		case answer.Status == http.StatusTooManyRequests:
			return Retry // it was refused before anything was done
		case answer.Status == http.StatusNotFound, transient:
			return AskServer // it may have been carried out all the same
		case etagRefused(answer.Status):
			return ResendPart
		}
	}
	if transient {
		return Retry
	}
	return Stop
}

// isTransient reports whether a status means a state that may pass.
func isTransient(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return status >= 500
}

// etagRefused reports whether a completion may have been refused for its etag. The API
// has no code for that, so every status that means a wrong request counts.
func etagRefused(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusPreconditionFailed, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// permanent reports whether an attempt without an answer would fail again.
func permanent(op string, err error, failed Failure) bool {
	var (
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
		host        x509.HostnameError
		dns         *net.DNSError
		proxy       *errs.ProxyError
	)
	if permanent, known := Permanent(err); known {
		return permanent
	}
	switch {
	case failed.Permanent, refusedBySOCKS(err):
		return true
	case errors.As(err, &proxy):
		return proxy.Final()
	case errors.Is(err, errs.ErrKnownHost):
		return false // the resolver is wrong for a while, or a portal answers
	case errors.As(err, &certificate), errors.As(err, &authority), errors.As(err, &host):
		return true
	case errors.As(err, &dns):
		// At the first contact the name is wrong. That of storage comes from the API.
		return dns.IsNotFound && op != operation.PutPart
	}
	return errors.Is(err, http.ErrSchemeMismatch)
}

// refusedBySOCKS reports whether a SOCKS proxy refused a connection by its rules, or the
// credentials for it. The package that net/http uses has no types for that.
func refusedBySOCKS(err error) bool {
	var failed *net.OpError
	if !errors.As(err, &failed) || !strings.HasPrefix(failed.Op, "socks") || failed.Err == nil {
		return false
	}
	text := failed.Err.Error()
	return strings.Contains(text, "not allowed by ruleset") || strings.Contains(text, "authentication")
}

// Permanent reports whether an error declares by a method Permanent whether another
// attempt would fail as well, and what it declares. The errors of transports may have
// that method, as those of package contract do.
func Permanent(err error) (permanent, known bool) {
	var final interface{ Permanent() bool }
	if errors.As(err, &final) {
		return final.Permanent(), true
	}
	return false, false
}
