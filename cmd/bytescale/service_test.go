package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"slices"

	"github.com/c88edac7/bytescale-go/internal/fake"
)

const (
	testAccount = "A623uY2"
	testKey     = "secret_A623uY2fakekey"
)

// service is a fake of the service on a real socket. It can be stopped and
// started again at the same address.
type service struct {
	*fake.Server
	address string
	http    *http.Server
	served  chan struct{}
}

// startService serves a fake at address; "" picks a free one.
func startService(address string, options fake.Options) (*service, error) {
	if address == "" {
		address = "127.0.0.1:0"
	}
	options.Record = true
	server, err := fake.New(options)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, errors.Join(err, server.Close())
	}
	s := &service{
		Server: server, address: listener.Addr().String(),
		http: &http.Server{Handler: server}, served: make(chan struct{}),
	}
	go func() {
		defer close(s.served)
		s.http.Serve(listener)
	}()
	return s, nil
}

func (s *service) url() string { return "http://" + s.address }

// stop ends the service the hard way: connections are cut.
func (s *service) stop() error {
	err := s.http.Close()
	<-s.served
	return errors.Join(err, s.Close())
}

// count is the number of exchanges of an operation.
func (s *service) count(operation string) int { return len(s.parts(operation, nil)) }

// parts lists the parts that exchanges of an operation were about, those for
// which keep holds; a nil keep keeps all.
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

// content reads a stored file; ok is false when there is none.
func (s *service) content(path string) (content []byte, ok bool, err error) {
	file, body, err := s.Store().Open(testAccount, path)
	if errors.Is(err, fake.ErrNotStored) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer body.Close()
	content, err = io.ReadAll(io.NewSectionReader(body, 0, file.Size))
	return content, true, err
}
