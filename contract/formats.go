package contract

import (
	"errors"
	"fmt"
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
	formats          = openapi3.WithStringFormatValidators(stringFormats)
)

// stringFormats are the formats of strings that are checked.
var stringFormats = map[string]openapi3.StringFormatValidator{
	"byte":      openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringByte),
	"date":      openapi3.NewCallbackValidator(checkDate),
	"date-time": openapi3.NewCallbackValidator(checkDateTime),
	"email":     openapi3.NewRegexpFormatValidator(openapi3.FormatOfStringForEmail),
	"ipv4":      openapi3.NewIPValidator(true),
	"ipv6":      openapi3.NewIPValidator(false),
	"uri":       openapi3.NewCallbackValidator(checkURI),
	"uuid":      openapi3.NewRegexpFormatValidator(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`),
}

// annotations are formats that describe a value and limit nothing, by type.
var annotations = map[string][]string{
	openapi3.TypeString: {"binary", "password"},
	openapi3.TypeNumber: {"float", "double"},
}

func checkURI(value string) error {
	if u, err := url.Parse(value); err != nil || u.Scheme == "" || (u.Host == "" && u.Opaque == "") {
		return errors.New("must be an absolute URI")
	}
	return nil
}

func checkDate(value string) error {
	if _, err := time.Parse(time.DateOnly, value); err != nil {
		return errors.New("must be an RFC 3339 date")
	}
	return nil
}

func checkDateTime(value string) error {
	if _, err := time.Parse(time.RFC3339Nano, value); err != nil {
		return errors.New("must be an RFC 3339 time")
	}
	return nil
}

// checkFormats returns an error if one of the schemas has a format that is neither checked, nor an
// annotation, nor one of unchecked.
func checkFormats(schemas []*openapi3.Schema, unchecked []string) error {
	for _, schema := range schemas {
		if schema.Format != "" && !isKnownFormat(schema) && !slices.Contains(unchecked, schema.Format) {
			return fmt.Errorf("format %q is not known; if it is an annotation, name it with WithUncheckedFormats", schema.Format)
		}
	}
	return nil
}

// isKnownFormat reports whether the format of a schema belongs to its type. Formats that a program
// defines in kin-openapi are known, too.
func isKnownFormat(schema *openapi3.Schema) bool {
	format, known := schema.Format, false
	if schema.Type.Permits(openapi3.TypeString) {
		known = stringFormats[format] != nil || openapi3.SchemaStringFormats[format] != nil || slices.Contains(annotations[openapi3.TypeString], format)
	}
	if schema.Type.Is(openapi3.TypeInteger) {
		known = openapi3.SchemaIntegerFormats[format] != nil
	}
	if schema.Type.Is(openapi3.TypeNumber) {
		known = openapi3.SchemaNumberFormats[format] != nil || slices.Contains(annotations[openapi3.TypeNumber], format)
	}
	return known
}
