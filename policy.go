package bytescale

import (
	"time"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/rest"
	"github.com/c88edac7/bytescale-go/internal/retry"
	"github.com/c88edac7/bytescale-go/internal/wire"
)

// RetryPolicy says how often one step of an upload, or one call, is tried again while its
// failure is transient. The zero RetryPolicy is the default, which outlives an outage of two
// minutes. A field that is zero or negative has its default.
//
// Which failures are transient cannot be set; see Retries in the package documentation. A
// transport declares a failure of its own transient or final by an error with a method
// Permanent() bool. The end of the context ends every retry.
type RetryPolicy struct {
	// MaxAttempts is how often a step is tried. 1 means that nothing is tried again. The
	// default is no limit but TotalWait, which allows for some 14 attempts.
	MaxAttempts int
	// TotalWait is how long a step waits between its attempts, all waits together. The last
	// attempt follows when it has waited exactly that long. The default is 2 minutes. The
	// time of the attempts does not count, nor does what a Retry-After asks for beyond the
	// client's own wait. A Retry-After of more than TotalWait ends the step at once.
	TotalWait time.Duration
	// FirstWait is the longest first wait. Each further one may be twice as long, up to
	// LongestWait. Every wait is drawn between zero and that (full jitter). The defaults
	// are half a second and 30 s.
	FirstWait, LongestWait time.Duration
}

// Timeouts limits the waits of one attempt. When one is over, the attempt ends with
// [ErrStalled], and is retried by the [RetryPolicy]. The zero Timeouts is the default. A field
// that is zero or negative has its default.
//
// They are for what answers within seconds or never, such as the upload of a picture in a web
// request. A transfer that moves has no limit: the attempt to send a part is cut only if it
// moves less than 1 KiB/s over 30 s.
type Timeouts struct {
	// Connect is how long an attempt waits for a connection: for the name, TCP, TLS and a
	// proxy. The default is the limits of the transport. Those of [NewTransport] are 30 s
	// for a connection and 30 s for TLS.
	Connect time.Duration
	// Call is how long an API call may take, with its answer. It does not apply to calls
	// that send a file. The default is 2 minutes.
	Call time.Duration
	// PartAnswer is how long storage may take to answer after the last byte of a part, and the
	// API after that of a single request ([WithSingleRequest]). Each
	// further attempt at the part waits twice as long, up to 16 times. The default is 1
	// minute, or longer for a part of more than 15 MiB, or if the operating system does not
	// say what has arrived.
	PartAnswer time.Duration
}

// WithRetryPolicy sets how often steps and calls are tried again. See
// [Client.WithRetryPolicy] for a single call.
func WithRetryPolicy(p RetryPolicy) ClientOption {
	return func(s *clientSettings) error {
		s.retries = p
		return nil
	}
}

// WithTimeouts sets how long one attempt may wait. See [Client.WithTimeouts] for a single
// call.
func WithTimeouts(t Timeouts) ClientOption {
	return func(s *clientSettings) error {
		s.timeouts = t
		return nil
	}
}

// WithRetryPolicy returns a client with another retry policy. It shares everything else with
// c, also the limits, buffers and connections, and costs next to nothing. So it can be made for
// a single call:
//
//	client.WithRetryPolicy(bytescale.RetryPolicy{MaxAttempts: 1}).DeleteFile(ctx, path)
func (c *Client) WithRetryPolicy(p RetryPolicy) *Client { return c.derive(p, c.timeouts) }

// WithTimeouts returns a client with other timeouts. It shares everything else with c, as that
// of [Client.WithRetryPolicy] does.
func (c *Client) WithTimeouts(t Timeouts) *Client { return c.derive(c.retries, t) }

// derive returns a client that differs from c in the policy and the timeouts.
func (c *Client) derive(p RetryPolicy, t Timeouts) *Client {
	derived, engine := *c, *c.engine
	engine.Retries, engine.Timeouts = p.limits(), t.ofPart()
	derived.retries, derived.timeouts, derived.engine = p, t, &engine
	derived.rest = c.rest.WithTimeouts(t.ofCall())
	derived.setDownloads()
	generated := *c.generated.ClientInterface.(*gen.Client)
	generated.Client = doer{derived.rest}
	derived.generated = &gen.ClientWithResponses{ClientInterface: &generated}
	derived.api = &apiService{client: &derived, calls: &generated}
	if c.service == uploadService(c.api) {
		derived.uploadBy(derived.api)
	}
	return &derived
}

// limits returns the policy in the type of the engine.
func (p RetryPolicy) limits() retry.Limits { return retry.Limits(p) }

// ofCall returns the limits of a call.
func (t Timeouts) ofCall() rest.Timeouts { return rest.Timeouts{Connect: t.Connect, Call: t.Call} }

// ofPart returns the limits of the attempt to send a part.
func (t Timeouts) ofPart() wire.Timeouts {
	return wire.Timeouts{Connect: t.Connect, Answer: t.PartAnswer}
}
