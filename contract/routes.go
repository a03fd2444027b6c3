package contract

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// A route matches the paths of one path template. It exists because DownloadFile's parameter holds
// slashes and is glued to the segment before it ("/{accountId}/raw{filePath}"), which no common
// router supports. It works on escaped paths, so that an encoded slash stays inside its segment.
type route struct {
	template   string
	segments   []segment
	operations map[string]*operation // by method
}

// segment is "literal", "{param}", or "literal{param}" as the last one, which takes the whole rest of
// the path, slashes included.
type segment struct{ literal, param string }

func parseTemplate(template string) ([]segment, error) {
	rest, ok := strings.CutPrefix(template, "/")
	if !ok {
		return nil, fmt.Errorf("path %q does not start with a slash", template)
	}
	var segments []segment
	parts := strings.Split(rest, "/")
	for i, part := range parts {
		literal, param, isParam := strings.Cut(part, "{")
		name, closed := strings.CutSuffix(param, "}")
		switch {
		case !isParam && !strings.Contains(part, "}"):
			segments = append(segments, segment{literal: part})
		case !closed || name == "" || strings.ContainsAny(name, "{}"):
			return nil, fmt.Errorf("path %q: segment %q is not supported", template, part)
		case literal != "" && i != len(parts)-1:
			return nil, fmt.Errorf("path %q: %q must be the last segment", template, part)
		default:
			segments = append(segments, segment{literal: literal, param: name})
		}
	}
	return segments, nil
}

// match returns the unescaped path parameters of an escaped path.
func (r *route) match(path string) (map[string]string, bool) {
	var params map[string]string // made late, because most routes differ in their first segments
	for i, s := range r.segments {
		here, rest, ok := s.cut(path)
		if !ok || (i == len(r.segments)-1) != (rest == "") {
			return nil, false
		}
		value, err := url.PathUnescape(here)
		switch {
		case err != nil:
			return nil, false
		case s.param == "":
			if value != s.literal {
				return nil, false
			}
		case s.isTail() && !strings.HasPrefix(value, "/"):
			return nil, false
		default:
			if params == nil {
				params = make(map[string]string, 4)
			}
			params[s.param] = value
		}
		path = rest
	}
	return params, true
}

// isTail reports whether the segment takes the whole rest of a path: "literal{param}".
func (s segment) isTail() bool { return s.literal != "" && s.param != "" }

// cut returns what the segment takes of an escaped path, and the rest, which is empty or begins with a
// slash. It reports false when the path has no further segment.
func (s segment) cut(path string) (here, rest string, ok bool) {
	path, ok = strings.CutPrefix(path, "/")
	if !ok {
		return "", "", false
	}
	if s.isTail() {
		here, ok = strings.CutPrefix(path, s.literal)
		return here, "", ok
	}
	if i := strings.IndexByte(path, '/'); i >= 0 {
		return path[:i], path[i:], true
	}
	return path, "", true
}

// sortRoutes puts routes with more literal segments first, so that ".../uploads/url" is not taken for
// ".../uploads/{uploadId}".
func sortRoutes(routes []*route) {
	literals := func(r *route) (n int) {
		for _, s := range r.segments {
			if s.param == "" {
				n++
			}
		}
		return n
	}
	slices.SortStableFunc(routes, func(a, b *route) int {
		if d := literals(b) - literals(a); d != 0 {
			return d
		}
		return strings.Compare(a.template, b.template)
	})
}

// A match is the operation of a request.
type match struct {
	operation *operation
	params    map[string]string
}

// find returns the operation for a method and an escaped path among those that accept allows. If only
// the method is unknown, allowed lists the methods that the path supports.
func (d *Document) find(method, path string, accept func(*operation) bool) (m match, allowed []string) {
	for _, r := range d.routes {
		params, ok := r.match(path)
		if !ok {
			continue
		}
		if op := r.operations[method]; op != nil && accept(op) {
			return match{op, params}, nil
		}
		for other, op := range r.operations {
			if accept(op) {
				allowed = append(allowed, other)
			}
		}
	}
	slices.Sort(allowed)
	return match{}, slices.Compact(allowed)
}
