package contract

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// basicUser is the user name that goes with an API key in HTTP basic authentication. OpenAPI cannot
// express it.
const basicUser = "apikey"

// requirement is one accepted way to authenticate, with all of its schemes together. Without schemes it
// means anonymous access.
type requirement struct {
	name    string // like "apiKeyBearer+jwt", or "anonymous"
	schemes []scheme
}

type scheme struct {
	name   string
	header string
	kind   string // "bearer", "basic" or "apiKey"
}

func compileSecurity(doc *openapi3.T, op *openapi3.Operation) ([]requirement, error) {
	wanted := doc.Security
	if op.Security != nil {
		wanted = *op.Security
	}
	var requirements []requirement
	for _, alternative := range wanted {
		var r requirement
		var names []string
		for name := range alternative {
			compiled, err := compileScheme(doc, name)
			if err != nil {
				return nil, err
			}
			r.schemes = append(r.schemes, compiled)
			names = append(names, name)
		}
		slices.Sort(names)
		if r.name = strings.Join(names, "+"); r.name == "" {
			r.name = "anonymous"
		}
		requirements = append(requirements, r)
	}
	if len(requirements) == 0 {
		requirements = []requirement{{name: "anonymous"}}
	}
	// The form with most schemes is tried first, so that a request with a key and a token counts as
	// that form and not as "a key".
	slices.SortStableFunc(requirements, func(a, b requirement) int { return len(b.schemes) - len(a.schemes) })
	return requirements, nil
}

func compileScheme(doc *openapi3.T, name string) (scheme, error) {
	if doc.Components == nil || doc.Components.SecuritySchemes[name] == nil {
		return scheme{}, fmt.Errorf("security scheme %q is not declared", name)
	}
	s := doc.Components.SecuritySchemes[name].Value
	switch {
	case s.Type == "http" && (strings.EqualFold(s.Scheme, "bearer") || strings.EqualFold(s.Scheme, "basic")):
		return scheme{name, "Authorization", strings.ToLower(s.Scheme)}, nil
	case s.Type == "apiKey" && s.In == "header":
		return scheme{name, http.CanonicalHeaderKey(s.Name), "apiKey"}, nil
	}
	return scheme{}, fmt.Errorf("security scheme %q is of a kind that is not supported", name)
}

// satisfied reports whether the request carries a well-formed credential. Only the service knows
// whether it is the right one.
func (s scheme) satisfied(r *http.Request) bool {
	values := r.Header.Values(s.header)
	if len(values) != 1 {
		return false
	}
	kind, credential, _ := strings.Cut(values[0], " ")
	switch s.kind {
	case "bearer":
		return strings.EqualFold(kind, "bearer") && credential != "" && !strings.ContainsAny(credential, " \t")
	case "basic":
		user, password, ok := r.BasicAuth()
		return ok && user == basicUser && password != ""
	}
	return values[0] != ""
}

// authentication returns the name of the form in which the request is authenticated. It reports false
// if the request satisfies no form, or carries a credential header that the form does not use.
func (op *operation) authentication(r *http.Request) (string, bool) {
	for _, alternative := range op.security {
		if alternative.satisfied(r) {
			return alternative.name, true
		}
	}
	return "", false
}

func (alternative requirement) satisfied(r *http.Request) bool {
	used := map[string]bool{}
	for _, s := range alternative.schemes {
		if !s.satisfied(r) {
			return false
		}
		used[s.header] = true
	}
	for _, header := range credentialHeaders {
		if len(r.Header.Values(header)) > 0 && !used[header] {
			return false
		}
	}
	return true
}

// credentialHeaders are the headers in which this API takes credentials.
var credentialHeaders = []string{"Authorization", "Authorization-Token"}
