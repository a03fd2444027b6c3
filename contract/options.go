package contract

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// DefaultMaxBody is the limit of JSON responses in bytes unless [WithMaxBody] sets another one: 16 MiB,
// enough for a list of all parts of the largest upload.
const DefaultMaxBody = 16 << 20

// An Option changes how a transport or a handler validates. [NewTransport] and [NewHandler] return the
// error of an option that makes no sense.
type Option func(*settings) error

type settings struct {
	document   *Document
	strict     bool
	reportOnly bool
	reporters  []func(context.Context, Violation)
	recorder   *Recorder
	maxBody    int64
	servers    *servers // nil: those of the document

	authenticator func(http.Handler) http.Handler // nil: none
}

func newSettings(opts []Option) (*settings, error) {
	s := &settings{maxBody: DefaultMaxBody}
	for _, opt := range opts {
		if err := opt(s); err != nil {
			return nil, fmt.Errorf("contract: %w", err)
		}
	}
	if s.document == nil {
		s.document = Default()
	}
	if s.servers == nil {
		s.servers = &s.document.servers
	}
	return s, nil
}

// WithDocument validates against another document than [Default].
func WithDocument(d *Document) Option {
	return func(s *settings) error {
		if d == nil {
			return errors.New("WithDocument: the document is nil")
		}
		s.document = d
		return nil
	}
}

// WithStrict refuses response properties that the document does not name. By default they are
// accepted, because services add properties over time. Use it in tests, where both sides are built
// from the same document.
func WithStrict() Option {
	return func(s *settings) error {
		s.strict = true
		return nil
	}
}

// WithReporter calls report for each violation, with the context of the request, in addition to
// failing the call. The option may be used more than once. Calls may be concurrent; each is made on
// the goroutine of its exchange.
func WithReporter(report func(context.Context, Violation)) Option {
	return func(s *settings) error {
		if report == nil {
			return errors.New("WithReporter: the function is nil")
		}
		s.reporters = append(s.reporters, report)
		return nil
	}
}

// WithReportOnly lets traffic pass in spite of violations, which are only reported to [WithReporter]. A
// body beyond [WithMaxBody] passes whole and unchecked.
func WithReportOnly() Option {
	return func(s *settings) error {
		s.reportOnly = true
		return nil
	}
}

// WithCoverage records what was exercised. A nil recorder records nothing.
func WithCoverage(r *Recorder) Option {
	return func(s *settings) error {
		s.recorder = r
		return nil
	}
}

// WithMaxBody lowers the limit of JSON bodies, which are read into memory, to a number of bytes from 1 to
// [DefaultMaxBody]. A longer body is a violation. By default, a response may have DefaultMaxBody bytes,
// and a request what its operation needs: the length of the longest valid body, but at least 256 KiB.
// There are limits of the number of values, too: 100000 in a response, and in a request as many as the
// largest valid body has, but at least 1000. Bodies of files have no limit.
func WithMaxBody(bytes int64) Option {
	return func(s *settings) error {
		if bytes < 1 || bytes > DefaultMaxBody {
			return fmt.Errorf("WithMaxBody: %d is not from 1 to %d", bytes, DefaultMaxBody)
		}
		s.maxBody = bytes
		return nil
	}
}

// WithServers sets the base URLs of the API and of the CDN, in place of those in the document. Each must
// be an absolute http or https URL; both may be the same. To a transport, a request to any other place
// is a violation, except for the PUT of a part. Handlers ignore the option, because they serve under
// any name.
func WithServers(apiURL, cdnURL string) Option {
	return func(s *settings) error {
		if !isServer(apiURL) {
			return errors.New("WithServers: the URL of the API is not an absolute http or https URL")
		}
		if !isServer(cdnURL) {
			return errors.New("WithServers: the URL of the CDN is not an absolute http or https URL")
		}
		s.servers = &servers{shared: []string{apiURL}, own: []string{cdnURL}}
		return nil
	}
}

func isServer(server string) bool {
	u, err := url.Parse(server)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// limit returns the limit of a JSON body in bytes.
func (s *settings) limit(b *body) int64 { return min(s.maxBody, b.limit.bytes) }

// WithAuthenticator lets a handler authenticate requests before it reads their bodies, so that strangers
// cost little. The authenticator is a middleware: it answers a stranger itself, and calls next otherwise,
// with what it knows in the context of the request if need be. It runs after the credentials were found
// to be well-formed. What it answers is validated like the responses of the handler. Transports ignore
// the option.
func WithAuthenticator(authenticator func(next http.Handler) http.Handler) Option {
	return func(s *settings) error {
		if authenticator == nil {
			return errors.New("WithAuthenticator: the function is nil")
		}
		s.authenticator = authenticator
		return nil
	}
}

// report calls the reporters with violations.
func (s *settings) report(ctx context.Context, found []Violation) {
	for _, v := range found {
		for _, report := range s.reporters {
			report(ctx, v)
		}
	}
}
