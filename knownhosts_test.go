package bytescale

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// What cannot pass at the first contact passes at a host that has served before: the
// resolver was wrong, or a portal has answered in its place.
func TestKnownHosts(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]roundTrip{
		"no such host": func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Name: "api.example.com", IsNotFound: true}}
		},
		"a portal's certificate": func(*http.Request) (*http.Response, error) {
			return nil, &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
		},
		"no TLS": func(*http.Request) (*http.Response, error) {
			return nil, tls.RecordHeaderError{RecordHeader: [5]byte{'H', 'T', 'T', 'P', '/'}}
		},
		"a redirect": func(req *http.Request) (*http.Response, error) {
			return answer(req, 302, "", "Location", "https://portal.example.com/"), nil
		},
		"a page": func(req *http.Request) (*http.Response, error) {
			return answer(req, 200, "<html>log in", "Content-Type", "text/html"), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var from, until time.Time // of the trouble
				requests := 0
				c := mustClient(t, testKey, withTransport(func(req *http.Request) (*http.Response, error) {
					requests++
					if req.Body != nil {
						_, _ = io.Copy(io.Discard, req.Body)
						req.Body.Close()
					}
					if now := time.Now(); !now.Before(from) && now.Before(until) {
						return wrong(req)
					}
					if req.Method == http.MethodDelete {
						return answer(req, 204, ""), nil
					}
					return answer(req, 200, detailsJSON("/a")), nil
				}))

				from, until = time.Now(), time.Now().Add(time.Hour)
				if _, err := c.GetFileDetails(t.Context(), "/a"); err == nil || requests > 3 || time.Since(from) > 5*time.Second {
					t.Errorf("at the first contact: %v after %d requests and %v", err, requests, time.Since(from))
				}

				until = time.Time{}
				if _, err := c.GetFileDetails(t.Context(), "/a"); err != nil {
					t.Fatal(err)
				}
				from, until = time.Now(), time.Now().Add(20*time.Second)
				if _, err := c.GetFileDetails(t.Context(), "/a"); err != nil {
					t.Errorf("details at a known host: %v", err)
				}
				from, until = time.Now(), time.Now().Add(20*time.Second)
				if err := c.DeleteFile(t.Context(), "/a"); err != nil {
					t.Errorf("deletion at a known host: %v", err)
				}
				from, until, requests = time.Now(), time.Now().Add(time.Hour), 0
				if _, err := c.GetFileDetails(t.Context(), "/a"); err == nil || requests > 32 || time.Since(from) > 10*time.Minute {
					t.Errorf("without an end: %v after %d requests and %v", err, requests, time.Since(from))
				}
			})
		})
	}
}

// idleCloser is a transport that counts how often its idle connections are closed.
type idleCloser struct {
	roundTrip
	closed int
}

func (c *idleCloser) CloseIdleConnections() { c.closed++ }

// When a connection has stalled, the idle ones may be dead, too.
func TestIdleConnectionsAreNotBelievedAfterAStall(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first  roundTrip
		closed int
	}{
		"a stall": {func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, context.Cause(req.Context())
		}, 1},
		"a reset": {func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }, 0},
		"a 503":   {func(req *http.Request) (*http.Response, error) { return answer(req, 503, ""), nil }, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			requests := 0
			transport := &idleCloser{}
			transport.roundTrip = func(req *http.Request) (*http.Response, error) {
				if requests++; requests == 1 {
					return test.first(req)
				}
				if transport.closed != test.closed {
					t.Errorf("%s: closed %d times before the next try", name, transport.closed)
				}
				return answer(req, 200, detailsJSON("/a")), nil
			}
			c := mustClient(t, testKey, WithTransport(transport))
			if _, err := c.GetFileDetails(t.Context(), "/a"); err != nil || requests != 2 {
				t.Errorf("%s: %v after %d requests", name, err, requests)
			}
		})
	}
}
