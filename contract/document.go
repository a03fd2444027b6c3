package contract

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/c88edac7/bytescale-go"
)

// A Document is a loaded OpenAPI document, ready to validate with. It is immutable and safe for
// concurrent use.
type Document struct {
	routes     []*route
	operations []*operation // by operationId
	servers    Servers
}

// operation is one operation with everything that validation needs looked up in advance.
type operation struct {
	id         string
	method     string
	template   string
	ownServers bool // it is on other servers than the document's (DownloadFile: the CDN)
	params     []param
	security   []requirement
	request    *requestBody // nil: no body
	responses  responses
}

type requestBody struct {
	required bool
	bodies   bodies
}

// responses are the documented responses of an operation by key: "200", "5XX".
type responses struct {
	strict   map[string]*response // refuses unknown properties, see [WithStrict]
	tolerant map[string]*response // accepts them
}

type response struct {
	key     string
	headers []param
	bodies  bodies
}

// A LoadOption changes what [Load] accepts.
type LoadOption func(*loadSettings)

type loadSettings struct{ uncheckedFormats []string }

// WithUncheckedFormats names formats that are annotations for readers or for code generators. Their
// values are not checked.
func WithUncheckedFormats(formats ...string) LoadOption {
	return func(s *loadSettings) { s.uncheckedFormats = append(s.uncheckedFormats, formats...) }
}

// Load reads an OpenAPI 3.0 document, in YAML or JSON. It takes some milliseconds.
//
// It refuses documents that are not valid, whose examples or defaults break their own schemas, that
// refer to other files, or that use something this package cannot check. So it refuses unknown formats,
// too. Checked are the formats byte, date, date-time, email, ipv4, ipv6, uri, uuid, int32 and int64, and
// those that the program has defined in kin-openapi. The formats binary, password, float and double
// limit nothing. Others must be named by [WithUncheckedFormats].
func Load(spec []byte, opts ...LoadOption) (*Document, error) {
	settings := &loadSettings{}
	for _, opt := range opts {
		opt(settings)
	}
	doc, err := parse(spec)
	if err != nil {
		return nil, err
	}
	d := &Document{}
	if err := d.servers.add(doc.Servers, false); err != nil {
		return nil, err
	}
	for template, item := range doc.Paths.Map() {
		if err := d.addPath(doc, template, item); err != nil {
			return nil, err
		}
		if err := checkFormatsOf(template, item, settings.uncheckedFormats); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(d.routes, func(a, b *route) int { return strings.Compare(a.template, b.template) })
	reserveLiterals(d.routes)
	slices.SortFunc(d.operations, func(a, b *operation) int { return strings.Compare(a.id, b.id) })
	for i, op := range d.operations {
		if i > 0 && op.id == d.operations[i-1].id {
			return nil, fmt.Errorf("operationId %q is used twice", op.id)
		}
	}
	strict, tolerant, err := strictAndTolerant(spec, doc)
	if err != nil {
		return nil, err
	}
	for _, op := range d.operations {
		if op.responses.strict, err = compileResponses(strict, op); err != nil {
			return nil, err
		}
		if op.responses.tolerant, err = compileResponses(tolerant, op); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// checkFormatsOf returns an error if an operation of a path uses a format that is neither checked nor
// named as unchecked.
func checkFormatsOf(template string, item *openapi3.PathItem, unchecked []string) error {
	for method, op := range item.Operations() {
		if err := checkFormats(validatedSchemas(item, op), unchecked); err != nil {
			return fmt.Errorf("%s %s (%s): %w", method, template, op.OperationID, err)
		}
	}
	return nil
}

// Default is the document that this module is built for, the one that bytescale.OpenAPI returns. It
// is loaded at the first call, which takes some milliseconds.
func Default() *Document { return embedded() }

var embedded = sync.OnceValue(func() *Document {
	document, err := Load(bytescale.OpenAPI())
	if err != nil {
		panic("contract: the embedded document does not load: " + err.Error()) // it is a part of this module
	}
	return document
})

func parse(spec []byte) (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromData(spec)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.0.") {
		return nil, fmt.Errorf("openapi %q: only 3.0 documents are supported", doc.OpenAPI)
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	if doc.Paths.Len() == 0 {
		return nil, errors.New("the document has no paths")
	}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			permitNull(validatedSchemas(item, op))
		}
	}
	return doc, nil
}

// permitNull lets schemas that say nothing about the type of a value take null. OpenAPI 3.0.3 means
// any value by them, but kin-openapi does not.
func permitNull(schemas []*openapi3.Schema) {
	for _, s := range schemas {
		if s.Type == nil && len(s.Enum)+len(s.OneOf)+len(s.AnyOf)+len(s.AllOf) == 0 && s.Not == nil {
			s.Nullable = true
		}
	}
}

// strictAndTolerant returns the document with the schemas of responses closed, and with them open. A
// schema that requests use as well stays as it is written in doc, so each result is a copy, unless
// doc itself is tolerant.
func strictAndTolerant(spec []byte, doc *openapi3.T) (strict, tolerant *openapi3.T, err error) {
	if strict, err = parse(spec); err != nil {
		return nil, nil, err
	}
	closeResponses(strict)
	if isTolerant(doc) {
		return strict, doc, nil
	}
	if tolerant, err = parse(spec); err != nil {
		return nil, nil, err
	}
	openResponses(tolerant)
	return strict, tolerant, nil
}

// addPath compiles the operations of a path, except for their responses.
func (d *Document) addPath(doc *openapi3.T, template string, item *openapi3.PathItem) error {
	segments, err := parseTemplate(template)
	if err != nil {
		return err
	}
	r := &route{template: template, segments: segments, operations: map[string]*operation{}}
	for method, op := range item.Operations() {
		compiled, err := compile(doc, template, method, item, op)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, template, err)
		}
		if own := ownServers(item, op); len(own) > 0 {
			compiled.ownServers = true
			if err := d.servers.add(own, true); err != nil {
				return err
			}
		}
		r.operations[method] = compiled
		d.operations = append(d.operations, compiled)
	}
	d.routes = append(d.routes, r)
	return nil
}

// compileResponses returns the responses of an operation with the schemas of doc.
func compileResponses(doc *openapi3.T, op *operation) (map[string]*response, error) {
	compiled := map[string]*response{}
	for key, ref := range doc.Paths.Value(op.template).GetOperation(op.method).Responses.Map() {
		if key == "default" {
			continue // documentation for errors; it would let every status through
		}
		headers, err := compileHeaders(ref.Value.Headers)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", op.id, key, err)
		}
		key = strings.ToUpper(key)
		compiled[key] = &response{key: key, headers: headers, bodies: newBodies(ref.Value.Content, responseLimit)}
	}
	return compiled, nil
}

func compile(doc *openapi3.T, template, method string, item *openapi3.PathItem, op *openapi3.Operation) (*operation, error) {
	if op.OperationID == "" {
		return nil, errors.New("no operationId")
	}
	params, err := compileParams(item.Parameters, op.Parameters)
	if err != nil {
		return nil, err
	}
	security, err := compileSecurity(doc, op)
	if err != nil {
		return nil, err
	}
	compiled := &operation{
		id: op.OperationID, method: method, template: template,
		params: params, security: security,
	}
	if op.RequestBody != nil {
		body := op.RequestBody.Value
		compiled.request = &requestBody{required: body.Required, bodies: newBodies(body.Content, requestLimit)}
	}
	return compiled, nil
}

// response returns what is documented for a status, nil when nothing is.
func (op *operation) response(status int, strict bool) *response {
	responses := op.responses.tolerant
	if strict {
		responses = op.responses.strict
	}
	if r := responses[strconv.Itoa(status)]; r != nil {
		return r
	}
	return responses[strconv.Itoa(status/100)+"XX"]
}

func ownServers(item *openapi3.PathItem, op *openapi3.Operation) openapi3.Servers {
	if op.Servers != nil {
		return *op.Servers
	}
	return item.Servers
}

// Operations lists the operationIds of the document in order.
func (d *Document) Operations() []string {
	ids := make([]string, len(d.operations))
	for i, op := range d.operations {
		ids[i] = op.id
	}
	return ids
}
