package suite

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/c88edac7/bytescale-go/contract"
)

// An Exchange is a request that the contract layer has validated, and the response if there was one.
type Exchange struct {
	What         string // the step that made it
	Request      *http.Request
	RequestBody  []byte
	Response     *http.Response // nil if the request was refused or failed
	ResponseBody []byte
	Violations   []contract.Violation
}

type exchangeKey struct{}

// observed calls an observer with every exchange of a transport that was made with the option noting.
type observed struct {
	transport http.RoundTripper
	observe   func(Exchange)
	what      *string
}

func (o observed) RoundTrip(r *http.Request) (*http.Response, error) {
	x := &Exchange{What: *o.what}
	hasBody := r.Body != nil && r.Body != http.NoBody
	if hasBody {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		_ = r.Body.Close()
		x.RequestBody = body
	}
	noted := r.Clone(context.WithValue(r.Context(), exchangeKey{}, x))
	if hasBody {
		noted.Body = io.NopCloser(bytes.NewReader(x.RequestBody))
	}
	x.Request = noted
	response, err := o.transport.RoundTrip(noted)
	o.observe(*x)
	return response, err
}

// noting adds violations to the exchange.
func noting() contract.Option {
	return contract.WithReporter(func(ctx context.Context, v contract.Violation) {
		x := ctx.Value(exchangeKey{}).(*Exchange)
		x.Violations = append(x.Violations, v)
	})
}

// noted keeps the response of a transport in the exchange, before the contract layer can refuse it.
type noted struct{ transport http.RoundTripper }

func (n noted) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := n.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	_ = response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	x := r.Context().Value(exchangeKey{}).(*Exchange)
	copied := *response
	x.Response, x.ResponseBody = &copied, body
	return response, nil
}
