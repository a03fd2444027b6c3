package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	bytescale "github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/internal/fake"
)

// localKey is accepted by the embedded emulator and worth nothing elsewhere.
const localKey = "secret_A623uY2local"

// local is the emulator inside the process of upload --local. It lives on the
// loopback address and in a temporary directory, both gone when it is closed.
type local struct {
	client *bytescale.Client
	fake   *fake.Server
	server *http.Server
}

// startLocal starts an emulator and makes a client for it. A disk that is full
// ends all: the client would take it for a server's trouble and try for long.
func startLocal(giveUp context.CancelCauseFunc, opts ...bytescale.ClientOption) (*local, error) {
	store, err := fake.OpenTemporaryStore()
	if err != nil {
		return nil, err
	}
	service, err := fake.New(fake.Options{Keys: []string{localKey}, Store: store, OnFailure: func(err error) {
		if isDiskFull(err) {
			giveUp(err)
		}
	}})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, service.Close())
	}
	l := &local{fake: service, server: &http.Server{
		Handler:  service,
		ErrorLog: log.New(io.Discard, "", 0), // the client says what the user can act on
	}}
	go func() { _ = l.server.Serve(listener) }() // ends with close

	origin := "http://" + listener.Addr().String()
	l.client, err = bytescale.NewClient(localKey,
		append(opts, bytescale.WithAPIURL(origin), bytescale.WithCDNURL(origin))...)
	if err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// compare downloads a stored file and compares its SHA-256 with that of what
// was uploaded.
func (l *local) compare(ctx context.Context, file *bytescale.FileDetails, want string) error {
	body, err := l.client.Download(ctx, file.FilePath)
	if err != nil {
		return fmt.Errorf("downloading it back: %s", explain(err))
	}
	defer body.Close()
	got, err := hashReader(body)
	if err != nil {
		return fmt.Errorf("downloading it back: %s", explain(err))
	}
	if got != want {
		return fmt.Errorf("the stored file differs: its SHA-256 is %s, that of what was uploaded is %s", got, want)
	}
	return nil
}

func (l *local) close() {
	l.server.Close()
	l.fake.Close()
}
