package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/internal/fake"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

const (
	testAccount = "A623uY2"
	testKey     = "secret_A623uY2fakekey"
)

// service is a fake of the service on a real socket. It can be restarted at the
// same address.
type service struct {
	*fake.Server
	socket *socket
	http   *http.Server
	served chan struct{}
	sent   secrets
}

// secrets collects what clients sent and nobody else may see.
type secrets struct {
	mu   sync.Mutex
	list []string
}

// note adds the credentials and the signed values of a request.
func (s *secrets) note(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range append(strings.Split(r.URL.RawQuery, "&"), r.Header.Get("Authorization")) {
		if len(secret) > 8 { // a shorter one may occur by chance
			s.list = append(s.list, secret)
		}
	}
}

func (s *secrets) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.list)
}

// startService serves a fake at a new address.
func startService(options fake.Options) (*service, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &service{socket: &socket{listener.(*net.TCPListener)}}
	if err := s.start(options); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return s, nil
}

func (s *service) start(options fake.Options) error {
	options.Record = true
	server, err := fake.New(options)
	if err != nil {
		return err
	}
	s.Server, s.served = server, make(chan struct{})
	s.http = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.sent.note(r)
		server.ServeHTTP(w, r)
	})}
	serving, done := s.http, s.served
	go func() {
		defer close(done)
		serving.Serve(s.socket)
	}()
	return nil
}

// restart cuts all connections, ends the service and starts another one at the same
// address.
func (s *service) restart(options fake.Options) error {
	if err := s.end(); err != nil {
		return err
	}
	if err := s.socket.clear(); err != nil {
		return err
	}
	return s.start(options)
}

func (s *service) end() error {
	err := s.http.Close()
	<-s.served
	return errors.Join(err, s.Close())
}

// stop ends the service for good.
func (s *service) stop() error { return errors.Join(s.end(), s.socket.TCPListener.Close()) }

// socket is a listener that remains open when its server is closed, so that no other
// process can take the port.
type socket struct{ *net.TCPListener }

// Close makes Accept return and keeps the port.
func (s *socket) Close() error { return s.SetDeadline(time.Unix(1, 0)) }

// clear makes Accept wait again and drops the connections that were made before.
// Otherwise the next server would answer requests of a process that was killed.
// Connections are accepted in the order in which they were made, so all earlier ones have
// been dropped when our own arrives.
func (s *socket) clear() error {
	if err := s.SetDeadline(time.Time{}); err != nil {
		return err
	}
	mark, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		return err
	}
	defer mark.Close()
	for {
		conn, err := s.Accept()
		if err != nil {
			return err
		}
		conn.Close()
		if conn.RemoteAddr().String() == mark.LocalAddr().String() {
			return nil
		}
	}
}

func (s *service) url() string { return "http://" + s.socket.Addr().String() }

// count returns the number of exchanges of an operation.
func (s *service) count(operation string) int { return len(s.parts(operation, nil)) }

// parts returns the parts of the exchanges of an operation for which keep returns true. A
// nil keep means all.
func (s *service) parts(operation string, keep func(fake.Exchange) bool) []int64 {
	var parts []int64
	for _, exchange := range s.Exchanges() {
		if exchange.Operation == operation && (keep == nil || keep(exchange)) {
			parts = append(parts, exchange.Part)
		}
	}
	slices.Sort(parts)
	return parts
}

// content returns the content of a stored file. ok is false if there is none.
func (s *service) content(path string) (content []byte, ok bool, err error) {
	file, body, err := s.Store().Open(testAccount, path)
	if errors.Is(err, store.ErrNotStored) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer body.Close()
	content, err = io.ReadAll(io.NewSectionReader(body, 0, file.Size))
	return content, true, err
}
