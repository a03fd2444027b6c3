package contract

import (
	"context"
	"net/http"
)

// DefaultMaxBody is the limit of JSON responses in bytes unless [WithMaxBody] sets another one: 16 MiB,
// enough for a list of all parts of the largest upload.
const DefaultMaxBody = 16 << 20

// An Option changes how a transport or a handler validates.
type Option func(*settings)

type settings struct {
	document   *Document
	strict     bool
	reportOnly bool
	reporters  []func(context.Context, Violation)
	recorder   *Recorder
	maxBody    int64
	servers    Servers

	authenticator func(http.Handler) http.Handler // nil: none
	writeRefusal  func(http.ResponseWriter, *http.Request, Refusal)
}

func newSettings(opts []Option) *settings {
	s := &settings{maxBody: DefaultMaxBody, writeRefusal: writeErrorBody}
	for _, opt := range opts {
		opt(s)
	}
	if s.document == nil {
		s.document = Default()
	}
	if s.servers.bases == nil {
		s.servers = s.document.servers
	}
	return s
}

// WithDocument validates against a document. The default, also for nil, is [Default].
func WithDocument(d *Document) Option { return func(s *settings) { s.document = d } }

// WithStrict refuses response properties that the document does not name, and values that it does not
// list as known ("x-extensible-enum"). By default both are accepted, because services add them over
// time. Use it in tests, where both sides are built from the same document.
func WithStrict() Option { return func(s *settings) { s.strict = true } }

// WithReporter calls report for each violation, with the context of the request, in addition to
// failing the call. The option may be used more than once. Calls may be concurrent; each is made on
// the goroutine of its exchange. A nil report does nothing.
func WithReporter(report func(context.Context, Violation)) Option {
	return func(s *settings) {
		if report != nil {
			s.reporters = append(s.reporters, report)
		}
	}
}

// WithReportOnly lets traffic pass in spite of violations, which are only reported to [WithReporter]. A
// body beyond [WithMaxBody] passes whole and unchecked.
func WithReportOnly() Option { return func(s *settings) { s.reportOnly = true } }

// WithCoverage records what was exercised. A nil recorder records nothing.
func WithCoverage(r *Recorder) Option { return func(s *settings) { s.recorder = r } }

// WithMaxBody lowers the limit of JSON bodies, which are read into memory, to a number of bytes from 1 to
// [DefaultMaxBody]. Other numbers mean the default. A longer body is a violation. By default, a response
// may have DefaultMaxBody bytes, and a request what its operation needs: the length of the longest valid
// body, but at least 256 KiB. There are limits of the number of values, too: 100000 in a response, and
// in a request as many as the largest valid body has, but at least 1000. Bodies of files have no limit.
func WithMaxBody(bytes int64) Option {
	return func(s *settings) {
		if s.maxBody = bytes; bytes < 1 || bytes > DefaultMaxBody {
			s.maxBody = DefaultMaxBody
		}
	}
}

// WithServers sets the base URLs of the API and of the CDN, in place of those in the document. To a
// transport, a request to any other place is a violation, except for the PUT of a part. To a handler,
// which serves under any host name, only the paths of the URLs matter. The zero Servers mean those of
// the document.
func WithServers(servers Servers) Option { return func(s *settings) { s.servers = servers } }

// WithAuthenticator lets a handler authenticate requests before it reads their bodies, so that strangers
// cost little. The authenticator is a middleware: it answers a stranger itself, and calls next otherwise,
// with what it knows in the context of the request if need be. It runs after the credentials were found
// to be well-formed. What it answers is validated like the responses of the handler. Nil means none.
// Transports ignore the option.
func WithAuthenticator(authenticator func(next http.Handler) http.Handler) Option {
	return func(s *settings) { s.authenticator = authenticator }
}

// WithRefusalWriter sets how a handler writes refusals, for APIs with another error body. write must write
// the status, too; the headers Allow, WWW-Authenticate and Retry-After are set before. The default, also
// for nil, is the error body of the Bytescale API. Transports ignore the option.
func WithRefusalWriter(write func(http.ResponseWriter, *http.Request, Refusal)) Option {
	return func(s *settings) {
		if s.writeRefusal = write; write == nil {
			s.writeRefusal = writeErrorBody
		}
	}
}

// limit returns the limit of a JSON body in bytes.
func (s *settings) limit(b *body) int64 { return min(s.maxBody, b.limit.bytes) }

// report calls the reporters with violations.
func (s *settings) report(ctx context.Context, found []Violation) {
	for _, v := range found {
		for _, report := range s.reporters {
			report(ctx, v)
		}
	}
}
