package bytescale

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/c88edac7/bytescale-go/gen"
)

// ClientOption configures a [Client]; see [NewClient]. An option that is given
// twice counts as given last.
type ClientOption func(*clientSettings) error

// clientSettings is what the options of a client write to.
type clientSettings struct {
	apiURL, cdnURL *url.URL
	accountID      string
	httpClient     *http.Client // nil for one of our own
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
			return refuse("accountID", "%s is not seven base58 characters", quote(id))
		}
		s.accountID = id
		return nil
	}
}

// WithHTTPClient sets the HTTP client whose Transport is used, and whose Jar, but
// for the PUTs of parts. It is copied, not changed: the copy follows no
// redirects. The default is a client of this Client's own, over HTTP/1.1, with as
// many idle connections as can be in use, proxies from the environment and no
// time limit on a transfer.
//
// Begin with [NewTransport] to change or wrap the default transport. One of your
// own should set MaxIdleConnsPerHost to the number of PUTs and API calls in
// flight, since net/http's default of 2 means a new connection for nearly every
// part, and limit the time to connect: waiting for a connection is not taken for a
// stall. It must not retry by itself, nor read a request body after it has closed
// it. A client with a Timeout is refused: it would cut every transfer that is
// merely long. Stalled transfers are found and repeated anyway; limit the whole
// with the context.
func WithHTTPClient(client *http.Client) ClientOption {
	return func(s *clientSettings) error {
		switch {
		case client == nil:
			return refuse("httpClient", "is nil; leave the option out for the default")
		case client.Timeout != 0:
			return refuse("httpClient", "has a Timeout of %v, which would cut long uploads; use a context instead", client.Timeout)
		}
		s.httpClient = client
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
			return refuse("jwt", "the source is nil")
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
			return refuse("putsInFlight", "%d is outside 1..256", n)
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
			return refuse("apiCallsInFlight", "%d is outside 2..1024", n)
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
			return refuse("apiRate", "%v is outside 0..1000000 calls per second", perSecond)
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
			return refuse("bufferBudget", "%d bytes are less than %d", bytes, int64(minBudget))
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
			return refuse("userAgent", "must be 1 to 255 printable ASCII characters without spaces around them")
		}
		s.userAgent = product + " " + userAgent
		return nil
	}
}

// UploadOption configures one upload; see [Client.Upload]. An option that is
// given twice counts as given last, except for [WithTags].
type UploadOption func(*uploadSettings) error

// uploadSettings is what the options of an upload write to.
type uploadSettings struct {
	folder, fileName, fallback string
	path                       string
	tags                       []string
	metadata                   gen.Metadata
	mime                       string
	originalFileName           string
	progress                   func(Progress)
	checkpoint                 func(Checkpoint) error
}

func newUploadSettings(opts []UploadOption) (uploadSettings, error) {
	var s uploadSettings
	for _, opt := range opts {
		if opt == nil {
			continue
		}
		if err := opt(&s); err != nil {
			return s, err
		}
	}
	switch {
	case s.path != "" && (s.folder != "" || s.fileName != "" || s.fallback != ""):
		return s, refuse("path", "is the whole path; leave WithFolder, WithFileName and WithFileNameFallback out")
	case s.fallback != "" && s.fileName == "":
		return s, refuse("fileNameFallback", "needs WithFileName: it is for when that name is taken")
	}
	return s, nil
}

// beginRequest is the request that begins the upload of size bytes. name is the
// source's own; it is sent when no option gives an original name and when the
// API allows it.
func (s *uploadSettings) beginRequest(size int64, name string) (gen.BeginMultipartUploadRequest, error) {
	request := gen.BeginMultipartUploadRequest{
		Metadata:         s.metadata,
		MIME:             s.mime,
		OriginalFileName: s.originalFileName,
		// With 1.0 a small file can exist before it was completed.
		Protocol: gen.MultipartUploadProtocolV11,
		Size:     size,
		Tags:     s.tags,
	}
	if request.OriginalFileName == "" && checkOriginalFileName(name) == nil {
		request.OriginalFileName = name
	}
	var err error
	switch {
	case s.path != "":
		err = request.Path.FromRelativeOrAbsoluteFilePath(s.path)
	case s.folder != "" || s.fileName != "":
		err = request.Path.FromDynamicFilePath(gen.DynamicFilePath{
			FolderPath:       s.folder,
			FileName:         s.fileName,
			FileNameFallback: s.fallback,
		})
	}
	return request, err
}

// WithFolder sets the folder to store the file in, at most 512 characters
// without a slash at the end (RelativeOrAbsoluteFolderPath in openapi.yaml). A
// folder that does not begin with a slash is relative to the default folder of
// the API key, which is also the default. Folders come into being by
// themselves.
//
// Path variables are replaced by the service when the upload begins, such as
// {UTC_DATE}, {UTC_YEAR} or {ORIGINAL_FILE_NAME}; a literal brace is written \{.
// Not together with [WithPath]. "" stands for the default.
func WithFolder(folder string) UploadOption {
	return func(s *uploadSettings) error {
		if err := checkPath("folderPath", folder); err != nil {
			return err
		}
		if strings.HasSuffix(folder, "/") && folder != "/" {
			return refuse("folderPath", "%s ends with a slash", quote(folder))
		}
		s.folder = folder
		return nil
	}
}

// WithFileName sets the name to store the file under, at most 512 characters
// without a slash (FileName in openapi.yaml). The default is that of the API
// key, which usually makes a unique name of the time and the original name.
//
// Path variables are replaced as in [WithFolder], among them {ORIGINAL_FILE_EXT}
// and {UNIQUE_DIGITS_4}. A name that is taken is refused with 403 unless the
// credentials may overwrite files; see [WithFileNameFallback]. Not together
// with [WithPath]. "" stands for the default.
func WithFileName(name string) UploadOption {
	return func(s *uploadSettings) error {
		if err := checkFileName("fileName", name); err != nil {
			return err
		}
		s.fileName = name
		return nil
	}
}

// WithFileNameFallback sets the name that is used when that of [WithFileName]
// is taken. The same rules hold for it; "", the default, is none.
func WithFileNameFallback(name string) UploadOption {
	return func(s *uploadSettings) error {
		if err := checkFileName("fileNameFallback", name); err != nil {
			return err
		}
		s.fallback = name
		return nil
	}
}

// WithPath sets the full path to store the file under, taken literally: braces
// mean nothing. 1 to 512 characters (RelativeOrAbsoluteFilePath in
// openapi.yaml); it ends with the file's name, has no ".." and, if it does not
// begin with a slash, is relative to the default folder of the API key.
func WithPath(path string) UploadOption {
	return func(s *uploadSettings) error {
		if err := checkText("path", path, 1, maxPath); err != nil {
			return err
		}
		if err := checkPath("path", path); err != nil {
			return err
		}
		if strings.HasSuffix(path, "/") {
			return refuse("path", "%s has no file name at its end", quote(path))
		}
		s.path = path
		return nil
	}
}

const (
	maxTags     = 25
	maxMetadata = 2048
)

// WithTags adds tags: at most 25 to a file, over all uses of the option, each 1
// to 255 of the characters a-z A-Z 0-9 . , / = _ + - (FileTagName in
// openapi.yaml). Besides labelling the file, a tag can trigger rules of the
// account.
func WithTags(tags ...string) UploadOption {
	return func(s *uploadSettings) error {
		if n := len(s.tags) + len(tags); n > maxTags {
			return refuse("tags", "%d are too many; a file has at most %d", n, maxTags)
		}
		for i, tag := range tags {
			field := "tags[" + strconv.Itoa(len(s.tags)+i) + "]"
			if err := checkText(field, tag, 1, 255); err != nil {
				return err
			}
			if !tagPattern.MatchString(tag) {
				return refuse(field, "%s contains other characters than a-z A-Z 0-9 . , / = _ + -", quote(tag))
			}
		}
		s.tags = append(s.tags, tags...)
		return nil
	}
}

// WithMetadata sets the JSON object that is stored with the file and returned
// in its details: at most 2048 bytes as compact JSON (FileMetadata in
// openapi.yaml). It is copied when the upload is called; what cannot be encoded
// to JSON is refused. The default is an empty object.
func WithMetadata(metadata map[string]any) UploadOption {
	return func(s *uploadSettings) error {
		var encoded bytes.Buffer
		encoder := json.NewEncoder(&encoded)
		encoder.SetEscapeHTML(false) // counts <, > and & as one byte each
		if err := encoder.Encode(metadata); err != nil {
			return refuse("metadata", "cannot be encoded to JSON: %v", err)
		}
		if n := encoded.Len() - 1; n > maxMetadata {
			return refuse("metadata", "has %d bytes as JSON; %d are allowed", n, maxMetadata)
		}
		var object gen.Metadata
		if err := json.Unmarshal(encoded.Bytes(), &object); err != nil {
			return refuse("metadata", "cannot be encoded to JSON: %v", err)
		}
		s.metadata = object
		return nil
	}
}

// WithMIME sets the MIME type, such as "image/jpeg" or "text/plain;
// charset=utf-8": 3 to 255 characters (MimeType in openapi.yaml). Nothing is
// guessed: without it the service stores "application/octet-stream".
func WithMIME(mime string) UploadOption {
	return func(s *uploadSettings) error {
		if err := checkText("mime", mime, 3, 255); err != nil {
			return err
		}
		if !mimePattern.MatchString(mime) {
			return refuse("mime", "%s does not match %s", quote(mime), mimePattern)
		}
		s.mime = mime
		return nil
	}
}

// WithOriginalFileName sets the name that the file has where it comes from: 1 to
// 255 characters on one line (OriginalFileName in openapi.yaml). It is kept in
// the details and feeds the path variables {ORIGINAL_FILE_NAME} and
// {ORIGINAL_FILE_EXT}. The default is the base name of a [File], and none for
// other sources.
func WithOriginalFileName(name string) UploadOption {
	return func(s *uploadSettings) error {
		if err := checkOriginalFileName(name); err != nil {
			return err
		}
		s.originalFileName = name
		return nil
	}
}

func checkOriginalFileName(name string) error {
	return checkText("originalFileName", name, 1, 255)
}

// WithProgress sets a function that is told how far the upload is: at the
// beginning, with every confirmed part, and in between at most every tenth of a
// second. Calls come one at a time and none after the upload has returned. It is
// in the path of the transfer and must be quick. Nil, the default, is none.
func WithProgress(report func(Progress)) UploadOption {
	return func(s *uploadSettings) error {
		s.progress = report
		return nil
	}
}

// WithCheckpoint sets a function that is given what [Client.Resume] needs, once,
// when the upload has begun and before any bytes are sent. An upload of a single
// part has no checkpoint. An error of the function ends the upload with it; the
// bytes wait until it has returned. Nil, the default, is none: the checkpoint is
// then only in the [UploadError] of an upload that fails.
func WithCheckpoint(save func(Checkpoint) error) UploadOption {
	return func(s *uploadSettings) error {
		s.checkpoint = save
		return nil
	}
}

var (
	accountIDPattern = regexp.MustCompile(`^[1-9A-HJ-NP-Za-km-z]{7}$`)
	tagPattern       = regexp.MustCompile(`^[a-zA-Z0-9.,/=_+-]*$`)
	mimePattern      = regexp.MustCompile(`^[a-zA-Z0-9]+/[a-zA-Z0-9+\-._]+(?:;[^=]+=[^;]+)*$`)
)

// quote is text for an error message, cut if it is long.
func quote(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return fmt.Sprintf("%q…", string(runes[:most]))
	}
	return strconv.Quote(text)
}

// printable says whether text is visible ASCII, or one of the others allowed.
func printable(text string, others ...byte) bool {
	for i := range len(text) {
		if c := text[i]; (c <= ' ' || c > '~') && bytes.IndexByte(others, c) < 0 {
			return false
		}
	}
	return true
}
