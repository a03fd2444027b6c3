package fake

import (
	"context"
	"net/http"
	"strings"

	"github.com/c88edac7/bytescale-go/contract"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fakeapi"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

// maxJSONBody limits the body of a JSON request, in bytes.
func maxJSONBody(id string) int64 {
	switch id {
	case operation.CopyFileBatch, operation.DeleteFileBatch, operation.CopyFolderBatch, operation.DeleteFolderBatch:
		return 8 << 20 // the largest valid one has 1000 paths of 512 characters, all of them escaped
	case operation.ProcessFileAndSave:
		return 1 << 20 // 400 KB of parameters
	}
	return 256 << 10 // 25 tags, 2 KiB of metadata and a URL of 8 KiB, all of it escaped
}

// operations has the methods of the generated server interface, one for each
// operation of the API. Everything else is a method of Server.
type operations struct{ *Server }

var _ fakeapi.StrictServerInterface = operations{}

// newAPI builds the handler of the API and the CDN, held to the API description.
func (s *Server) newAPI() http.Handler {
	badRequest := func(w http.ResponseWriter, r *http.Request, err error) {
		s.writeError(w, r, invalid(r, err))
	}
	strict := fakeapi.NewStrictHandlerWithOptions(operations{s}, nil, fakeapi.StrictHTTPServerOptions{
		RequestErrorHandlerFunc:  badRequest,
		ResponseErrorHandlerFunc: s.writeError,
	})
	generated := withPlainIntegers(fakeapi.HandlerWithOptions(strict, fakeapi.StdHTTPServerOptions{ErrorHandlerFunc: badRequest}))
	all := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch exchangeOf(r.Context()).operation {
		case operation.DownloadFile:
			s.download(w, r)
		case operation.ProcessFile:
			s.process(w, r)
		case operation.ProcessFileAndSave:
			s.processAndSave(w, r)
		default:
			generated.ServeHTTP(w, r)
		}
	})
	return contract.NewHandler(all, contract.WithStrict(), contract.WithDocument(s.options.Document),
		contract.WithCoverage(s.options.Coverage), contract.WithReporter(s.recordViolation), contract.WithAuthenticator(s.authorized))
}

// recordViolation records a violation of the API description.
func (s *Server) recordViolation(ctx context.Context, v contract.Violation) {
	x := exchangeOf(ctx)
	v.Operation = "" // report adds it
	text := strings.TrimPrefix(v.String(), "unknown operation ")
	if v.Direction == contract.Response {
		s.report(x, text) // a bug of the fake
		return
	}
	s.violate(x, "%s", text)
}

// serveAPI answers a call of the API or the CDN. It validates both the request and the
// answer against the API description.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request, x *exchange) {
	if x.operation == operation.ListRecentJobs {
		r.URL.RawQuery = namedJobTypes(r.URL.RawQuery)
	}
	if r.Method == http.MethodGet && !isDownload(x.operation) {
		s.serveRead(w, r)
		return
	}
	if !takesFiles(x.operation) {
		if r.Body != http.NoBody { // handlers compare with http.NoBody
			r.Body = http.MaxBytesReader(w, r.Body, maxJSONBody(x.operation))
		}
		s.api.ServeHTTP(w, r)
		return
	}
	if x.operation == operation.FormDataUpload {
		x.form = &formBody{ReadCloser: r.Body}
		r.Body = x.form
	}
	// The answer may come before the whole body was read, as in answerEarly.
	controller := http.NewResponseController(w)
	_ = controller.EnableFullDuplex()
	s.api.ServeHTTP(w, r)
	_ = controller.Flush()
	finishBody(r)
}

// maxReads is the number of answers that are put together at the same time. A list of
// parts takes megabytes until it has been validated.
const maxReads = 8

// serveRead answers a call that has no body. It waits for its turn, and does not keep
// others waiting while a slow client reads the answer.
func (s *Server) serveRead(w http.ResponseWriter, r *http.Request) {
	select {
	case s.reads <- struct{}{}:
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	}
	answer := newBufferedAnswer()
	func() {
		defer func() { <-s.reads }()
		s.api.ServeHTTP(answer, r)
	}()
	answer.send(w)
}

// isDownload reports whether an operation answers with the bytes of a file.
func isDownload(id string) bool { return id == operation.DownloadFile || id == operation.ProcessFile }

// takesFiles reports whether the body of an operation is one or more files.
func takesFiles(id string) bool {
	return id == operation.BasicUpload || id == operation.FormDataUpload
}

// invalid turns an error of the generated decoder into a refusal.
func invalid(r *http.Request, err error) error {
	if r.Context().Err() != nil {
		return errBodyCut
	}
	return refusal.Errorf(refusal.InvalidRequest, "The request cannot be read: %v.", err)
}

type callerKey struct{}

// callerOf returns who made an API call.
func callerOf(ctx context.Context) caller {
	who, _ := ctx.Value(callerKey{}).(caller)
	return who
}

// authorized refuses callers of another account than the one in the path, before their
// bodies are read.
func (s *Server) authorized(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var who caller
		var err error
		if x := exchangeOf(r.Context()); isDownload(x.operation) {
			who, err = s.authorizeDownload(r, x)
		} else {
			who, err = s.authorize(r.Header, x.account)
		}
		if err != nil {
			s.writeError(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, who)))
	})
}
