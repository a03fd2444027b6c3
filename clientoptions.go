package bytescale

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"net/url"
	"strings"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

const (
	// defaultRate leaves room below the vendor's 1000 requests per second and
	// account: a burst of a quarter more still stays within it.
	defaultRate = 800.0

	defaultBudget = 64 << 20
	minBudget     = 1 << 20
)

// ClientOption configures a [Client]; see [NewClient]. If an option is given twice,
// the last one counts.
type ClientOption func(*clientSettings) error

// clientSettings is what the options of a client write to.
type clientSettings struct {
	apiURL, cdnURL *url.URL
	accountID      string
	roundTripper   http.RoundTripper // nil for one of our own
	middleware     func(next http.RoundTripper) http.RoundTripper
	basic          bool
	jwt            func(context.Context) (string, error)
	puts, calls    int // 0 for what package limits does by default
	rate           float64
	limiter        func(context.Context) error // nil for none
	budget         int64
	observe        func(Event)
	userAgent      string
	retries        RetryPolicy
	timeouts       Timeouts
}

// The environment variables that [NewClientFromEnv] reads.
const (
	envAPIKey    = "BYTESCALE_API_KEY"
	envAPIURL    = "BYTESCALE_API_URL"
	envCDNURL    = "BYTESCALE_CDN_URL"
	envAccountID = "BYTESCALE_ACCOUNT_ID"
)

func noEnvironment(string) string { return "" }

// newClientSettings applies the options, then what getenv returns for settings that
// no option made, then the defaults.
func newClientSettings(opts []ClientOption, getenv func(string) string) (clientSettings, error) {
	s := clientSettings{
		rate:      defaultRate,
		budget:    defaultBudget,
		userAgent: userAgent,
	}
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&s); err != nil {
			return s, err
		}
	}
	fallback := func(isSet bool, option func(string) ClientOption, variable, standard string) error {
		value := cmp.Or(getenv(variable), standard)
		if isSet || value == "" {
			return nil
		}
		return inField(variable, option(value)(&s))
	}
	return s, cmp.Or(
		fallback(s.apiURL != nil, WithAPIURL, envAPIURL, DefaultAPIURL),
		fallback(s.cdnURL != nil, WithCDNURL, envCDNURL, DefaultCDNURL),
		fallback(s.accountID != "", WithAccountID, envAccountID, ""),
	)
}

// WithAPIURL sets the address of the API: scheme, host and, if needed, port and path prefix,
// without query and credentials. The default is [DefaultAPIURL].
//
// Credentials are sent to the origin (scheme, host and port) of this address only. With a
// plain http address they cross the network unencrypted, which is meant for emulators and
// tests.
func WithAPIURL(address string) ClientOption {
	return func(s *clientSettings) (err error) {
		s.apiURL, err = parseBaseURL("apiURL", address)
		return err
	}
}

// WithCDNURL sets the address of the CDN to download files from, in the form of
// [WithAPIURL]. The default is [DefaultCDNURL]. Credentials are sent to it by downloads with
// [WithCDNAuth] only.
func WithCDNURL(address string) ClientOption {
	return func(s *clientSettings) (err error) {
		s.cdnURL, err = parseBaseURL("cdnURL", address)
		return err
	}
}

// WithAccountID sets the account, seven base58 characters such as "A623uY2" (AccountId in
// openapi.yaml). The default is the account of the API key, and any other account is refused.
// A client without a key ([WithJWT]) needs the option.
func WithAccountID(id string) ClientOption {
	return func(s *clientSettings) error {
		if !accountIDPattern.MatchString(id) {
			return argumentError("accountID", "%s is not seven base58 characters", quote(id))
		}
		s.accountID = id
		return nil
	}
}

// WithTransport sets the transport that sends every request. No redirect is followed
// and no cookie is kept. The default is a transport of this Client's own, over
// HTTP/1.1, with as many idle connections as can be in use, proxies from the
// environment and no time limit on a transfer.
//
// Begin with [NewTransport] to change or wrap the default transport. A transport of
// your own should set MaxIdleConnsPerHost to 8 × PUTs + API calls in flight, because
// net/http's default of 2 means a new connection for nearly every part. It should
// limit the time to connect, because waiting for a connection is not taken for a
// stall. It must not retry by itself, nor read a request body after it has closed it.
func WithTransport(transport http.RoundTripper) ClientOption {
	return func(s *clientSettings) error {
		if transport == nil {
			return argumentError("transport", "is nil; leave the option out for the default")
		}
		s.roundTripper = transport
		return nil
	}
}

// WithMiddleware puts middleware around the transport, for traces and metrics. It is
// called once, by [NewClient], with the transport as next. For OpenTelemetry:
//
//	bytescale.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
//		return otelhttp.NewTransport(next)
//	})
//
// The middleware sees no secret, so it may record all that it sees: its requests
// carry no credentials, and the URL of a part has no query, because that is its
// signature. They are put back behind it. It may add header fields and replace the
// context; a change of the URL has no effect. [RequestInfoFromContext] returns the
// operation, part and attempt of a request. It must pass the body on as it is, or
// wrapped, and must not retry. On Linux, a part of a [File] whose body is wrapped is
// copied through the process instead of being sent by the kernel.
//
// Nil, the default, is none. A transport that must see the whole request, such as that
// of package contract, belongs into [WithTransport].
func WithMiddleware(middleware func(next http.RoundTripper) http.RoundTripper) ClientOption {
	return func(s *clientSettings) error {
		s.middleware = middleware
		return nil
	}
}

// WithBasicAuth sends the API key by HTTP basic authentication (user "apikey") instead of as
// a bearer token (BasicAuth instead of BearerAuth in openapi.yaml), for proxies that support
// nothing else. It needs an API key.
func WithBasicAuth() ClientOption {
	return func(s *clientSettings) error {
		s.basic = true
		return nil
	}
}

// WithJWT sets the source of JSON web tokens of the account. With an API key, the token is
// sent in the Authorization-Token header, and the permissions of both are merged. Without
// one, the token is the only credential, and [WithAccountID] is needed.
//
// The client calls the source before the first request and keeps the token. It calls the
// source again when the service refuses the token with 401, once per request; another 401 is
// final. Calls do not overlap. The source must obey its context, which is that of the request
// that waits. Its error ends that request, or that upload, without a retry.
func WithJWT(source func(context.Context) (string, error)) ClientOption {
	return func(s *clientSettings) error {
		if source == nil {
			return argumentError("jwt", "the source is nil")
		}
		s.jwt = source
		return nil
	}
}

// WithPutsInFlight sets how many parts all uploads of the client send at a time, from 1 to
// 256. The default is 8. Parts below 1 MiB have a limit of their own, eight times as large,
// so that small files do not queue behind large ones; without the option, it is as large as that
// of the API calls ([WithAPICallsInFlight]), and 64 at least. A part that goes unanswered after
// its last byte halves the limit that it counts for, until parts arrive again. All downloads of
// the client have as many ranges in flight, beside the uploads, with the same exception for small
// ones.
//
// Each part in flight takes one connection. More of them help on a link with a long round
// trip, and hardly on a fast local one. For a [File] or [ReaderAt], each costs the memory of
// a connection. The buffers of plain streams have a limit of their own ([WithBufferBudget]).
func WithPutsInFlight(n int) ClientOption {
	return func(s *clientSettings) error {
		if n < 1 || n > 256 {
			return argumentError("putsInFlight", "%d is outside 1..256", n)
		}
		s.puts = n
		return nil
	}
}

// WithAPICallsInFlight sets how many API calls the client has in flight at a time, from 2 to
// 1024. Each part of an upload takes two calls, which run beside the transfers. With a latency of
// L seconds, n calls allow for n/(2·L) parts per second.
//
// By default the limit follows from the rate and the measured latency of the calls that succeed,
// as rate × latency × 1.25, between 64 and 1024. That is enough for the rate ([WithAPIRate], or
// less after a slow-down) up to a latency of 80 ms with 64 calls, and of 1 s with 1000. It is
// measured for a quarter of a second, or for twice the latency if that is longer, and at most
// doubled each time. It goes back if a raise made no more calls per second, or if the calls take
// more than four times as long as the fastest one of late, because then the service is busy. Each
// call in flight has a connection, so a process that may have few files open should set the option.
func WithAPICallsInFlight(n int) ClientOption {
	return func(s *clientSettings) error {
		if n < 2 || n > 1024 {
			return argumentError("apiCallsInFlight", "%d is outside 2..1024", n)
		}
		s.calls = n
		return nil
	}
}

// WithAPIRate sets how many API calls the client makes per second, above 0 and up to 1,000,000,
// with bursts of a quarter of that. The default is 800, which stays below the 1000 that the
// vendor grants an account by default. Clients that share an account should share that number:
// divide it, or see [WithLimiter]. An answer 429 or 503 halves the pace, which recovers within
// about half a minute of success.
func WithAPIRate(perSecond float64) ClientOption {
	return func(s *clientSettings) error {
		if math.IsNaN(perSecond) || perSecond <= 0 || perSecond > 1e6 {
			return argumentError("apiRate", "%v is outside 0..1000000 calls per second", perSecond)
		}
		s.rate = perSecond
		return nil
	}
}

// WithLimiter sets a limiter that the client waits for before each request to the API, in
// addition to its own rate ([WithAPIRate]). It is how processes and machines share the rate of
// one account, by whatever the team has for that. A [golang.org/x/time/rate.Limiter] is one,
// which all clients of a process can share. The limiter is called from many goroutines at the
// same time. It must not call the client.
//
// Each attempt of each API call waits once: for a place in flight ([WithAPICallsInFlight]), then
// for the client's own rate, then for the limiter, so that what the limiter grants is used at
// once. The call keeps its place meanwhile. ProcessFileAndSave counts as an API call. The
// PUTs of parts and downloads do not wait. Where the limiter is to be the only rate, raise that
// of the client above it.
//
// Wait must return when its context ends, which is that of the call. The call then ends as
// without a limiter. With any other error of Wait, the call, or its upload, ends without a retry
// and returns an error that wraps it. That includes the error of a rate.Limiter that cannot grant
// the call before the deadline of the context. A nil limiter is refused.
func WithLimiter(limiter interface {
	Wait(ctx context.Context) error
}) ClientOption {
	return func(s *clientSettings) error {
		if limiter == nil {
			return argumentError("limiter", "is nil; leave the option out for none")
		}
		s.limiter = func(ctx context.Context) error {
			if err := limiter.Wait(ctx); err != nil {
				return &errs.LimiterError{Err: err}
			}
			return nil
		}
		return nil
	}
}

// WithBufferBudget sets how many bytes of memory plain streams ([Reader], [Stream]) may take,
// over all uploads of the client: at least 1 MiB. The default is 64 MiB. The service sets the
// size of a part. The budget divided by that size is how many parts of fast streams can be in
// flight. Each open stream counts as 32 KiB besides its bytes, and all of them as half of the
// budget at most. What finds no room lies in temporary files; see [Reader].
//
// The bytes of a part that is stored and not confirmed yet are kept as long as there is room.
// If another part needed the room and the service then refuses the etag of the part, the
// upload ends.
func WithBufferBudget(bytes int64) ClientOption {
	return func(s *clientSettings) error {
		if bytes < minBudget {
			return argumentError("bufferBudget", "%d bytes are less than %d", bytes, int64(minBudget))
		}
		s.budget = bytes
		return nil
	}
}

// WithObserver sets a function that is called for every attempt, retry, fresh URL
// and slow-down, for metrics, traces and logs. It is called from many
// goroutines at the same time and in the path of the transfers: it must be
// quick, must not block, and must not call the client. Nil, the default, is none.
func WithObserver(observe func(Event)) ClientOption {
	return func(s *clientSettings) error {
		s.observe = observe
		return nil
	}
}

// WithUserAgent puts product, such as "my-service/1.2", in front of the User-Agent of this
// package. It has 1 to 255 printable ASCII characters.
func WithUserAgent(product string) ClientOption {
	return func(s *clientSettings) error {
		if len(product) < 1 || len(product) > 255 || strings.Trim(product, " ") != product || !printable(product, ' ') {
			return argumentError("userAgent", "must be 1 to 255 printable ASCII characters without spaces around them")
		}
		s.userAgent = product + " " + userAgent
		return nil
	}
}
