package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math"

	bytescale "github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/internal/emulator"
)

// local is the emulator inside the process of upload --local. It listens on a
// loopback address and keeps files in a temporary directory, which close removes.
type local struct {
	client   *bytescale.Client
	emulator *emulator.Emulator
}

// startLocal starts an emulator and makes a client for it. The files are private and
// the key is random, so that other users of the machine can neither read nor replace
// nor delete them. A full disk ends everything, because the client would retry it like
// any failure of a server.
func startLocal(giveUp context.CancelCauseFunc, opts ...bytescale.ClientOption) (*local, error) {
	key := "secret_A623uY2" + rand.Text()
	options := emulator.Options{Temporary: true}
	options.Limits.Bytes = math.MaxInt64 // only this process uploads
	options.Service.Keys, options.Service.PrivateFiles = []string{key}, true
	options.Service.OnFailure = func(err error) {
		if isDiskFull(err) {
			giveUp(err)
		}
	}
	running, err := emulator.Start(options)
	if err != nil {
		return nil, err
	}
	client, err := bytescale.NewClient(key,
		append(opts, bytescale.WithAPIURL(running.URL()), bytescale.WithCDNURL(running.URL()))...)
	if err != nil {
		return nil, errors.Join(err, running.Stop(0))
	}
	return &local{client, running}, nil
}

// compare downloads a stored file and compares its SHA-256 with that of what was uploaded.
func (l *local) compare(ctx context.Context, file *bytescale.FileDetails) error {
	body, err := l.client.Download(ctx, file.FilePath, bytescale.WithCDNAuth(), bytescale.WithExpectedSHA256(file.SHA256))
	if err == nil {
		_, err = io.Copy(io.Discard, body)
		body.Close()
	}
	switch {
	case errors.Is(err, bytescale.ErrDigest):
		return fmt.Errorf("the stored file differs: %w", err)
	case err != nil:
		return fmt.Errorf("downloading it back: %s", explain(err))
	}
	return nil
}

func (l *local) close() { _ = l.emulator.Stop(0) } // nothing is kept
