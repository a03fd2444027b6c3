package suite

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"

	"github.com/c88edac7/bytescale-go/contract"
	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/fake"
	"github.com/c88edac7/bytescale-go/internal/fake/fetch"
)

const (
	account = "A623uY2"
	key     = "secret_A623uY2contractsuite"
	origin  = "http://fake.test" // of the API, the CDN and part URLs alike
)

// world is one run of the suite: the document, a fake service that holds itself to it, and the ways to talk to it.
type world struct {
	ctx      context.Context
	document *contract.Document
	recorder *contract.Recorder
	service  *fake.Server
	fail     func(format string, args ...any)
	failures []Failure

	strict  http.RoundTripper // violations fail the call
	lax     http.RoundTripper // violations are put into seen
	stubbed http.RoundTripper // the same, with canned for an answer
	canned  canned
	seen    []contract.Violation
	counter int // for distinct names
}

func newWorld(document *contract.Document, also *contract.Recorder) (*world, error) {
	recorder, err := contract.NewRecorder("") // for what the client sees, refusals that it provokes included
	if err != nil {
		return nil, err
	}
	unused, err := contract.NewRecorder("")
	if err != nil {
		return nil, err
	}
	service, err := fake.New(fake.Options{
		Origin: origin, PartSizes: []int64{4}, MaxFileSize: maxFileSize, Document: document, Coverage: unused, Fetcher: fetcher{},
	})
	if err != nil {
		return nil, err
	}
	w := &world{document: document, recorder: recorder, service: service}
	options := []contract.Option{contract.WithDocument(document), contract.WithStrict(), contract.WithServers(origin, origin)}
	// Two transports in a row note the same exchanges in two recorders.
	var inner http.RoundTripper = inMemory{service}
	if also != nil {
		inner, err = contract.NewTransport(inner, append(options, contract.WithCoverage(also), contract.WithReportOnly())...)
		if err != nil {
			return nil, err
		}
	}
	if w.strict, err = contract.NewTransport(inner, append(options, contract.WithCoverage(recorder))...); err != nil {
		return nil, err
	}
	options = append(options, contract.WithReportOnly(),
		contract.WithReporter(func(_ context.Context, v contract.Violation) { w.seen = append(w.seen, v) }))
	if w.lax, err = contract.NewTransport(inner, append(options, contract.WithCoverage(recorder))...); err != nil {
		return nil, err
	}
	// What was not answered by the service covers nothing.
	if w.stubbed, err = contract.NewTransport(stub{w}, options...); err != nil {
		return nil, err
	}
	return w, nil
}

func (w *world) close() {
	if err := w.service.Close(); err != nil {
		w.failures = append(w.failures, Failure{"fake service", err.Error()})
	}
}

// client is the generated client with credentials of the given form.
func (w *world) client(form credentials) *gen.ClientWithResponses {
	client, err := gen.NewClientWithResponses(origin,
		gen.WithHTTPClient(&http.Client{Transport: w.strict}),
		gen.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			form.set(r.Header)
			return nil
		}))
	if err != nil {
		panic(err) // the origin is a constant
	}
	return client
}

// inMemory hands requests to a handler without a connection.
type inMemory struct{ handler http.Handler }

func (m inMemory) RoundTrip(r *http.Request) (_ *http.Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler {
				panic(p)
			}
			err = errors.New("the service cut the connection")
		}
		if r.Body != nil {
			_ = r.Body.Close()
		}
	}()
	in := r.Clone(r.Context()) // as a server sees it
	in.RequestURI = r.URL.RequestURI()
	in.Host = r.URL.Host
	if r.ContentLength > 0 || r.Body != nil {
		in.Header.Set("Content-Length", strconv.FormatInt(r.ContentLength, 10))
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	recorder := httptest.NewRecorder()
	m.handler.ServeHTTP(recorder, in)
	response := recorder.Result()
	response.Request = r
	return response, nil
}

// canned is an answer that was not made by the fake.
type canned struct {
	status int
	header http.Header
	body   []byte
}

// stub answers every request with the canned answer of the world.
type stub struct{ *world }

func (t stub) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	c := t.canned
	return &http.Response{
		StatusCode: c.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: c.header.Clone(), Body: io.NopCloser(bytes.NewReader(c.body)), ContentLength: int64(len(c.body)), Request: r,
	}, nil
}

// fetcher is the source of UploadFromUrl.
type fetcher struct{}

func (fetcher) Fetch(context.Context, string) (*fetch.Source, error) {
	return &fetch.Source{Body: io.NopCloser(bytes.NewReader([]byte("from a URL"))), Size: -1, MIME: "text/plain", FileName: "source.txt"}, nil
}
