package emulator

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/c88edac7/bytescale-go/gen"
)

// guards decide which requests reach the service. No option turns one off: the
// address that the emulator listens on decides which are needed. So no way to start
// an emulator can leave one out.
type guards struct {
	listens    net.Addr
	publicHost string // the host name of the public URL, empty if there is none
	origins    webOrigins
	log        requestLog
}

// around puts every guard around the service. Requests pass the guards from the last
// to the first.
func (g guards) around(service http.Handler) http.Handler {
	handler := withDeadlines(service)
	handler = withCORS(handler, g.log)
	handler = refuseForeignPages(handler, g.origins, g.log)
	if isLoopback(g.listens) {
		handler = g.knownHostsOnly(handler)
	}
	return handler
}

// withHealth answers /healthz before the guards: a probe uses whatever address it
// knows, and the answer tells nothing.
func withHealth(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			next.ServeHTTP(w, r)
			return
		}
		if isRead(w, r) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = io.WriteString(w, "ok\n") // a client that left needs no answer
		}
	})
}

// exposed reports whether other machines can reach an address.
func exposed(address net.Addr) bool {
	_, onNetwork := address.(*net.TCPAddr)
	return onNetwork && !isLoopback(address)
}

func isLoopback(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// knownHostsOnly refuses requests that name another host than this machine or that of
// the public URL. A web page can give its own host name the address 127.0.0.1, and
// would then have the same origin as the emulator.
func (g guards) knownHostsOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isLoopbackHost(r.Host) || g.publicHost != "" && strings.EqualFold(hostname(r.Host), g.publicHost) {
			next.ServeHTTP(w, r)
			return
		}
		refuse(w, r, g.log, http.StatusMisdirectedRequest, gen.ErrorInfo{
			Code: "host_not_allowed", Message: "This emulator answers to localhost, loopback addresses and the host of --public-url only.",
		})
	})
}

// hostname returns a Host header without its port.
func hostname(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.TrimSuffix(strings.TrimPrefix(hostport, "["), "]")
}

func isLoopbackHost(hostport string) bool {
	host := hostname(hostport)
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

// refuse answers with the error body of the API.
func refuse(w http.ResponseWriter, r *http.Request, log requestLog, status int, info gen.ErrorInfo) {
	log.answered(r, status, info.Code)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(gen.ErrorResponse{Error: info}) // a client that left needs no answer
}

// withCORS lets the web pages that pass the guard before it read the answers.
func withCORS(next http.Handler, log requestLog) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Add("Vary", "Origin")
		origin := r.Header.Get("Origin")
		if origin == "" {
			next.ServeHTTP(w, r)
			return
		}
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Allow-Credentials", "true") // the cookie of a session; the guard before has checked the page
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			header.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE")
			// Allow what the page asks for: "*" would leave out Authorization.
			header.Set("Access-Control-Allow-Headers", allowedHeaders(r))
			header.Set("Access-Control-Max-Age", "600")
			header.Add("Vary", "Access-Control-Request-Headers")
			w.WriteHeader(http.StatusNoContent)
			log.answered(r, http.StatusNoContent, "")
			return
		}
		header.Set("Access-Control-Expose-Headers", "ETag, Content-Disposition, Content-Length, Content-Range, Accept-Ranges, Last-Modified, Retry-After")
		next.ServeHTTP(w, r)
	})
}

func allowedHeaders(r *http.Request) string {
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		return asked
	}
	return "authorization, authorization-token, content-type"
}
