package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/c88edac7/bytescale-go/gen"
)

// Limits of a server on a network. There is none on the time of a whole request,
// since uploads take as long as they take; but bytes must keep coming.
const (
	headerTime  = 10 * time.Second
	idleTime    = 2 * time.Minute
	stillTime   = time.Minute // the longest wait for the next bytes of a body
	headerBytes = 64 << 10
)

// loopbackOnly refuses requests that name another host than this machine. A web
// page can give its own host name the address 127.0.0.1, and would then be on the
// same origin as the emulator.
func loopbackOnly(next http.Handler, output *lineWriter) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isLoopbackHost(r.Host) {
			next.ServeHTTP(w, r)
			return
		}
		output.logAnswer(r, http.StatusMisdirectedRequest, "host_not_allowed")
		writeRefusal(w, http.StatusMisdirectedRequest, gen.ErrorInfo{
			Code: "host_not_allowed", Message: "This emulator answers to localhost and loopback addresses only.",
		})
	})
}

func isLoopbackHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(hostport, "["), "]")
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

func writeRefusal(w http.ResponseWriter, status int, info gen.ErrorInfo) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(gen.ErrorResponse{Error: info}) // a client that left needs no answer
}

// withCORS lets web pages of any origin use the emulator, as they use the
// service. No cookies are involved, so that no page acts in another's name.
func withCORS(next http.Handler, output *lineWriter) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Access-Control-Allow-Origin", "*")
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			header.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE")
			// The ones asked for; "*" would leave out Authorization.
			header.Set("Access-Control-Allow-Headers", allowedHeaders(r))
			header.Set("Access-Control-Max-Age", "600")
			header.Add("Vary", "Access-Control-Request-Headers")
			w.WriteHeader(http.StatusNoContent)
			output.logAnswer(r, http.StatusNoContent, "")
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

// withDeadlines ends connections whose other side stopped moving bytes. The
// server itself lifts the limits at the end of a body and of an answer.
func withDeadlines(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &movingBody{ReadCloser: r.Body, control: control}
		}
		next.ServeHTTP(&movingWriter{ResponseWriter: w, control: control}, r)
		// What is still buffered is written after the handler.
		_ = control.SetWriteDeadline(time.Now().Add(stillTime))
	})
}

// movingBody is a request body each read of which has a time limit.
type movingBody struct {
	io.ReadCloser
	control *http.ResponseController
}

func (b *movingBody) Read(p []byte) (int, error) {
	_ = b.control.SetReadDeadline(time.Now().Add(stillTime))
	return b.ReadCloser.Read(p)
}

// movingWriter is an answer each write of which has a time limit.
type movingWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

func (w *movingWriter) Write(p []byte) (int, error) {
	_ = w.control.SetWriteDeadline(time.Now().Add(stillTime))
	return w.ResponseWriter.Write(p)
}

// Unwrap lets [http.ResponseController] through.
func (w *movingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
