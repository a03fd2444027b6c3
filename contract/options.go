package contract

import (
	"context"
	"errors"
	"fmt"
	"net/url"
)

// DefaultMaxBody is the limit of [WithMaxBody] when none is set: 16 MiB, the room that a list of all
// parts of the largest upload needs.
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

// WithStrict refuses response properties that the document does not name; by default they are accepted,
// because services add them over time. Use it in tests, where both sides are built from the same
// document.
func WithStrict() Option {
	return func(s *settings) error {
		s.strict = true
		return nil
	}
}

// WithReporter calls report for each violation, with the context of the request, in addition to
// failing the call. It may be given more than once. Calls may be concurrent, and happen on the
// goroutine of the exchange.
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
// body beyond [WithMaxBody] still passes whole, unchecked.
func WithReportOnly() Option {
	return func(s *settings) error {
		s.reportOnly = true
		return nil
	}
}

// WithCoverage notes what was exercised in a recorder. A nil recorder notes nothing.
func WithCoverage(r *Recorder) Option {
	return func(s *settings) error {
		s.recorder = r
		return nil
	}
}

// WithMaxBody limits the JSON bodies that are read into memory, in bytes, at least 1. A longer one is
// a violation. The default is [DefaultMaxBody]. Bodies of files have no limit here.
func WithMaxBody(bytes int64) Option {
	return func(s *settings) error {
		if bytes < 1 {
			return fmt.Errorf("WithMaxBody: %d is less than 1", bytes)
		}
		s.maxBody = bytes
		return nil
	}
}

// WithServers names the base URLs under which the API and the CDN are reached, in place of those in the
// document. Both may be the same, and each must be an absolute http or https URL. A transport treats
// requests to anything else, part URLs aside, as violations. Handlers ignore it: they serve under any
// name.
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

// report hands violations to the reporters.
func (s *settings) report(ctx context.Context, found []Violation) {
	for _, v := range found {
		for _, report := range s.reporters {
			report(ctx, v)
		}
	}
}
