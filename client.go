package bytescale

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/download"
	"github.com/c88edac7/bytescale-go/internal/limits"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/rest"
	"github.com/c88edac7/bytescale-go/internal/retry"
	"github.com/c88edac7/bytescale-go/internal/source"
	"github.com/c88edac7/bytescale-go/internal/transfer"
	"github.com/c88edac7/bytescale-go/internal/wire"
)

const (
	// DefaultAPIURL is the address of the vendor's API (servers in openapi.yaml).
	DefaultAPIURL = "https://api.bytescale.com"
	// DefaultCDNURL is the address of the vendor's CDN (servers of DownloadFile
	// in openapi.yaml).
	DefaultCDNURL = "https://upcdn.io"

	userAgent = "bytescale-go"
)

// Client uploads files to one account, and downloads, describes and deletes them. Make
// one with [NewClient] and use it for everything, because the limits, the buffers and the
// connections belong to the client and are shared by all its uploads.
//
// All methods are safe for concurrent use. There is nothing to close;
// [Client.CloseIdleConnections] closes idle connections early. Printing a Client in any
// way does not show its credentials.
type Client struct {
	accountID string
	apiURL    *url.URL
	cdnURL    *url.URL
	rest      *rest.Client
	limits    *limits.Limits
	service   uploadService // api, except in tests of the engine
	api       *apiService
	engine    *transfer.Engine
	downloads *download.Engine
	processed *download.Engine // downloads of what transformations make
	generated *gen.ClientWithResponses
	observe   func(Event)
	retries   RetryPolicy
	timeouts  Timeouts

	checkpointKey checkpointKey
}

// NewClient returns a client for the account of apiKey, which begins with "public_" or
// "secret_" and is not trimmed. Public keys can upload and download; details and deletion
// usually need a secret key. The empty key is for [WithJWT] without a key, and needs
// [WithAccountID].
//
// Without options, a client sends 8 parts at a time, makes 800 API calls per second, has as
// many of them in flight as that takes (64 to 1024), and uses up to 64 MiB of buffers for plain
// streams; see [WithPutsInFlight], [WithAPIRate], [WithAPICallsInFlight] and [WithBufferBudget].
//
// NewClient sends nothing. For a malformed key errors.Is(err, [ErrInvalidKey]) holds. An
// invalid option is an [*ArgumentError].
func NewClient(apiKey string, opts ...ClientOption) (*Client, error) {
	settings, err := newClientSettings(opts, noEnvironment)
	if err != nil {
		return nil, err
	}
	return newClient(apiKey, settings)
}

// NewClientFromEnv is [NewClient] with what the environment says, in the variables
// that the command reads too:
//
//	BYTESCALE_API_KEY     the API key
//	BYTESCALE_API_URL     see [WithAPIURL]
//	BYTESCALE_CDN_URL     see [WithCDNURL]
//	BYTESCALE_ACCOUNT_ID  see [WithAccountID]
//
// A variable that is empty counts as not set, and an option that is given replaces
// its variable. The key can only be left out with [WithJWT]. A malformed value is
// an [*ArgumentError] whose Field is the variable's name.
func NewClientFromEnv(opts ...ClientOption) (*Client, error) {
	settings, err := newClientSettings(opts, os.Getenv)
	if err != nil {
		return nil, err
	}
	apiKey := os.Getenv(envAPIKey)
	if apiKey == "" && settings.jwt == nil {
		return nil, &ArgumentError{Field: envAPIKey, Reason: "is not set", kind: ErrInvalidKey}
	}
	c, err := newClient(apiKey, settings)
	if errors.Is(err, ErrInvalidKey) {
		return nil, inField(envAPIKey, err)
	}
	return c, err
}

func newClient(apiKey string, settings clientSettings) (*Client, error) {
	accountID, err := settings.account(apiKey)
	if err != nil {
		return nil, err
	}
	c := &Client{
		accountID: accountID,
		apiURL:    settings.apiURL,
		cdnURL:    settings.cdnURL,
		observe:   settings.observe,
		retries:   settings.retries,
		timeouts:  settings.timeouts,
	}
	if c.checkpointKey, err = newCheckpointKey(apiKey); err != nil {
		return nil, err
	}
	c.limits = limits.New(settings.puts, settings.calls, settings.rate, c.onSlowDown)
	c.limits.OnWait, c.limits.Shared = c.onWait, settings.limiter
	c.rest = rest.New(rest.Config{
		Transport:   settings.transport(),
		Credentials: rest.NewCredentials(apiKey, settings.basic, settings.jwt),
		Limits:      c.limits,
		APIURL:      settings.apiURL,
		CDNURL:      settings.cdnURL,
		UserAgent:   settings.userAgent,
		OnExchange:  c.onExchange,
		Timeouts:    c.timeouts.ofCall(),
	})
	if settings.middleware != nil {
		if err := c.rest.Wrap(settings.middleware); err != nil {
			return nil, publicError(err)
		}
	}
	c.generated, err = gen.NewClientWithResponses(c.apiURL.String(), gen.WithHTTPClient(doer{c.rest}))
	if err != nil {
		return nil, err
	}
	c.api = &apiService{client: c, calls: c.generated.ClientInterface}
	c.engine = c.newEngine(source.NewBudget(settings.budget))
	c.uploadBy(c.api)
	c.setDownloads()
	return c, nil
}

// uploadService is what an upload needs of the remote side: the calls of the engine, the one
// that begins the upload, and the one that does all of it.
type uploadService interface {
	transfer.Service
	store(ctx context.Context, filePath, mime string, size int64, body func() (io.ReadCloser, error)) (StoredFile, error)
	begin(ctx context.Context, request gen.BeginMultipartUploadRequest) (*begun, error)
}

// doer sends the requests of the generated client.
type doer struct{ rest *rest.Client }

func (d doer) Do(req *http.Request) (*http.Response, error) {
	resp, err := d.rest.Call(req)
	return resp, publicError(err)
}

func (c *Client) newEngine(b *source.Budget) *transfer.Engine {
	b.OnWait = func(ctx context.Context) func(error) { return c.onWait(ctx, limitBufferBudget) }
	return &transfer.Engine{
		Limits: c.limits, Budget: b, Link: new(wire.Link), Policy: failureOf,
		Retries: c.retries.limits(), Timeouts: c.timeouts.ofPart(),
		OnRetry: c.onRetry, OnURLRefresh: c.onURLRefresh,
	}
}

// setDownloads sets what downloads files, and what transformations make of them.
func (c *Client) setDownloads() {
	c.downloads = c.newDownloads(operation.DownloadFile, func(resp *http.Response) error { return c.apiError(operation.DownloadFile, resp) })
	c.processed = c.newDownloads(operation.ProcessFile, c.notProcessed)
}

func (c *Client) newDownloads(op string, refusal func(*http.Response) error) *download.Engine {
	return &download.Engine{
		Operation: op,
		Get: func(req *http.Request, authorized bool) (*http.Response, error) {
			return c.rest.Download(req, op, authorized)
		},
		Refusal: refusal,
		Limits:  c.limits, Policy: failureOf, Retries: c.engine.Retries, Part: download.DefaultPart,
		OnRetry: c.onRetry, OnNoContinuation: c.onNoContinuation,
	}
}

// uploadBy sets the service that uploads use.
func (c *Client) uploadBy(s uploadService) { c.service, c.engine.Service = s, s }

// retry makes a call outside of an upload, with retries.
func (c *Client) retry(ctx context.Context, op string, attempt func(context.Context) error) error {
	r := &retry.Attempts{
		Policy: failureOf, Limits: c.engine.Retries, OnRetry: c.engine.OnRetry,
		Operation: op, Part: -1,
	}
	_, err := r.Do(ctx, attempt)
	return withContext(ctx, publicError(err))
}

// repetition decides whether a call that changes something may be sent again when the answer to
// it was lost.
type repetition bool

const (
	repeatable    repetition = true  // to do it twice is to do it once
	notRepeatable repetition = false // the second time does something else
)

// change is retry for a call that changes something. Its error is an [ErrOutcomeUnknown] if
// an attempt may have been carried out.
func (c *Client) change(ctx context.Context, op string, may repetition, attempt func(context.Context) error) error {
	lost := false // the answer to an attempt
	err := c.retry(ctx, op, func(ctx context.Context) error {
		err := attempt(ctx)
		if err == nil || !mayHaveArrived(ctx, err) {
			return err
		}
		lost = true
		if may == notRepeatable {
			return &lostAnswer{err}
		}
		return err
	})
	if err != nil && lost {
		return &outcomeUnknown{err}
	}
	return err
}

// account returns the account to work with.
func (s *clientSettings) account(apiKey string) (string, error) {
	if apiKey == "" {
		switch {
		case s.jwt == nil:
			return "", invalidKey("is empty; only a client with WithJWT can do without")
		case s.accountID == "":
			return "", argumentError("accountID", "is needed with WithJWT when there is no API key; set WithAccountID")
		case s.basic:
			return "", argumentError("basicAuth", "needs an API key; a JWT alone is sent as a bearer token")
		}
		return s.accountID, nil
	}
	id, err := accountOf(apiKey)
	switch {
	case err != nil:
		return "", err
	case s.accountID != "" && s.accountID != id:
		return "", argumentError("accountID", "is %s, but the API key belongs to account %s", s.accountID, id)
	}
	return id, nil
}

// transport returns the transport for all requests. It is not wrapped in an http.Client,
// which would send the credentials, or the bytes of a part, to wherever a redirect leads,
// and would take a body for a redirect that it does not follow, which nobody closes.
func (s *clientSettings) transport() http.RoundTripper {
	if s.roundTripper != nil {
		return s.roundTripper
	}
	return wire.NewTransport(limits.Connections(s.puts, s.calls))
}

// AccountID returns the account that the client works with.
func (c *Client) AccountID() string { return c.accountID }

// API returns the generated client of the API. It has a method for every operation of
// openapi.yaml except those of the CDN, which are [Client.Download], [Client.ProcessFile] and
// [Client.ProcessFileAndSave]. Its requests carry the credentials, count against the limits
// and are observed, like those of the other methods, and they go to the origin of the API
// only.
//
// The generated client does not check arguments, does not retry, and returns no error for a
// status that means failure. A refused JWT is replaced once. A call that takes more than two
// minutes, or [Timeouts].Call, ends with [ErrStalled], unless it sends a file (BasicUpload,
// FormDataUpload). An answer of more than 128 KiB ends with [ErrProtocol]. The limit is 1 MiB
// for a list of parts, and 16 MiB for the calls that no upload makes.
func (c *Client) API() *gen.ClientWithResponses { return c.generated }

// CloseIdleConnections closes the connections that are not in use. The client stays usable.
// A transport of [WithTransport] closes its idle connections too, also if others use it.
func (c *Client) CloseIdleConnections() { c.rest.CloseIdleConnections() }

// String names the account and the address of the API.
func (c *Client) String() string {
	return fmt.Sprintf("bytescale.Client{account %s at %s}", c.accountID, c.apiURL)
}
