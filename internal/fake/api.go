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

// maxJSONBody limits the body of a JSON request: the largest valid one has
// 25 tags, 2 KiB of metadata and a URL of 8 KiB, all of it escaped at worst.
const maxJSONBody = 256 << 10

// operations implements the generated server interface.
type operations struct{ *Server }

var _ fakeapi.StrictServerInterface = operations{}

// newAPI builds the handler of the API and of downloads.
func (s *Server) newAPI() http.Handler {
	badRequest := func(w http.ResponseWriter, r *http.Request, err error) {
		s.writeError(w, r, invalid(r, err))
	}
	strict := fakeapi.NewStrictHandlerWithOptions(operations{s},
		[]fakeapi.StrictMiddlewareFunc{s.authorized},
		fakeapi.StrictHTTPServerOptions{
			RequestErrorHandlerFunc:  badRequest,
			ResponseErrorHandlerFunc: s.writeError,
		})
	generated := fakeapi.HandlerWithOptions(strict, fakeapi.StdHTTPServerOptions{ErrorHandlerFunc: badRequest})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if exchangeOf(r.Context()).operation == operation.DownloadFile {
			s.download(w, r)
			return
		}
		generated.ServeHTTP(w, r)
	})
}

// serveAPI answers an API call or a download, held to the API description.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request, x *exchange) {
	report := contract.WithViolationFunc(func(v contract.Violation) {
		v.Operation = "" // it is said anyway
		text := strings.TrimPrefix(v.String(), "unknown operation ")
		if v.Direction == contract.Response {
			s.report(x, text) // a mistake of ours
			return
		}
		s.violate(x, "%s", text)
	})
	checked := contract.NewHandler(s.api, contract.WithStrict(), report,
		contract.WithDocument(s.options.Document), contract.WithCoverage(s.options.Coverage))
	if !takesFiles(x.operation) {
		if r.Body != http.NoBody { // it is looked for
			r.Body = http.MaxBytesReader(w, r.Body, maxJSONBody)
		}
		checked.ServeHTTP(w, r)
		return
	}
	// A refusal can come before the body is read, as in answerEarly.
	controller := http.NewResponseController(w)
	_ = controller.EnableFullDuplex()
	checked.ServeHTTP(w, r)
	_ = controller.Flush()
	finishBody(r)
}

// takesFiles tells whether the body of an operation is one or more files.
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

// callerOf gives who made an API call.
func callerOf(ctx context.Context) caller {
	who, _ := ctx.Value(callerKey{}).(caller)
	return who
}

// authorized lets only callers of the account in the path through.
func (s *Server) authorized(next fakeapi.StrictHandlerFunc, _ string) fakeapi.StrictHandlerFunc {
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		who, err := s.authorize(r.Header, exchangeOf(ctx).account)
		if err != nil {
			return nil, err
		}
		return next(context.WithValue(ctx, callerKey{}, who), w, r, request)
	}
}
