package contract

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// A route matches the paths of one path template. It exists because the operations of the CDN have a
// parameter that holds slashes and is glued to the segment before it ("/{accountId}/raw{filePath}"),
// which no common router supports. It works on escaped paths, so that an encoded slash stays inside
// its segment.
type route struct {
	template   string
	segments   []segment
	operations map[string]*operation // by method
}

// segment is one segment of a template: "literal" or "{param}". The last one may be followed by a
// parameter that takes the whole rest of the path, slashes included: "literal{rest}", "{param}{rest}".
type segment struct {
	literal, param, rest string

	// reserved are the literals that other templates have in the place of param. They are no values
	// of it, so that "/v2/…" is never taken for "/{accountId}/…".
	reserved []string
}

func parseTemplate(template string) ([]segment, error) {
	rest, ok := strings.CutPrefix(template, "/")
	if !ok {
		return nil, fmt.Errorf("path %q does not start with a slash", template)
	}
	var segments []segment
	parts := strings.Split(rest, "/")
	for i, part := range parts {
		s, ok := parseSegment(part)
		switch {
		case !ok:
			return nil, fmt.Errorf("path %q: segment %q is not supported", template, part)
		case s.rest != "" && i != len(parts)-1:
			return nil, fmt.Errorf("path %q: %q must be the last segment", template, part)
		}
		segments = append(segments, s)
	}
	return segments, nil
}

// segmentPattern is a literal or a parameter, and perhaps a parameter for the rest.
var segmentPattern = regexp.MustCompile(`^(?:([^{}]*)|\{([^{}]+)\})(?:\{([^{}]+)\})?$`)

func parseSegment(text string) (segment, bool) {
	found := segmentPattern.FindStringSubmatch(text)
	switch {
	case found == nil:
		return segment{}, false
	case found[1] == "" && found[2] == "" && found[3] != "": // a parameter alone reads as a rest
		return segment{param: found[3]}, true
	}
	return segment{literal: found[1], param: found[2], rest: found[3]}, true
}

// match returns the unescaped path parameters of an escaped path.
func (r *route) match(path string) (map[string]string, bool) {
	var params map[string]string // made late, because most routes differ in their first segments
	set := func(name, value string) {
		if params == nil {
			params = make(map[string]string, 4)
		}
		params[name] = value
	}
	for _, s := range r.segments {
		here, rest, ok := cutSegment(path)
		if !ok {
			return nil, false
		}
		path = rest
		value, err := url.PathUnescape(here)
		switch {
		case err != nil:
			return nil, false
		case s.param == "":
			if value != s.literal {
				return nil, false
			}
		case slices.Contains(s.reserved, value):
			return nil, false
		default:
			set(s.param, value)
		}
		if s.rest == "" {
			continue
		}
		tail, err := url.PathUnescape(rest)
		if err != nil || tail == "" {
			return nil, false
		}
		set(s.rest, tail)
		path = ""
	}
	return params, path == ""
}

// cutSegment returns the first segment of an escaped path, and the rest, which is empty or begins with
// a slash. It reports false when the path has no further segment.
func cutSegment(path string) (here, rest string, ok bool) {
	path, ok = strings.CutPrefix(path, "/")
	if !ok {
		return "", "", false
	}
	if i := strings.IndexByte(path, '/'); i >= 0 {
		return path[:i], path[i:], true
	}
	return path, "", true
}

// reserveLiterals fills in what each parameter may not be, so that no path matches two templates.
func reserveLiterals(routes []*route) {
	for _, r := range routes {
		for _, other := range routes {
			reserveLiteral(r.segments, other.segments)
		}
	}
}

// reserveLiteral finds the first place where two templates differ.
func reserveLiteral(segments, others []segment) {
	for i := range min(len(segments), len(others)) {
		s, other := &segments[i], others[i]
		switch {
		case s.param != "" && other.param == "":
			if !slices.Contains(s.reserved, other.literal) {
				s.reserved = append(s.reserved, other.literal)
			}
			return
		case s.param == "" && s.literal != other.literal:
			return
		}
	}
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
