package bytescale

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"strings"
)

const (
	defaultPuts  = 8
	defaultCalls = 64
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
	basic          bool
	jwt            func(context.Context) (string, error)
	puts, calls    int
	rate           float64
	budget         int64
	observe        func(Event)
	userAgent      string
}

func newClientSettings(opts []ClientOption) (clientSettings, error) {
	s := clientSettings{
		puts:      defaultPuts,
		calls:     defaultCalls,
		rate:      defaultRate,
		budget:    defaultBudget,
		userAgent: userAgent,
	}
	defaults := []ClientOption{WithAPIURL(DefaultAPIURL), WithCDNURL(DefaultCDNURL)}
	for _, opt := range append(defaults, opts...) {
		if opt == nil {
			continue
		}
		if err := opt(&s); err != nil {
			return s, err
		}
	}
	return s, nil
}

// WithAPIURL sets the address of the API: scheme, host and, if need be, port
// and path prefix; no query, no credentials. The default is [DefaultAPIURL].
//
// Credentials are sent to the origin (scheme, host and port) of this address
// only. With a plain http address they cross the network in the clear, which is
// meant for emulators and for tests.
func WithAPIURL(address string) ClientOption {
	return func(s *clientSettings) (err error) {
		s.apiURL, err = parseBaseURL("apiURL", address)
		return err
	}
}

// WithCDNURL sets the address of the CDN that files are downloaded from, in the
// form of [WithAPIURL]. The default is [DefaultCDNURL]. It gets credentials only
// from downloads with [WithCDNAuth].
func WithCDNURL(address string) ClientOption {
	return func(s *clientSettings) (err error) {
		s.cdnURL, err = parseBaseURL("cdnURL", address)
		return err
	}
}

// WithAccountID sets the account, seven base58 characters such as "A623uY2"
// (AccountId in openapi.yaml). The default is the account of the API key, and
// another one than that is refused; needed with a JWT and no key.
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

// WithBasicAuth sends the API key by HTTP basic authentication (user "apikey")
// instead of as a bearer token; BasicAuth instead of BearerAuth in
// openapi.yaml. It needs a key. It is for proxies that know basic only.
func WithBasicAuth() ClientOption {
	return func(s *clientSettings) error {
		s.basic = true
		return nil
	}
}

// WithJWT sets where JSON web tokens of the account come from. With an API key,
// the token goes along in the Authorization-Token header and the permissions of
// both are merged; without one, it is the only credential and [WithAccountID]
// is needed.
//
// The source is asked before the first request, its token is kept, and the
// source is asked anew when the service refuses the token with 401: once per
// request, after which the 401 is final. It is never called twice at the same
// time. It must obey its context, which is that of the request that waits. An
// error ends that request, and an upload, without a retry.
func WithJWT(source func(context.Context) (string, error)) ClientOption {
	return func(s *clientSettings) error {
		if source == nil {
			return argumentError("jwt", "the source is nil")
		}
		s.jwt = source
		return nil
	}
}

// WithPutsInFlight sets how many parts are sent at once, by all uploads of the
// client together, from 1 to 256. The default is 8. Parts below 1 MiB have a
// limit of their own, eight times as large, so that small files do not queue
// behind large ones.
//
// Each part in flight is a connection. More of them help on a link with a long
// round trip, hardly on a fast local one. The memory of each is that of a
// connection for a [File] or [ReaderAt]; the buffers of plain streams have a
// bound of their own ([WithBufferBudget]).
func WithPutsInFlight(n int) ClientOption {
	return func(s *clientSettings) error {
		if n < 1 || n > 256 {
			return argumentError("putsInFlight", "%d is outside 1..256", n)
		}
		s.puts = n
		return nil
	}
}

// WithAPICallsInFlight sets how many API calls are under way at once, by all
// uses of the client together, from 2 to 1024. The default is 64. Each part of
// an upload takes two calls, which run beside the transfers: with a latency of
// L seconds and n calls, no more than n/(2·L) parts per second can be done.
func WithAPICallsInFlight(n int) ClientOption {
	return func(s *clientSettings) error {
		if n < 2 || n > 1024 {
			return argumentError("apiCallsInFlight", "%d is outside 2..1024", n)
		}
		s.calls = n
		return nil
	}
}

// WithAPIRate sets how many API calls the client makes per second at the most,
// above 0 up to 1,000,000, with bursts of a quarter of that. The default is 800,
// which stays below the 1000 that the vendor grants an account by default;
// clients that share an account should share that number. An answer 429 or 503
// halves the pace; it recovers within about half a minute of success.
func WithAPIRate(perSecond float64) ClientOption {
	return func(s *clientSettings) error {
		if math.IsNaN(perSecond) || perSecond <= 0 || perSecond > 1e6 {
			return argumentError("apiRate", "%v is outside 0..1000000 calls per second", perSecond)
		}
		s.rate = perSecond
		return nil
	}
}

// WithBufferBudget sets how many bytes of memory the buffers of plain streams
// ([Reader], [Stream]) may take, over all uploads of the client: at least 1 MiB.
// The default is 64 MiB. The service decides how large a part is: the budget
// divided by that is how many parts of streams can be in flight, and a part
// larger than the whole budget is spooled to a temporary file.
//
// The bytes of a part that is stored and not yet confirmed are kept while there
// is room; when another part needs it, they go, and the upload ends if the
// service then refuses the part's etag.
func WithBufferBudget(bytes int64) ClientOption {
	return func(s *clientSettings) error {
		if bytes < minBudget {
			return argumentError("bufferBudget", "%d bytes are less than %d", bytes, int64(minBudget))
		}
		s.budget = bytes
		return nil
	}
}

// WithObserver sets a function that is told of every attempt, retry, fresh URL
// and slow-down; metrics, traces and logs hang in here. It is called from many
// goroutines at the same time and in the path of the transfers: it must be
// quick, must not block, and must not call the client. Nil, the default, is none.
func WithObserver(observe func(Event)) ClientOption {
	return func(s *clientSettings) error {
		s.observe = observe
		return nil
	}
}

// WithUserAgent puts product, such as "my-service/1.2", in front of the
// User-Agent of this package: 1 to 255 printable ASCII characters.
func WithUserAgent(product string) ClientOption {
	return func(s *clientSettings) error {
		if len(product) < 1 || len(product) > 255 || strings.Trim(product, " ") != product || !printable(product, ' ') {
			return argumentError("userAgent", "must be 1 to 255 printable ASCII characters without spaces around them")
		}
		s.userAgent = product + " " + userAgent
		return nil
	}
}
