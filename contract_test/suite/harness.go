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

// Origin is the server of the API, the CDN and part URLs in the exchanges of a run.
const Origin = "http://fake.test"

const (
	account = "A623uY2"
	key     = "secret_A623uY2contractsuite"
	origin  = Origin
)

// harness is what one run of the suite works with: the document, a fake service that validates against
// it, and validating transports to that service.
type harness struct {
	ctx      context.Context
	document *contract.Document
	recorder *contract.Recorder
	service  *fake.Server

	strict   http.RoundTripper // to the service; violations fail the call
	tolerant http.RoundTripper // to the service; violations are added to seen
	stubbed  http.RoundTripper // answers with stub; violations are added to seen
	stub     stubAnswer
	seen     []contract.Violation // of the last request
	counter  int                  // for distinct names
	what     string               // the step that is running
}

// newHarness starts the service and makes the transports.
func newHarness(ctx context.Context, document *contract.Document, o Options) (*harness, error) {
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
	h := &harness{ctx: ctx, document: document, recorder: recorder, service: service}
	if err := h.connect(o); err != nil {
		return nil, errors.Join(err, service.Close())
	}
	return h, nil
}

// connect makes the transports.
func (h *harness) connect(o Options) error {
	servers, err := contract.ParseServers(origin, origin)
	if err != nil {
		return err
	}
	options := []contract.Option{contract.WithDocument(h.document), contract.WithStrict(), contract.WithServers(servers)}
	with := func(more ...contract.Option) []contract.Option {
		return append(options[:len(options):len(options)], more...)
	}
	var inner, stub http.RoundTripper = inMemory{h.service}, stubTransport{h}
	observe := func(transport http.RoundTripper) http.RoundTripper { return transport }
	if o.Observe != nil {
		inner, stub = noted{inner}, noted{stub}
		options = append(options, noting())
		observe = func(transport http.RoundTripper) http.RoundTripper {
			return observed{transport: transport, observe: o.Observe, what: &h.what}
		}
	}
	if o.Coverage != nil {
		inner = contract.NewTransport(inner, contract.WithDocument(h.document), contract.WithStrict(), contract.WithServers(servers),
			contract.WithCoverage(o.Coverage), contract.WithReportOnly())
	}
	h.strict = observe(contract.NewTransport(inner, with(contract.WithCoverage(h.recorder))...))
	see := contract.WithReporter(func(_ context.Context, v contract.Violation) { h.seen = append(h.seen, v) })
	h.tolerant = observe(contract.NewTransport(inner, with(contract.WithReportOnly(), see, contract.WithCoverage(h.recorder))...))
	// No recorder: what was not answered by the service covers nothing.
	h.stubbed = observe(contract.NewTransport(stub, with(contract.WithReportOnly(), see)...))
	return nil
}

// client is the generated client with credentials of the given form.
func (h *harness) client(form credentials) (*gen.ClientWithResponses, error) {
	return gen.NewClientWithResponses(origin,
		gen.WithHTTPClient(&http.Client{Transport: h.strict}),
		gen.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			form.set(r.Header)
			return nil
		}))
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

// stubAnswer is an answer that was not made by the fake.
type stubAnswer struct {
	status int
	header http.Header
	body   []byte
}

// jsonAnswer is a stub answer with a JSON body.
func jsonAnswer(status int, body []byte) stubAnswer {
	return stubAnswer{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: body}
}

// stubTransport answers every request with the stub of the harness.
type stubTransport struct{ *harness }

func (t stubTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return &http.Response{
		StatusCode: t.stub.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: t.stub.header.Clone(),
		Body: io.NopCloser(bytes.NewReader(t.stub.body)), ContentLength: int64(len(t.stub.body)), Request: r,
	}, nil
}

// fetcher is the source of UploadFromUrl.
type fetcher struct{}

func (fetcher) Fetch(context.Context, string) (*fetch.Source, error) {
	return &fetch.Source{Body: io.NopCloser(bytes.NewReader([]byte("from a URL"))), Size: -1, MIME: "text/plain", FileName: "source.txt"}, nil
}
