package contract

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Servers are the base URLs at which operations are reached. [ParseServers] makes them.
type Servers struct{ bases []base }

// base is the URL of one server.
type base struct {
	scheme, host string // host has a port; both are empty if the URL is relative
	path         string // escaped, without a slash at the end
	own          bool   // it serves the operations that have servers of their own (DownloadFile: the CDN)
}

// ParseServers parses the base URLs of the API and of the CDN, for [WithServers]. Each must be an
// absolute http or https URL; both may be the same.
func ParseServers(apiURL, cdnURL string) (Servers, error) {
	api, err := parseServer(apiURL)
	if err != nil {
		return Servers{}, fmt.Errorf("contract: the URL of the API %w", err)
	}
	cdn, err := parseServer(cdnURL)
	if err != nil {
		return Servers{}, fmt.Errorf("contract: the URL of the CDN %w", err)
	}
	return Servers{bases: []base{newBase(api, false), newBase(cdn, true)}}, nil
}

// parseServer leaves the URL out of its errors, because it may contain a password.
func parseServer(server string) (*url.URL, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, errors.New("is not an absolute http or https URL")
	}
	return u, nil
}

func newBase(u *url.URL, own bool) base {
	return base{scheme: u.Scheme, host: hostAndPort(u), path: strings.TrimSuffix(u.EscapedPath(), "/"), own: own}
}

// hostAndPort returns the host of a URL in lower case, with the default port of its scheme if it has
// none.
func hostAndPort(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch {
	case host == "" || u.Port() != "":
		return host
	case u.Scheme == "https":
		return host + ":443"
	}
	return host + ":80"
}

// add adds the servers that a document lists. A document that lists none has one at the root.
func (s *Servers) add(servers openapi3.Servers, own bool) error {
	if len(servers) == 0 {
		servers = openapi3.Servers{{URL: "/"}}
	}
	for _, server := range servers {
		text := server.URL
		for name, variable := range server.Variables {
			text = strings.ReplaceAll(text, "{"+name+"}", variable.Default)
		}
		u, err := url.Parse(text)
		if err != nil {
			return fmt.Errorf("the server %q is not a URL", server.URL)
		}
		if b := newBase(u, own); !slices.Contains(s.bases, b) {
			s.bases = append(s.bases, b)
		}
	}
	return nil
}

// below returns the escaped path below the base, and reports false if the path is not below it.
func (b base) below(path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, b.path)
	return rest, ok && strings.HasPrefix(rest, "/")
}

// route returns the operation for a method and an escaped path below one of the servers. If only the
// method is unknown, allowed lists the methods that the path supports.
func (d *Document) route(bases []base, method, path string) (m match, allowed []string) {
	for _, b := range bases {
		rest, ok := b.below(path)
		if !ok {
			continue
		}
		found, others := d.find(method, rest, func(op *operation) bool { return op.ownServers == b.own })
		if found.operation != nil {
			return found, nil
		}
		allowed = append(allowed, others...)
	}
	slices.Sort(allowed)
	return match{}, slices.Compact(allowed)
}
