package contract

// DefaultMaxBody is the limit of [WithMaxBody] when none is set: 16 MiB, the room that a list of all
// parts of the largest upload needs.
const DefaultMaxBody = 16 << 20

// An Option changes how a transport or a handler validates.
type Option func(*settings)

type settings struct {
	document   *Document
	strict     bool
	reportOnly bool
	report     []func(Violation)
	recorder   *Recorder
	maxBody    int64
	servers    *servers // nil: those of the document
}

func newSettings(opts []Option) *settings {
	s := &settings{maxBody: DefaultMaxBody}
	for _, opt := range opts {
		opt(s)
	}
	if s.document == nil {
		s.document = Default()
	}
	if s.servers == nil {
		s.servers = &s.document.servers
	}
	return s
}

// WithDocument validates against another document than [Default].
func WithDocument(d *Document) Option { return func(s *settings) { s.document = d } }

// WithStrict refuses response properties that the document does not name; by default they are accepted,
// because services add them over time. Use it in tests, where both sides are built from the same
// document.
func WithStrict() Option { return func(s *settings) { s.strict = true } }

// WithViolationFunc calls f for each violation, in addition to failing the call. It may be given more than
// once. Calls may be concurrent, and happen on the goroutine of the exchange.
func WithViolationFunc(f func(Violation)) Option {
	return func(s *settings) { s.report = append(s.report, f) }
}

// WithReportOnly lets traffic pass in spite of violations, which are only reported to [WithViolationFunc]. A
// body beyond [WithMaxBody] still passes whole, unchecked.
func WithReportOnly() Option { return func(s *settings) { s.reportOnly = true } }

// WithCoverage notes what was exercised in a recorder. A nil recorder notes nothing.
func WithCoverage(r *Recorder) Option { return func(s *settings) { s.recorder = r } }

// WithMaxBody limits the JSON bodies that are read into memory, in bytes. A longer one is a violation.
// Values below 1 mean [DefaultMaxBody]. Bodies of files have no limit here.
func WithMaxBody(bytes int64) Option {
	return func(s *settings) {
		if s.maxBody = bytes; bytes < 1 {
			s.maxBody = DefaultMaxBody
		}
	}
}

// WithServers names the base URLs under which the API and the CDN are reached, in place of those in the
// document. Both may be the same. A transport treats requests to anything else, part URLs aside, as
// violations; to an address that does not parse, every request is one. Handlers ignore it: they serve
// under any name.
func WithServers(apiURL, cdnURL string) Option {
	return func(s *settings) { s.servers = &servers{shared: []string{apiURL}, own: []string{cdnURL}} }
}

// tell reports violations to the callbacks.
func (s *settings) tell(found []Violation) {
	for _, v := range found {
		for _, report := range s.report {
			report(v)
		}
	}
}
