// Package older stands for a service of a team that uses an older kin-openapi, and generates code for
// an API of its own with an older generator.
package older

import (
	"context"

	"github.com/getkin/kin-openapi/openapi3"

	"example.com/older/orders"
	"github.com/c88edac7/bytescale-go"
)

// Titles uses kin-openapi, the generated code and the client.
func Titles(spec []byte, client *bytescale.Client) ([]string, error) {
	document, err := openapi3.NewLoader().LoadFromData(spec)
	if err != nil {
		return nil, err
	}
	if err := document.Validate(context.Background()); err != nil {
		return nil, err
	}
	size := openapi3.NewInt64Schema().WithMin(1).WithMax(5)
	if err := size.VisitJSON(float64(3)); err != nil {
		return nil, err
	}
	return []string{document.Info.Title, string(orders.Open), client.AccountID()}, nil
}
