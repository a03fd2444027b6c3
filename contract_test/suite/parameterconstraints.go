package suite

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/c88edac7/bytescale-go/contract"
)

// parameters tries every parameter of an operation with text that breaks one of its constraints, and
// without it.
func (c *constraintsRun) parameters(op *operation, described *openapi3.Operation) {
	for _, ref := range described.Parameters {
		p := ref.Value
		try := func(text *string, s sample) {
			c.tryRequest(op, op.withParameter(c.harness, p, text), contract.Location(p.In), s)
		}
		switch {
		case p.Schema == nil:
			jsonHeader(p, try)
		case p.Schema.Value.Type.Is(openapi3.TypeObject): // parameters of any name
		default:
			c.textParameter(p, try)
		}
	}
}

// textParameter tries a parameter that travels as text. A list is repeated, one parameter for each
// item.
func (c *constraintsRun) textParameter(p *openapi3.Parameter, try func(*string, sample)) {
	at, schema := "/"+p.Name, p.Schema.Value
	if schema.Items != nil {
		at, schema = at+"/0", schema.Items.Value
	}
	made := &sampler{}
	made.scalar(schema, at, textCandidates(schema), func(v any) any { return v })
	c.noteUnbreakable(made.unbreakable)
	for _, s := range made.samples {
		if text := fmt.Sprint(s.value); sendable(p, text) {
			try(&text, s)
		}
	}
	if p.In == openapi3.ParameterInPath {
		return
	}
	missing := sample{at: "/" + p.Name}
	if p.Required {
		missing.rule = "required"
	}
	try(nil, missing)
	if !schema.Type.Is(openapi3.TypeString) {
		try(new("x"), sample{at: at, rule: "type"})
	}
}

// jsonHeader tries a header that holds JSON.
func jsonHeader(p *openapi3.Parameter, try func(*string, sample)) {
	for text, rule := range map[string]string{`{}`: "", `{"a":1}`: "", `[]`: "type", `null`: "nullable", `{`: contract.RuleSyntax} {
		try(&text, sample{at: "/" + p.Name, rule: rule})
	}
}

// sendable reports whether a text can be in the place of a parameter at all: there are no lines in
// headers, and a path with an empty segment or one more is another path.
func sendable(p *openapi3.Parameter, text string) bool {
	switch {
	case p.In == openapi3.ParameterInHeader:
		return !strings.Contains(text, "\n")
	case p.In == openapi3.ParameterInPath && p.Name == "filePath":
		return strings.HasPrefix(text, "/")
	case p.In == openapi3.ParameterInPath:
		return text != "" && !strings.Contains(text, "/")
	}
	return true
}

// textCandidates are values that can travel as the text of a parameter.
func textCandidates(schema *openapi3.Schema) []any {
	if schema.Type.Is(openapi3.TypeInteger) {
		return append([]any{json.Number("0"), json.Number("1"), json.Number("-1"), json.Number("99999999999999999999")}, numbers(schema)...)
	}
	if schema.Type.Is(openapi3.TypeBoolean) {
		return []any{true, false}
	}
	s := *schema
	if s.Example == nil {
		s.Example = "1"
	}
	return texts(&s)
}

// withParameter is a valid call of the operation with another value of one parameter; nil leaves it
// out.
func (op *operation) withParameter(h *harness, p *openapi3.Parameter, value *string) *http.Request {
	switch p.In {
	case openapi3.ParameterInHeader:
		return op.withHeader(h, p.Name, value)
	case openapi3.ParameterInQuery:
		return op.withQuery(h, p.Name, value)
	}
	path := op.path
	switch p.Name {
	case "accountId":
		path = strings.Replace(path, account, url.PathEscape(*value), 1)
	case "uploadId":
		path = strings.Replace(path, uploadID, url.PathEscape(*value), 1)
	case "uploadPartIndex":
		path = path[:strings.LastIndex(path, "/")+1] + url.PathEscape(*value)
	case "jobType":
		path = strings.Replace(path, "CopyFileBatchJob", url.PathEscape(*value), 1)
	case "jobId":
		path = strings.Replace(path, jobID, url.PathEscape(*value), 1)
	case "transformation":
		path = strings.Replace(path, "image", url.PathEscape(*value), 1)
	case "filePath":
		path = strings.TrimSuffix(path, "/a") + escape(*value)
	}
	return op.requestWith(h, path, op.query, []byte(op.body))
}
