package contract

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Servers are the base URLs at which operations are reached. [ParseServers] makes them.
type Servers struct{ bases []base }

// base is a server URL: of the document (the API), or of operations with servers of their own.
type base struct {
	url *url.URL
	own bool
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
	return Servers{bases: []base{{url: api}, {url: cdn, own: true}}}, nil
}

// parseServer leaves the URL out of its errors, because it may contain a password.
func parseServer(server string) (*url.URL, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, errors.New("is not an absolute http or https URL")
	}
	return u, nil
}

// add adds servers of a document. Those without a host cannot be told from others and are left out.
func (s *Servers) add(servers openapi3.Servers, own bool) {
	for _, server := range servers {
		if u, err := parseServer(server.URL); err == nil {
			s.bases = append(s.bases, base{url: u, own: own})
		}
	}
}

// strip returns the escaped path below the base. It reports false if the URL is not below it.
func (b base) strip(u *url.URL) (string, bool) {
	if !strings.EqualFold(u.Scheme, b.url.Scheme) || !strings.EqualFold(u.Host, b.url.Host) {
		return "", false
	}
	path, ok := strings.CutPrefix(u.EscapedPath(), strings.TrimSuffix(b.url.EscapedPath(), "/"))
	return path, ok && strings.HasPrefix(path, "/")
}
