package bytescaletest

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/internal/emulator"
	"github.com/c88edac7/bytescale-go/internal/fake"
	"github.com/c88edac7/bytescale-go/internal/memnet"
)

// TB is the part of testing.TB that [NewServer] needs.
type TB interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// settleTime is how long the end of a test waits for requests that are still open. The
// server needs a moment to notice that a client has cancelled.
const settleTime = 5 * time.Second

// Server is a running fake of the Bytescale service. All methods are safe for
// concurrent use.
type Server struct {
	emulator *emulator.Emulator
	core     *fake.Server
	url      string
	key      string
	dial     func(context.Context) (net.Conn, error) // nil on a real network

	closed sync.Once
	err    error

	mu      sync.Mutex
	clients []closer
	panics  []string
}

// closer is a client whose idle connections are closed with the server.
type closer interface{ CloseIdleConnections() }

// NewServer starts a server that closes itself at the end of the test and its subtests.
// The test then fails if
//
//   - a request broke the rules of the API ([Server.Violations]), unless the
//     server is [WithLenient];
//   - a scripted fault never happened;
//   - a request is still open after five seconds.
//
// An invalid option, or a port that cannot be opened, ends the test with Fatalf.
func NewServer(t TB, opts ...Option) *Server {
	t.Helper()
	s, err := Start(opts...)
	if err != nil {
		t.Fatalf("bytescaletest: %v", err)
		return nil
	}
	t.Cleanup(func() {
		t.Helper()
		for _, problem := range s.finish() {
			t.Errorf("bytescaletest: %s", problem)
		}
	})
	return s
}

// Start starts a server for a program. The program must call [Server.Close].
func Start(opts ...Option) (*Server, error) {
	settings := settings{core: fake.Options{Record: true}}
	for _, opt := range opts {
		if err := opt(&settings); err != nil {
			return nil, err
		}
	}
	s := &Server{key: DefaultKey}
	if len(settings.core.Keys) > 0 {
		s.key = settings.core.Keys[0]
	}
	options := emulator.Options{Service: settings.core, ErrorLog: log.New(panicLog{s}, "", 0)}
	if settings.memory {
		network := memnet.Listen()
		options.Listener, s.dial = network, network.Dial
	}
	running, err := emulator.Start(options)
	if err != nil {
		return nil, err
	}
	s.emulator, s.core, s.url = running, running.Service(), running.URL()
	if settings.memory {
		s.url = "http://bytescale.test"
	}
	return s, nil
}

// panicLog receives the log of the HTTP server and keeps the panics of handlers.
type panicLog struct{ *Server }

func (l panicLog) Write(line []byte) (int, error) {
	if text := string(line); strings.Contains(text, "panic") {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.panics = append(l.panics, text)
	}
	return len(line), nil
}

// URL returns the address of the API and of the CDN, without a slash at the end. With
// [WithMemoryNetwork] only clients of [Server.HTTPClient] reach it.
func (s *Server) URL() string { return s.url }

// Key returns an API key that the server accepts: the first of [WithKeys], or
// [DefaultKey].
func (s *Server) Key() string { return s.key }

// AccountID returns the account of [Server.Key].
func (s *Server) AccountID() string {
	account, _ := fake.AccountOf(s.key)
	return account
}

// Client returns a client with the key and the addresses of the server. opts are applied
// after these and override them. The idle connections of the client are closed with the
// server. Client panics if an option is invalid, which is a mistake in the test.
func (s *Server) Client(opts ...bytescale.ClientOption) *bytescale.Client {
	all := []bytescale.ClientOption{bytescale.WithAPIURL(s.url), bytescale.WithCDNURL(s.url)}
	if s.dial != nil {
		all = append(all, bytescale.WithTransport(s.HTTPClient().Transport))
	}
	client, err := bytescale.NewClient(s.key, append(all, opts...)...)
	if err != nil {
		panic("bytescaletest: " + err.Error())
	}
	s.keep(client)
	return client
}

// HTTPClient returns an HTTP client that reaches the server. With [WithMemoryNetwork] it
// reaches nothing else. Its idle connections are closed with the server.
func (s *Server) HTTPClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 0, 2048
	if s.dial != nil {
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return s.dial(ctx) }
	}
	client := &http.Client{Transport: transport}
	s.keep(client)
	return client
}

func (s *Server) keep(client closer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients = append(s.clients, client)
}

// Close stops the server and cuts open connections. Later calls return the same error.
// Servers of [NewServer] close themselves.
func (s *Server) Close() error {
	s.closed.Do(func() {
		s.mu.Lock()
		clients := s.clients
		s.mu.Unlock()
		for _, client := range clients {
			client.CloseIdleConnections()
		}
		s.err = s.emulator.Stop(0)
	})
	return s.err
}

// finish closes the server and returns the problems that fail the test.
func (s *Server) finish() (problems []string) {
	for deadline := time.Now().Add(settleTime); s.InFlight() > 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if open := s.InFlight(); open > 0 {
		problems = append(problems, fmt.Sprintf("%d requests are still open", open))
	}
	if err := s.Close(); err != nil {
		problems = append(problems, fmt.Sprintf("closing: %v", err))
	}
	for _, violation := range s.core.Violations() {
		problems = append(problems, "violation: "+violation)
	}
	for _, fault := range s.core.UnusedFaults() {
		problems = append(problems, "this fault never happened: "+fault.String())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(problems, s.panics...)
}

var _ io.Closer = (*Server)(nil)
