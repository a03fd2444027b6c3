package fake

import (
	"context"
	"net/http"
	"strings"

	"github.com/c88edac7/bytescale-go/contract"
	"github.com/c88edac7/bytescale-go/internal/fakeapi"
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
		writeError(w, r, invalid(r, err))
	}
	strict := fakeapi.NewStrictHandlerWithOptions(operations{s},
		[]fakeapi.StrictMiddlewareFunc{s.authorized},
		fakeapi.StrictHTTPServerOptions{
			RequestErrorHandlerFunc:  badRequest,
			ResponseErrorHandlerFunc: writeError,
		})
	generated := fakeapi.HandlerWithOptions(strict, fakeapi.StdHTTPServerOptions{ErrorHandlerFunc: badRequest})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if exchangeOf(r.Context()).operation == opDownload {
			s.download(w, r)
			return
		}
		generated.ServeHTTP(w, r)
	})
}

// serveAPI answers an API call or a download, held to the API description.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request, x *exchange) {
	if hasJSONBody(x.operation) {
		r.Body = http.MaxBytesReader(w, r.Body, maxJSONBody)
	}
	contract.NewHandler(s.api, contract.Strict(), contract.WithDocument(s.options.Document), contract.WithCoverage(s.options.Coverage), contract.OnViolation(func(v contract.Violation) {
		v.Operation = "" // violate says it
		s.violate(x, "%s", strings.TrimPrefix(v.String(), "unknown operation "))
	})).ServeHTTP(w, r)
}

func hasJSONBody(operation string) bool {
	return operation == opBegin || operation == opCompletePart || operation == opFromURL
}

// invalid turns an error of the generated decoder into a refusal.
func invalid(r *http.Request, err error) error {
	if r.Context().Err() != nil {
		return errBodyCut
	}
	return Refuse(CodeInvalidRequest, "The request cannot be read: %v.", err)
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
