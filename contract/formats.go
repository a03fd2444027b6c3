package contract

import (
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// The settings of the schema validator for one scalar, with all violations, and for whether a value
// matches. Not set, on purpose: defaults are never written into a value, and patterns and formats are
// always checked.
var (
	requestSettings  = append(slices.Clone(requestMatch), openapi3.MultiErrors())
	responseSettings = append(slices.Clone(responseMatch), openapi3.MultiErrors())
	requestMatch     = []openapi3.SchemaValidationOption{openapi3.VisitAsRequest(), openapi3.EnableFormatValidation(), formats}
	responseMatch    = []openapi3.SchemaValidationOption{openapi3.VisitAsResponse(), openapi3.EnableFormatValidation(), formats}
)

var formats = openapi3.WithStringFormatValidators(map[string]openapi3.StringFormatValidator{
	"uri":       openapi3.NewCallbackValidator(checkURI),
	"date-time": openapi3.NewCallbackValidator(checkDateTime),
})

func checkURI(value string) error {
	if u, err := url.Parse(value); err != nil || u.Scheme == "" || (u.Host == "" && u.Opaque == "") {
		return errors.New("must be an absolute URI")
	}
	return nil
}

func checkDateTime(value string) error {
	if _, err := time.Parse(time.RFC3339Nano, value); err != nil {
		return errors.New("must be an RFC 3339 time")
	}
	return nil
}
