package bytescale

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
