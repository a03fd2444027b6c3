package bytescale

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/limits"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/rest"
	"github.com/c88edac7/bytescale-go/internal/retry"
)

// finalError is an error of a transport that says whether it is permanent.
type finalError bool

func (e finalError) Error() string   { return "refused by the transport" }
func (e finalError) Permanent() bool { return bool(e) }

// TestRetryPolicy lists the decisions of the retry policy row by row, and checks that the engine
// acts on them.
func TestRetryPolicy(t *testing.T) {
	t.Parallel()
	status := func(code int) error { return &APIError{Status: code} }
	coded := func(code int, name string) error { return &APIError{Status: code, Code: name} }
	reset := &url.Error{Op: "Put", Err: &net.OpError{Op: "read", Err: syscall.ECONNRESET}}
	rows := []struct {
		op   string
		err  error
		want retry.Decision
		why  string
	}{
		{operation.BeginMultipartUpload, reset, retry.Retry, "a begun upload that is never completed leaves no file"},
		{operation.BeginMultipartUpload, io.ErrUnexpectedEOF, retry.Retry, "an answer cut short says nothing"},
		{operation.BeginMultipartUpload, ErrProtocol, retry.Retry, "nonsense from something in between can pass; bounded"},
		{operation.BeginMultipartUpload, context.DeadlineExceeded, retry.Retry, "the attempt's own time was up, not the caller's"},
		{operation.BeginMultipartUpload, &net.DNSError{IsNotFound: true}, retry.Stop, "no such host at the first contact: a typing error"},
		{operation.BeginMultipartUpload, &tls.CertificateVerificationError{}, retry.Stop, "a wrong certificate stays wrong"},
		{operation.BeginMultipartUpload, x509.UnknownAuthorityError{}, retry.Stop, "so does an unknown authority"},
		{operation.BeginMultipartUpload, x509.HostnameError{Certificate: &x509.Certificate{}}, retry.Stop, "and a wrong name"},
		{operation.BeginMultipartUpload, &ArgumentError{Field: "jwt"}, retry.Stop, "an argument does not get better"},
		{operation.BeginMultipartUpload, &url.Error{Err: finalError(true)}, retry.Stop, "a transport that says so knows better"},
		{operation.BeginMultipartUpload, &url.Error{Err: finalError(false)}, retry.Retry, "also when it says the opposite"},
		{operation.BeginMultipartUpload, &errs.TokenError{Err: io.EOF}, retry.Stop, "the source of tokens knows better whether to try again"},
		{operation.BeginMultipartUpload, &errs.LimiterError{Err: io.EOF}, retry.Stop, "the limiter could have waited instead"},
		{operation.BeginMultipartUpload, status(400), retry.Stop, "the request is wrong and would be again"},
		{operation.BeginMultipartUpload, status(401), retry.Stop, "the key is unknown; a JWT was refreshed within the attempt"},
		{operation.BeginMultipartUpload, status(403), retry.Stop, "not allowed, or the path is taken"},
		{operation.BeginMultipartUpload, status(404), retry.Stop, "no such account or address"},
		{operation.BeginMultipartUpload, status(408), retry.Retry, "the server gave up waiting"},
		{operation.BeginMultipartUpload, status(413), retry.Stop, "the file is too large for the account"},
		{operation.BeginMultipartUpload, status(429), retry.Retry, "too many requests: later"},
		{operation.BeginMultipartUpload, status(301), retry.Stop, "redirects are not followed with credentials"},
		{operation.BeginMultipartUpload, status(500), retry.Retry, "server trouble can pass"},
		{operation.BeginMultipartUpload, status(501), retry.Stop, "not implemented stays so"},
		{operation.BeginMultipartUpload, status(502), retry.Retry, "a gateway's trouble can pass"},
		{operation.BeginMultipartUpload, status(503), retry.Retry, "overload can pass"},
		{operation.BeginMultipartUpload, status(504), retry.Retry, "a gateway's timeout can pass"},
		{operation.BeginMultipartUpload, status(505), retry.Stop, "the HTTP version stays unknown"},

		{operation.GetUploadPart, reset, retry.Retry, "reading is safe to repeat"},
		{operation.GetUploadPart, &errs.KnownHostError{Err: &net.DNSError{IsNotFound: true}}, retry.Retry, "the name was good a moment ago"},
		{operation.GetFileDetails, &net.DNSError{IsNotFound: true}, retry.Stop, "no such host at the first contact, whatever the call"},
		{operation.PutPart, &net.DNSError{IsNotFound: true}, retry.Retry, "the API has just told the name"},
		{operation.BeginMultipartUpload, &errs.KnownHostError{Err: &net.DNSError{IsNotFound: true}}, retry.Retry, "the host has served this client before"},
		{operation.BeginMultipartUpload, &errs.KnownHostError{Err: &tls.CertificateVerificationError{}}, retry.Retry, "a portal's certificate"},
		{operation.PutPart, &errs.KnownHostError{Err: x509.UnknownAuthorityError{}}, retry.Retry, "a portal's certificate"},
		{operation.PutPart, &errs.KnownHostError{Err: http.ErrSchemeMismatch}, retry.Retry, "a portal without TLS"},
		{operation.PutPart, &net.OpError{Op: "proxyconnect", Err: &errs.ProxyError{Status: 403}}, retry.Stop, "a proxy's rules stay"},
		{operation.PutPart, &errs.KnownHostError{Err: &errs.ProxyError{Status: 407}}, retry.Stop, "so does its want of a password"},
		{operation.PutPart, &errs.ProxyError{Status: 502}, retry.Retry, "what is behind the proxy may come back"},
		{operation.BeginMultipartUpload, &errs.ProxyError{Reason: "malformed"}, retry.Stop, "the environment stays"},
		{operation.BeginMultipartUpload, &net.OpError{Op: "socks connect", Err: errors.New("unknown error connection not allowed by ruleset")}, retry.Stop, "a proxy's rules stay"},
		{operation.BeginMultipartUpload, &net.OpError{Op: "socks connect", Err: errors.New("unknown error host unreachable")}, retry.Retry, "it may come back"},
		{operation.BeginMultipartUpload, &errs.KnownHostError{Err: status(302)}, retry.Retry, "a portal's redirect"},
		{operation.PutPart, &errs.KnownHostError{Err: status(307)}, retry.Retry, "a portal's redirect"},
		{operation.CompleteUploadPart, &errs.KnownHostError{Err: status(302)}, retry.AskServer, "a portal's redirect"},
		{operation.BeginMultipartUpload, &errs.KnownHostError{Err: status(403)}, retry.Stop, "a refusal stays one"},
		{operation.BeginMultipartUpload, &errs.KnownHostError{Err: &ArgumentError{Field: "jwt"}}, retry.Stop, "an argument does not get better"},
		{operation.BeginMultipartUpload, &errs.KnownHostError{Err: finalError(true)}, retry.Stop, "a transport that says so knows better"},
		{operation.GetUploadPart, status(404), retry.AskServer, "perhaps the part is complete"},
		{operation.GetUploadPart, status(403), retry.Stop, "the key may not"},
		{operation.GetUploadPart, status(400), retry.Stop, "the request is wrong"},
		{operation.GetUploadPart, status(429), retry.Retry, "too many requests"},
		{operation.GetUploadPart, status(503), retry.Retry, "overload can pass"},

		{operation.PutPart, reset, retry.Retry, "the part is sent again from its first byte"},
		{operation.PutPart, ErrStalled, retry.Retry, "a dead connection; another one may live"},
		{operation.PutPart, errs.ErrMissingETag, retry.ResendPart, "stored, but it cannot be completed"},
		{operation.PutPart, &errs.SourceError{Err: fs.ErrPermission}, retry.Stop, "the source cannot be read"},
		{operation.PutPart, ErrSourceSize, retry.Stop, "the source is too short"},
		{operation.PutPart, ErrSourceChanged, retry.Stop, "the source is another"},
		{operation.PutPart, status(403), retry.RefreshURL, "the signature may have expired"},
		{operation.PutPart, coded(400, "ExpiredToken"), retry.RefreshURL, "so storage says it when the signer's session ended"},
		{operation.PutPart, coded(400, "RequestTimeout"), retry.Retry, "storage waited too long for bytes"},
		{operation.PutPart, status(400), retry.Stop, "storage does not understand"},
		{operation.PutPart, status(404), retry.AskServer, "storage has forgotten the upload, or finished it"},
		{operation.PutPart, status(408), retry.Retry, "storage waited too long"},
		{operation.PutPart, status(411), retry.Stop, "the length is always there; something in between drops it"},
		{operation.PutPart, status(413), retry.Stop, "too large stays so"},
		{operation.PutPart, status(429), retry.Retry, "too many requests"},
		{operation.PutPart, status(500), retry.Retry, "storage trouble can pass"},
		{operation.PutPart, status(503), retry.Retry, "storage asks to slow down"},
		{operation.PutPart, status(307), retry.Stop, "the bytes go to the signed address only"},

		{operation.BasicUpload, reset, retry.Retry, "the path is fixed, so that a second file replaces the first"},
		{operation.BasicUpload, ErrProtocol, retry.Retry, "so it does if the answer is nonsense; bounded"},
		{operation.BasicUpload, ErrStalled, retry.Retry, "a dead connection; another one may live"},
		{operation.BasicUpload, status(403), retry.Stop, "not allowed, or an attempt whose answer was lost has stored the file"},
		{operation.BasicUpload, status(413), retry.Stop, "too large stays so"},
		{operation.BasicUpload, status(429), retry.Retry, "too many requests: later"},
		{operation.BasicUpload, status(503), retry.Retry, "overload can pass"},
		{operation.BasicUpload, ErrSourceChanged, retry.Stop, "the source is another"},

		{operation.DownloadFile, reset, retry.Retry, "the rest comes over another connection"},
		{operation.DownloadFile, io.ErrUnexpectedEOF, retry.Retry, "a connection that ends early is a broken one"},
		{operation.DownloadFile, ErrStalled, retry.Retry, "a dead connection; another one may live"},
		{operation.DownloadFile, ErrProtocol, retry.Retry, "another node of the CDN, or no portal any more; bounded"},
		{operation.DownloadFile, fmt.Errorf("x: %w", ErrFileChanged), retry.Stop, "the version that was begun is gone"},
		{operation.DownloadFile, &errs.TargetError{Err: syscall.ENOSPC}, retry.Stop, "what is full stays full"},
		{operation.DownloadFile, status(404), retry.Stop, "there is no such file"},
		{operation.DownloadFile, status(416), retry.Stop, "the file has no such bytes"},
		{operation.DownloadFile, status(429), retry.Retry, "too many requests"},
		{operation.DownloadFile, status(503), retry.Retry, "overload can pass"},

		{operation.CompleteUploadPart, reset, retry.AskServer, "a lost answer is not a lost part"},
		{operation.CompleteUploadPart, ErrProtocol, retry.AskServer, "an unreadable answer is a lost one"},
		{operation.CompleteUploadPart, context.DeadlineExceeded, retry.AskServer, "so is a late one"},
		{operation.CompleteUploadPart, status(400), retry.ResendPart, "the etag was refused"},
		{operation.CompleteUploadPart, status(409), retry.ResendPart, "the etag was refused"},
		{operation.CompleteUploadPart, status(412), retry.ResendPart, "the etag was refused"},
		{operation.CompleteUploadPart, status(422), retry.ResendPart, "the etag was refused"},
		{operation.CompleteUploadPart, status(401), retry.Stop, "the key is no longer good"},
		{operation.CompleteUploadPart, status(403), retry.Stop, "not allowed, or the path was taken meanwhile"},
		{operation.CompleteUploadPart, status(404), retry.AskServer, "it may have been done all the same"},
		{operation.CompleteUploadPart, status(408), retry.AskServer, "it may have been done all the same"},
		{operation.CompleteUploadPart, status(429), retry.Retry, "refused before anything was done"},
		{operation.CompleteUploadPart, status(500), retry.AskServer, "it may have been done all the same"},
		{operation.CompleteUploadPart, status(501), retry.Stop, "not implemented stays so"},
		{operation.CompleteUploadPart, &tls.CertificateVerificationError{}, retry.Stop, "nothing was sent"},

		{operation.ListUploadParts, reset, retry.Retry, "reading is safe to repeat"},
		{operation.ListUploadParts, status(404), retry.Stop, "the upload is unknown"},
		{operation.ListUploadParts, status(503), retry.Retry, "overload can pass"},
		{operation.GetFileDetails, status(403), retry.Stop, "the key may not read details"},
		{operation.GetFileDetails, status(404), retry.Stop, "no such file"},
		{operation.GetFileDetails, status(500), retry.Retry, "server trouble can pass"},
	}
	for _, row := range rows {
		err := fmt.Errorf("wrapped: %w", row.err)
		if got := retry.Policy(failureOf).Decide(row.op, err); got != row.want {
			t.Errorf("%s after %v: decision %d, want %d: %s", row.op, row.err, got, row.want, row.why)
		}
		synctest.Test(t, func(t *testing.T) {
			if got := observedDecision(t, row.op, err); got != row.want {
				t.Errorf("%s after %v: the engine made decision %d, want %d: %s", row.op, row.err, got, row.want, row.why)
			}
		})
	}
}

// observedDecision returns the decision that the engine seems to have made. It uploads a file of two
// parts, lets op fail once for the second one, and looks at the next call about that part. If a
// PutPart fails and the next call is another PutPart after a wait, the decision was Retry; if it is
// GetUploadPart, the decision was RefreshURL; if it is ListUploadParts, AskServer; if there is none,
// Stop.
func observedDecision(t *testing.T, op string, failure error) retry.Decision {
	t.Helper()
	if op == operation.DownloadFile {
		return observedDownload(t, failure)
	}
	c, m := newMemoryClient(1000, 2, 8)
	var next []string
	var failedAt, nextAt time.Time
	m.fail = func(done string, index int64, _ int) error {
		switch mine := index != 0; { // not the first part
		case !failedAt.IsZero() && mine:
			if next = append(next, done); len(next) == 1 {
				nextAt = time.Now()
			}
		case done == op && mine:
			failedAt = time.Now()
			return failure
		case op == operation.ListUploadParts && done == operation.CompleteUploadPart && mine:
			return errors.New("answer lost") // which makes the engine ask
		}
		return nil
	}
	if op == operation.GetFileDetails {
		c.uploadBy(pendingService{m}) // so that the etag is asked for
	}
	var options []UploadOption
	if op == operation.BasicUpload {
		options = []UploadOption{WithSingleRequest(1500), WithPath("/a"), WithMIME("a/b")}
	}
	_, _ = c.Upload(t.Context(), Bytes(content(1500)), options...)
	switch {
	case failedAt.IsZero():
		t.Fatalf("%s was never called", op)
	case len(next) == 0, op == operation.ListUploadParts && next[0] == operation.GetFileDetails:
		return retry.Stop
	case next[0] == op && nextAt.After(failedAt):
		return retry.Retry
	case next[0] == operation.PutPart:
		return retry.ResendPart
	case next[0] == operation.GetUploadPart && op == operation.PutPart:
		return retry.RefreshURL
	case next[0] == operation.ListUploadParts:
		return retry.AskServer
	}
	t.Fatalf("%s is followed by %v", op, next)
	return retry.Stop
}

// observedDownload is observedDecision for a download of two parts, of which the second one fails
// once.
func observedDownload(t *testing.T, failure error) retry.Decision {
	t.Helper()
	asked := 0
	c := mustClient(t, testKey, withTransport(func(req *http.Request) (*http.Response, error) {
		first := req.Header.Get("Range") == "bytes=0-3"
		if !first {
			asked++
		}
		switch {
		case first:
			return answer(req, 206, "file", "Content-Range", "bytes 0-3/8", "ETag", `"a"`), nil
		case asked > 1:
			return answer(req, 206, "2222", "Content-Range", "bytes 4-7/8", "ETag", `"a"`), nil
		}
		var refused *APIError
		if errors.As(failure, &refused) {
			return answer(req, refused.Status, ""), nil
		}
		return nil, failure
	}))
	SetDownloadPart(c, 4)
	_, err := c.DownloadToWriterAt(t.Context(), "/a", discardAt{})
	if (err == nil) != (asked == 2) {
		t.Errorf("%d requests, %v", asked, err)
	}
	if asked == 2 {
		return retry.Retry
	}
	return retry.Stop
}

type discardAt struct{}

func (discardAt) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }

// A server that asks to come back at once, or soon, is not given up sooner.
func TestRetryAfterIsOnlyTheLeastWait(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{0, time.Millisecond, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			c, m := newMemoryClient(1000, 2, 8)
			began := time.Now()
			m.fail = func(op string, _ int64, _ int) error {
				if op == operation.PutPart && time.Since(began) < 50*time.Second {
					return &APIError{Operation: op, Status: http.StatusServiceUnavailable, RetryAfter: after}
				}
				return nil
			}
			if _, err := c.Upload(t.Context(), Bytes(content(500))); err != nil {
				t.Errorf("%v: after %v: %v", after, time.Since(began), err)
			}
		})
	}
}

// Once the service has been talked to, what makes no sense may be a gateway that is
// being replaced.
func TestMalformedAnswersAreToleratedForAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, m := newMemoryClient(1000, 2, 8)
		began := time.Now()
		m.fail = func(op string, _ int64, _ int) error {
			if op == operation.GetUploadPart && time.Since(began) < 10*time.Second {
				return rest.ProtocolError(op, http.StatusOK, "the answer does not decode")
			}
			return nil
		}
		if _, err := c.Upload(t.Context(), Bytes(content(2500))); err != nil {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

// All that is under way outlives an outage together, however much that is.
func TestOutageIsOutlived(t *testing.T) {
	t.Parallel()
	for _, calls := range []int{16, 64, 1024} {
		t.Run(fmt.Sprint(calls), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const parts, outage = 2000, 2 * time.Minute
				c, m := newMemoryClient(8<<20, 8, calls)
				m.discard, m.latency, m.speed = true, 50*time.Millisecond, 1<<30
				began := time.Now()
				m.fail = func(op string, _ int64, _ int) error {
					if since := time.Since(began); op != operation.BeginMultipartUpload && since > time.Second && since < time.Second+outage {
						return &APIError{Operation: op, Status: http.StatusBadGateway}
					}
					return nil
				}
				if _, err := c.Upload(t.Context(), ReaderAt(zeros(parts*8<<20), parts*8<<20)); err != nil || !m.exists() {
					t.Errorf("after %v: %v", time.Since(began), err)
				}
			})
		})
	}
}

// A URL that storage refuses is fetched anew at once the first time, and after a wait after that.
func TestRefusedURLIsRefreshedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, m := newMemoryClient(1000, 2, 8)
		began := time.Now()
		var fetched []time.Duration
		m.fail = func(op string, _ int64, nth int) error {
			switch {
			case op == operation.GetUploadPart:
				fetched = append(fetched, time.Since(began))
			case op == operation.PutPart && nth <= 2:
				return &APIError{Operation: op, Status: http.StatusForbidden}
			}
			return nil
		}
		if _, err := c.Upload(t.Context(), Bytes(content(500))); err != nil {
			t.Fatal(err)
		}
		if len(fetched) != 2 || fetched[0] != 0 || fetched[1] == 0 {
			t.Errorf("fetched after %v, want at once and after a wait", fetched)
		}
	})
}

// A URL that grew old while its part waited is fetched anew. If that fails, the part fails with it.
func TestStaleURLThatCannotBeRefreshed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, m := newMemoryClient(1<<20, 1, 8)
		m.speed, m.discard = 10_000, true // a part takes most of two minutes
		fetches := map[int64]int{}
		m.fail = func(op string, index int64, _ int) error {
			if op != operation.GetUploadPart {
				return nil
			}
			if fetches[index]++; fetches[index] > 1 {
				return &APIError{Operation: op, Status: http.StatusForbidden}
			}
			return nil
		}
		_, err := c.Upload(t.Context(), ReaderAt(zeros(3<<20), 3<<20))
		var failed *UploadError
		if !errors.As(err, &failed) || failed.Part < 1 || failed.Attempts != 1 || fetches[failed.Part] != 2 {
			t.Errorf("%v after %v fetches, want the failure of the second one", err, fetches)
		}
	})
}

// URLs may live shorter than parts wait for their turn: a fresh one is used at once, not
// at the end of the line, where it would expire as well.
func TestURLsThatLiveShorterThanTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const parts, partSize, lifetime = 40, 2 << 20, 4 * time.Second // beyond 1 MiB, so that the PUTs queue
		c, m := newMemoryClientWith(limits.New(2, 64, 1e6, nil), partSize)
		m.discard, m.latency = true, 10*time.Millisecond
		m.speed = 2 * partSize / 5 // 5 s for each of two parts at a time
		given, refused := map[int64]time.Time{0: time.Now()}, 0
		m.fail = func(op string, index int64, _ int) error { // called with a lock held
			switch op {
			case operation.GetUploadPart:
				given[index] = time.Now()
			case operation.PutPart:
				if time.Since(given[index]) > lifetime {
					refused++
					return &APIError{Operation: op, Status: http.StatusForbidden, FromService: true, Code: "AccessDenied"}
				}
			}
			return nil
		}
		if _, err := c.Upload(t.Context(), ReaderAt(zeros(parts*partSize), parts*partSize)); err != nil || !m.exists() {
			t.Errorf("after %d refusals: %v", refused, err)
		}
		if refused == 0 || refused > parts {
			t.Errorf("%d URLs were refused: each part once at the most", refused)
		}
	})
}

// Something on the way may take a whole part at once and pass it on slowly. Each attempt
// waits longer for the answer than the one before, so that one of them arrives.
func TestSlowHopThatBuffers(t *testing.T) {
	t.Parallel()
	for passesOn, puts := range map[time.Duration]int{50 * time.Second: 1, 75 * time.Second: 2, 200 * time.Second: 3, 10 * time.Minute: 5} {
		t.Run(passesOn.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				part := strings.Replace(partJSON, `"uploadPartIndex":7`, `"uploadPartIndex":0`, 1)
				part = strings.Replace(part, `5242879`, `999`, 1)
				sent := 0
				c := mustClient(t, testKey, withTransport(func(req *http.Request) (*http.Response, error) {
					if req.Body != nil {
						_, _ = io.Copy(io.Discard, req.Body)
						req.Body.Close()
					}
					switch {
					case req.URL.Host == "storage.example.com":
						sent++
						select {
						case <-time.After(passesOn):
							return answer(req, 200, "", "ETag", "e"), nil
						case <-req.Context().Done():
							return nil, context.Cause(req.Context())
						}
					case req.Method == http.MethodPut:
						return answer(req, 200, `{"status":"Completed","etag":"e"}`), nil
					case req.Method == http.MethodGet:
						return answer(req, 200, part), nil
					}
					return answer(req, 200, `{"file":`+detailsJSON("/a")+`,"uploadId":"Kd759aLFxttm69kZ","uploadParts":{"count":1,"first":`+part+`}}`), nil
				}))
				if _, err := c.Upload(t.Context(), Bytes(make([]byte, 1000))); err != nil || sent != puts {
					t.Errorf("%d PUTs, want %d: %v", sent, puts, err)
				}
			})
		})
	}
}
