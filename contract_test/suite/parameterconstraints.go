package suite

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/c88edac7/bytescale-go/contract"
)

// parameters tries every parameter of an operation with text that breaks one of its constraints, and without it.
func (w *derivedWorld) parameters(op *operation, described *openapi3.Operation) {
	for _, ref := range described.Parameters {
		p := ref.Value
		at := "/" + p.Name
		schema := p.Schema
		switch {
		case schema == nil: // JSON in a header
			w.header(op, p, at)
			continue
		case schema.Value.Items != nil:
			schema, at = schema.Value.Items, at+"/0"
		}
		d := &deriver{}
		d.scalar(schema.Value, at, textCandidates(schema.Value), func(v any) any { return v })
		w.noteImplied(d.implied)
		for _, b := range d.breaches {
			text := fmt.Sprint(b.value)
			if !sendable(p, text) {
				continue
			}
			w.judgeRequest(op, op.withParameter(w.world, p, &text), contract.Location(p.In), b)
		}
		if p.In != openapi3.ParameterInPath {
			missing := breach{at: "/" + p.Name}
			if p.Required {
				missing.rule = "required"
			}
			w.judgeRequest(op, op.withParameter(w.world, p, nil), contract.Location(p.In), missing)
		}
		if !schema.Value.Type.Is(openapi3.TypeString) && p.In != openapi3.ParameterInPath {
			text := "x"
			w.judgeRequest(op, op.withParameter(w.world, p, &text), contract.Location(p.In), breach{at, "type", nil})
		}
	}
}

// sendable says whether a text can be in the place of a parameter at all: there are no lines in headers, and a path with
// an empty segment or one more is another path.
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

func (w *derivedWorld) header(op *operation, p *openapi3.Parameter, at string) {
	for text, rule := range map[string]string{`{}`: "", `{"a":1}`: "", `[]`: "type", `null`: "nullable", `{`: contract.RuleSyntax} {
		w.judgeRequest(op, op.withParameter(w.world, p, &text), contract.InHeader, breach{at, rule, nil})
	}
}

// textCandidates are values that can travel as the text of a parameter.
func textCandidates(schema *openapi3.Schema) []any {
	if schema.Type.Is(openapi3.TypeInteger) {
		return []any{json.Number("0"), json.Number("1"), json.Number("-1"), json.Number("99999999999999999999")}
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

// withParameter is a valid call of the operation with another value of one parameter; nil leaves it out.
func (op *operation) withParameter(w *world, p *openapi3.Parameter, value *string) *http.Request {
	switch p.In {
	case openapi3.ParameterInHeader:
		r := op.request(w)
		if r.Header.Del(p.Name); value != nil {
			r.Header.Set(p.Name, *value)
		}
		return r
	case openapi3.ParameterInQuery:
		return op.withQuery(w, p.Name, value)
	}
	path := op.path
	switch p.Name {
	case "accountId":
		path = strings.Replace(path, account, url.PathEscape(*value), 1)
	case "uploadId":
		path = strings.Replace(path, uploadID, url.PathEscape(*value), 1)
	case "uploadPartIndex":
		path = path[:strings.LastIndex(path, "/")+1] + url.PathEscape(*value)
	case "filePath":
		path = "/" + account + "/raw" + escape(*value)
	}
	return op.requestWith(w, path, op.query, []byte(op.body))
}

func background() context.Context { return context.Background() }

func failure(check, format string, args ...any) Failure {
	return Failure{check, fmt.Sprintf(format, args...)}
}
