package rest

import (
	"mime"
	"net/http"
	"net/url"
	"sync"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// maxHosts is how many hosts are remembered: the API, the CDN and some of storage.
const maxHosts = 256

// hosts remembers the hosts that have served a client.
type hosts struct {
	mu    sync.RWMutex
	known map[string]bool // by host and port
}

func (h *hosts) knows(u *url.URL) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.known[u.Host]
}

func (h *hosts) add(u *url.URL) {
	if h.knows(u) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known == nil {
		h.known = map[string]bool{}
	}
	if len(h.known) < maxHosts {
		h.known[u.Host] = true
	}
}

// remember notes the hosts that have served the client, and refuses web pages in the place
// of other answers: a portal or a proxy has answered. Errors of a known host are marked,
// because a name that is not found, a certificate of somebody else or a page will pass.
func (c *Client) remember(next handler) handler {
	return func(req *http.Request, about call) (*http.Response, error) {
		resp, err := next(req, about)
		switch {
		case err != nil || resp.StatusCode/100 != 2:
		case !isPage(resp):
			c.hosts.add(req.URL)
		case !about.isDownload() && about.operation != "":
			resp.Body.Close()
			return nil, c.OfHost(req.URL, ProtocolError(about.operation, resp.StatusCode, "the answer is a web page, perhaps of a login"))
		}
		return resp, err
	}
}

// OfHost returns err, marked if the host of a URL has served the client before.
func (c *Client) OfHost(u *url.URL, err error) error {
	if err == nil || !c.hosts.knows(u) {
		return err
	}
	return &errs.KnownHostError{Err: err}
}

// isPage reports whether an answer says that it is an HTML page.
func isPage(resp *http.Response) bool {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return media == "text/html" || media == "application/xhtml+xml"
}
