package contracttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	bytescale "github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/contract"
	"github.com/c88edac7/bytescale-go/contract_test/suite"
)

// secondOpinion validates exchanges with openapi3filter and its router, and compares the result with
// that of our contract package.
type secondOpinion struct {
	requests, responses routers.Router // of the spec as it is, and with closed responses

	excluded *regexp.Regexp // paths of operations that the router does not know
	options  *openapi3filter.Options
	ignore   func(contract.Violation) bool // violations that our package is made not to see

	mu            sync.Mutex
	compared      int                        // messages
	known         map[*knownDisagreement]int // how often each was met
	disagreements []disagreement             // that are not known
	enough        int                        // if not 0, so many disagreements end the comparison
}

// A disagreement is a message that one of the two refuses and the other one accepts.
type disagreement struct {
	what      string
	direction contract.Direction
	ours      []contract.Violation // empty if our package accepts the message
	theirs    error                // nil if openapi3filter accepts it
}

func (d disagreement) String() string {
	if d.theirs != nil {
		return fmt.Sprintf("%s, %s: openapi3filter alone refuses: %v", d.what, d.direction, d.theirs)
	}
	return fmt.Sprintf("%s, %s: contract alone refuses: %v", d.what, d.direction, d.ours)
}

// A knownDisagreement is a violation that our package alone sees.
type knownDisagreement struct {
	location contract.Location
	rule     string
	is       func(contract.Violation) bool // nil: every violation of that rule
	example  string
	reason   string
}

// knownDisagreements are all that there are. There is none of the other kind: what openapi3filter
// refuses, our package refuses too.
var knownDisagreements = []*knownDisagreement{
	{
		location: contract.InQuery, rule: contract.RuleUndocumented, example: "?unknown=1",
		reason: "openapi3filter looks at documented parameters only",
	},
	{
		location: contract.InQuery, rule: contract.RuleRepeated, example: "?fileName=a&fileName=b",
		reason: "openapi3filter takes the first value of a parameter that is no list",
	},
	{
		location: contract.InQuery, rule: "type", example: "?fileNameVariablesEnabled=True",
		is:     func(v contract.Violation) bool { return strings.HasSuffix(v.Message, "boolean") },
		reason: "openapi3filter reads a boolean with strconv.ParseBool, which knows 1, 0 and True",
	},
	{
		location: contract.InContentType, rule: contract.RuleUndocumented, example: "Content-Type: text/",
		is:     func(v contract.Violation) bool { return v.Operation == "BasicUpload" },
		reason: "to openapi3filter, */* allows no media type at all, and malformed ones",
	},
	{
		location: contract.InStatus, rule: contract.RuleUndocumented, example: "304",
		is:     func(v contract.Violation) bool { return slices.Contains([]int{301, 304, 307, 308}, v.Status) },
		reason: "openapi3filter validates no redirects",
	},
	{
		location: contract.InBody, rule: contract.RuleUnexpected, example: "204 with a body",
		is:     func(v contract.Violation) bool { return v.Direction == contract.Response },
		reason: "openapi3filter does not look at the body of a response without documented content",
	},
	{
		location: contract.InBody, rule: "format", example: `{"url":"https://a.b/%zz"}`,
		is:     func(v contract.Violation) bool { return strings.HasSuffix(v.Message, " uri") },
		reason: "kin-openapi has no validator for URIs; ours is a function of our own",
	},
	{
		location: contract.InBody, rule: "oneOf", example: `{"baseUrl":"https://a.b/%zz"} in a storage layer`,
		is:     func(v contract.Violation) bool { return v.Pointer == "/folderSettings/storageLayer" },
		reason: "the same, where nobody knows which variant was meant",
	},
}

// explains reports whether the disagreement covers a violation.
func (k *knownDisagreement) explains(v contract.Violation) bool {
	return k.location == v.Location && k.rule == v.Rule && (k.is == nil || k.is(v))
}

// newSecondOpinion loads the spec in the way that the suite uses it.
func newSecondOpinion(t *testing.T) *secondOpinion {
	t.Helper()
	asWritten, closed := withoutSlashes(t), withoutSlashes(t)
	for op := range operations(closed) {
		for _, response := range op.Responses.Map() {
			for _, media := range response.Value.Content {
				closeSchemas(media.Schema)
			}
		}
	}
	excluded := []string{"^/storage/"} // part URLs
	for op := range operations(mustLoad(t)) {
		if withSlashes.MatchString(op.Path) {
			path := strings.ReplaceAll(op.Path, "{accountId}", "[^/]{7}") // which is neither v2 nor a longer one
			excluded = append(excluded, "^"+regexp.MustCompile(`\{[A-Za-z]+\}`).ReplaceAllString(path, ".+")+"$")
		}
	}
	return &secondOpinion{
		requests: routerOf(t, asWritten), responses: routerOf(t, closed),
		excluded: regexp.MustCompile(strings.Join(excluded, "|")),
		options: &openapi3filter.Options{
			IncludeResponseStatus: true, RejectWhenRequestBodyNotSpecified: true, SkipSettingDefaults: true, AuthenticationFunc: authenticate,
		},
		ignore: func(contract.Violation) bool { return false },
		known:  map[*knownDisagreement]int{},
	}
}

// withoutSlashes returns the spec with the server of the suite, and without "default" responses, which
// make no response valid. Left out are operations whose paths have parameters with slashes, because no
// router of kin-openapi matches them.
func withoutSlashes(t *testing.T) *openapi3.T {
	t.Helper()
	document := mustLoad(t)
	document.Servers = openapi3.Servers{{URL: suite.Origin}}
	for op := range operations(document) {
		if withSlashes.MatchString(op.Path) {
			document.Paths.Delete(op.Path)
			continue
		}
		op.Responses.Delete("default")
	}
	return document
}

func routerOf(t *testing.T, document *openapi3.T) routers.Router {
	t.Helper()
	router, err := legacy.NewRouter(document, openapi3.DisableExamplesValidation()) // some have values that are not known
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// withSlashes matches a path with a parameter that is only a part of a segment, and holds slashes.
var withSlashes = regexp.MustCompile(`[^/]\{|\}[^/]`)

// closeSchemas does to the schemas of responses what strict validation demands: objects are closed,
// lists of known values are complete, and what has no type takes null, too.
func closeSchemas(schema *openapi3.SchemaRef) {
	for _, place := range reachable("", schema) {
		if additional := &place.schema.AdditionalProperties; len(place.schema.Properties) > 0 && additional.Has == nil && additional.Schema == nil {
			additional.Has = new(bool)
		}
		if known, ok := place.schema.Extensions["x-extensible-enum"].([]any); ok {
			place.schema.Enum = known
		}
		if place.schema.Type == nil && !isChoice(place.schema) {
			place.schema.Nullable = true
		}
	}
}

// init lets openapi3filter take forms unread, as our package does: it streams files.
func init() {
	openapi3filter.RegisterBodyDecoder("multipart/form-data", func(io.Reader, http.Header, *openapi3.SchemaRef, openapi3filter.EncodingFn) (any, error) {
		return map[string]any{"file": "unread"}, nil
	})
}

// authenticate checks that the credential of a security scheme is there.
func authenticate(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	r, scheme := input.RequestValidationInput.Request, input.SecurityScheme
	ok := false
	switch {
	case scheme.Type == "apiKey":
		ok = r.Header.Get(scheme.Name) != ""
	case scheme.Scheme == "basic":
		var user, password string
		user, password, ok = r.BasicAuth()
		ok = ok && user == "apikey" && password != ""
	case scheme.Scheme == "bearer":
		token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		ok = isBearer && token != ""
	}
	if !ok {
		return errors.New("no usable credential for " + input.SecuritySchemeName)
	}
	return nil
}

// observe compares the two on an exchange of the suite.
func (s *secondOpinion) observe(x suite.Exchange) {
	if s.excluded.MatchString(x.Request.URL.EscapedPath()) || s.isSettled() {
		return
	}
	r := x.Request.Clone(context.Background())
	r.Body = http.NoBody
	if len(x.RequestBody) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(x.RequestBody))
	}
	route, params, err := s.requests.FindRoute(r)
	if err != nil {
		s.compare(x, contract.Request, err)
		return
	}
	input := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: s.options}
	s.compare(x, contract.Request, openapi3filter.ValidateRequest(r.Context(), input))
	if x.Response == nil {
		return
	}
	if input.Route, input.PathParams, err = s.responses.FindRoute(r); err != nil {
		panic(err) // both have the same operations
	}
	s.compare(x, contract.Response, openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: x.Response.StatusCode, Header: x.Response.Header,
		Body: io.NopCloser(bytes.NewReader(x.ResponseBody)), Options: s.options,
	}))
}

// isSettled reports whether enough disagreements were found.
func (s *secondOpinion) isSettled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.enough > 0 && len(s.disagreements) >= s.enough
}

func (s *secondOpinion) compare(x suite.Exchange, direction contract.Direction, theirs error) {
	ours := slices.DeleteFunc(slices.Clone(x.Violations), func(v contract.Violation) bool { return v.Direction != direction || s.ignore(v) })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.compared++
	if (len(ours) > 0) == (theirs != nil) {
		return
	}
	for _, v := range ours {
		i := slices.IndexFunc(knownDisagreements, func(k *knownDisagreement) bool { return k.explains(v) })
		if i < 0 {
			s.disagreements = append(s.disagreements, disagreement{what: x.What, direction: direction, ours: ours})
			return
		}
		s.known[knownDisagreements[i]]++
	}
	if theirs != nil {
		s.disagreements = append(s.disagreements, disagreement{what: x.What, direction: direction, theirs: theirs})
	}
}

// runOpinions lets each opinion judge every exchange of the suite, and every message that breaks one constraint. The suite
// runs once for all of them.
func runOpinions(t *testing.T, opinions ...*secondOpinion) {
	t.Helper()
	var exchanges atomic.Int64
	options := suite.Options{Every: everyMessage, Observe: func(x suite.Exchange) {
		if exchanges.Add(1)%everyExchange != 0 {
			return
		}
		for _, opinion := range opinions {
			opinion.observe(x)
		}
	}}
	for _, failure := range suite.Run(bytescale.OpenAPI(), options).Failures {
		t.Error(failure)
	}
	options.Observe = func(x suite.Exchange) { // of which each nth was sent
		for _, opinion := range opinions {
			opinion.observe(x)
		}
	}
	for _, failure := range suite.RunConstraints(bytescale.OpenAPI(), options).Failures {
		t.Error(failure)
	}
}

// spoilt are opinions of which one of the two is lax in one place.
var spoilt = []struct {
	name  string
	spoil func(*secondOpinion)
	want  string
}{
	{"contract without maxItems", func(s *secondOpinion) {
		s.ignore = func(v contract.Violation) bool { return v.Rule == "maxItems" }
	}, "openapi3filter alone refuses: "},
	{"contract without media types of responses", func(s *secondOpinion) {
		s.ignore = func(v contract.Violation) bool {
			return v.Direction == contract.Response && v.Location == contract.InContentType
		}
	}, "openapi3filter alone refuses: "},
	{"openapi3filter without statuses", func(s *secondOpinion) { s.options.IncludeResponseStatus = false }, "contract alone refuses: "},
}

// TestSecondOpinion: what our package validates, openapi3filter validates in the same way, except for the known
// disagreements. It is noticed when one of the two is made lax.
func TestSecondOpinion(t *testing.T) {
	second := newSecondOpinion(t)
	opinions := []*secondOpinion{second}
	for _, s := range spoilt {
		opinion := newSecondOpinion(t)
		opinion.enough = 1
		s.spoil(opinion)
		opinions = append(opinions, opinion)
	}
	runOpinions(t, opinions...)
	for _, d := range second.disagreements {
		t.Error(d)
	}
	t.Logf("openapi3filter judged %d messages like contract, but for:", second.compared)
	for _, known := range knownDisagreements {
		t.Logf("%5d that contract alone refuses, like %s: %s", second.known[known], known.example, known.reason)
		if second.known[known] == 0 && everyExchange == 1 {
			t.Errorf("%s %s: there is no such disagreement any more", known.location, known.rule)
		}
	}
	if second.compared < 40_000/everyExchange {
		t.Errorf("only %d messages were compared", second.compared)
	}
	for i, s := range spoilt {
		t.Run(s.name, func(t *testing.T) {
			found := opinions[1+i].disagreements
			if len(found) == 0 || !strings.Contains(found[0].String(), s.want) {
				t.Errorf("%d disagreements: %v", len(found), found)
			}
		})
	}
}
