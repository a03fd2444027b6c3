// Package fake is the fake Bytescale service as an [http.Handler]. Package
// bytescaletest offers it to tests, and package emulator runs it on a network.
//
// One origin serves three things: the API under /v2/, the raw files under
// /{accountId}/raw/, and the PUTs of parts to pre-signed URLs under /storage/.
package fake

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
	"github.com/c88edac7/bytescale-go/internal/fake/fetch"
	"github.com/c88edac7/bytescale-go/internal/fake/jobs"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/script"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

// Server is the fake service. Create one with [New].
type Server struct {
	options Options
	store   store.Store
	signer  *signer
	fetcher fetch.Fetcher
	api     http.Handler // API and CDN
	jobs    *jobs.Runner

	ledger  ledger
	script  script.Script
	uploads keyedMutex
	sweeper sweeper
	results results

	reads     chan struct{} // has a value for each answer of serveRead that is put together
	gate      gate
	closing   chan struct{}
	interrupt sync.Once
	closeOnce sync.Once
	closeErr  error
}

const (
	defaultURLLifetime    = time.Hour
	defaultUploadLifetime = 7 * 24 * time.Hour
	defaultMaxFileSize    = 5 << 40
)

// New returns a server. Close it when it is no longer served.
func New(options Options) (*Server, error) {
	if err := options.check(); err != nil {
		return nil, err
	}
	options.URLLifetime = orDefault(options.URLLifetime, defaultURLLifetime)
	options.UploadLifetime = orDefault(options.UploadLifetime, defaultUploadLifetime)
	options.MaxFileSize = orDefault(options.MaxFileSize, defaultMaxFileSize)
	options.Origin = strings.TrimSuffix(options.Origin, "/")
	if options.Store == nil {
		options.Store = store.NewMemory()
	}
	if options.Coverage == nil {
		coverage, err := processCoverage()
		if err != nil {
			return nil, err
		}
		options.Coverage = coverage
	}
	if len(options.SigningKey) == 0 {
		options.SigningKey = make([]byte, 32)
		_, _ = rand.Read(options.SigningKey) // never fails
	}
	if options.Fetcher == nil {
		options.Fetcher = fetch.New(options.AllowPrivateURLs)
	}
	s := &Server{
		options: options,
		store:   options.Store,
		signer:  newSigner(options.SigningKey),
		fetcher: options.Fetcher,
		ledger:  ledger{record: options.Record, attempts: map[attemptKey]int{}},
		reads:   make(chan struct{}, maxReads),
		closing: make(chan struct{}),
	}
	s.api = s.newAPI()
	s.jobs = s.newJobs()
	if err := s.results.load(s.store); err != nil {
		return nil, fmt.Errorf("fake: reading the jobs: %w", err)
	}
	s.resumeJobs()
	return s, nil
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// Interrupt ends stalls and waits, so that an HTTP server can shut down in time.
// Close calls it.
func (s *Server) Interrupt() {
	s.interrupt.Do(func() { close(s.closing) })
}

// Close waits for open requests and closes the store. Call it after the HTTP server
// has been stopped.
func (s *Server) Close() error {
	s.Interrupt()
	s.closeOnce.Do(func() {
		s.gate.shut()
		s.closeErr = s.store.Close()
	})
	return s.closeErr
}

// Stats returns the number of open requests and their maxima.
func (s *Server) Stats() Stats { return s.ledger.stats() }

// Exchanges lists the exchanges so far by their start, including open ones. It is
// empty unless Options.Record is set.
func (s *Server) Exchanges() []Exchange { return s.ledger.all() }

// Violations lists the rules that requests broke so far.
func (s *Server) Violations() []string { return s.ledger.broken() }

// Fail scripts faults, in addition to those scripted before. A request is hit by
// the first fault that chooses it. If one of the faults is not valid, none of them
// is scripted.
func (s *Server) Fail(faults ...fault.Fault) error { return s.script.Add(faults...) }

// ClearFaults removes all scripted faults.
func (s *Server) ClearFaults() { s.script.Clear() }

// UnusedFaults lists the scripted faults that have hit nothing yet.
func (s *Server) UnusedFaults() []fault.Fault { return s.script.Unused() }

// Store returns the store of the server.
func (s *Server) Store() store.Store { return s.store }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.gate.enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.gate.leave()
	called, allow := route(r)
	x := s.ledger.open(called, r.Method, r.URL.EscapedPath())
	x.origin = s.originOf(r)
	answer := &answerWriter{ResponseWriter: w, exchange: x}
	body := countBody(r)
	defer func() {
		x.note(func(data *Exchange) {
			data.BytesIn, data.BytesOut, data.End = body.bytes(), answer.bytes, time.Now()
			data.Code = answer.code()
		})
		s.ledger.release(x)
		if s.options.OnExchange != nil {
			s.options.OnExchange(x.snapshot())
		}
	}()
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))

	serve := func(w http.ResponseWriter, r *http.Request) { s.dispatch(w, r, x, allow) }
	if f := s.script.Next(script.Request{Operation: x.operation, Upload: x.upload, Part: x.part}); f != nil {
		x.note(func(data *Exchange) { data.Fault = f.Kind })
		s.inject(f, answer, r, x, serve)
		return
	}
	serve(answer, r)
}

// maxParameters is the number of query parameters that a request may have. A valid one
// has at most 25 tags and a dozen others.
const maxParameters = 100

func (s *Server) dispatch(w http.ResponseWriter, r *http.Request, x *exchange, allow string) {
	switch {
	case strings.Count(r.URL.RawQuery, "&") >= maxParameters:
		s.violate(x, "the query has more than %d parameters", maxParameters)
		writeRefusal(w, refusal.Errorf(refusal.InvalidRequest, "The query has more than %d parameters.", maxParameters))
	case x.operation == operation.PutPart:
		s.putPart(w, r, x)
	case x.operation == operation.AccessToken:
		s.accessToken(w, r, x)
	case x.operation != "":
		if x.isAPI() && !s.wait(r.Context(), s.options.APILatency) {
			panic(http.ErrAbortHandler)
		}
		s.serveAPI(w, r, x)
	case allow != "":
		s.violate(x, "%s is no method of %s", r.Method, r.URL.EscapedPath())
		w.Header().Set("Allow", allow)
		writeRefusal(w, &refusal.Error{Code: refusal.MethodNotAllowed})
	default:
		s.violate(x, "%s %s is no operation", r.Method, r.URL.EscapedPath())
		writeRefusal(w, &refusal.Error{Code: refusal.RouteUnknown})
	}
}

// violate records that the client broke a rule, unless a fault misled it.
func (s *Server) violate(x *exchange, format string, args ...any) {
	if !s.script.Misled(x.upload) {
		s.report(x, fmt.Sprintf(format, args...))
	}
}

// report records a violation, unless the server is lenient.
func (s *Server) report(x *exchange, text string) {
	if s.options.Lenient {
		return
	}
	if x.operation != "" {
		text = x.operation + ": " + text
	}
	x.note(func(data *Exchange) { data.Violations = append(data.Violations, text) })
	s.ledger.violate(text)
}

// wait sleeps. It returns false if the client leaves or the server closes before the
// time is over.
func (s *Server) wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-s.closing:
	}
	return false
}

// originOf returns the address under which the client reaches the server.
func (s *Server) originOf(r *http.Request) string {
	switch {
	case s.options.Origin != "":
		return s.options.Origin
	case r.TLS != nil:
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
