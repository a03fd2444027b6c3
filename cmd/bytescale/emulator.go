package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/c88edac7/bytescale-go/internal/emulator"
)

// emulatorKey is the example that is shown: like any well-formed key it is
// accepted by an emulator without keys of its own.
const emulatorKey = "secret_A623uY2exampleKey"

const (
	// emulatorGrace is how long requests can go on after SIGTERM. The person who
	// pressed Ctrl-C gets their prompt back sooner, before main loses patience.
	emulatorGrace          = 10 * time.Second
	emulatorGraceInterrupt = exitGraceUser * 2 / 3
)

// emulatorCmd is bytescale emulator.
type emulatorCmd struct {
	Addr             string        `default:"127.0.0.1:8744" placeholder:"HOST:PORT" help:"Address to listen on (${default}). One that other machines reach needs --api-key."`
	Data             string        `placeholder:"DIR" help:"Directory that keeps everything between runs; a temporary one without it."`
	APIKey           []string      `name:"api-key" sep:"none" placeholder:"KEY" help:"API key to accept (repeatable); any well-formed one without it. Users of this machine can see it."`
	PartSize         byteSize      `placeholder:"SIZE" help:"Size of parts, such as 8MiB; without it 5MiB, or what makes 10000 parts of a larger file."`
	APILatency       time.Duration `name:"api-latency" placeholder:"DURATION" help:"Time that each API call takes longer, such as 50ms."`
	Bandwidth        byteSize      `placeholder:"SIZE" help:"Bytes per second of each part, such as 10MB; no limit without it."`
	Discard          bool          `help:"Drop the bytes of files and keep the rest in memory: for benchmarks."`
	AllowPrivateURLs bool          `name:"allow-private-urls" help:"Let UploadFromUrl fetch from private and loopback addresses."`
}

// byteSize is a number of bytes as people write it: 5MiB, 10MB, 1024.
type byteSize int64

func (b *byteSize) UnmarshalText(text []byte) error {
	bytes, err := humanize.ParseBytes(string(text))
	if err != nil || bytes == 0 || bytes > 1<<62 {
		return fmt.Errorf("%q is not a size such as 5MiB or 1000000", text)
	}
	*b = byteSize(bytes)
	return nil
}

// Run runs the emulator until ctx ends.
func (e *emulatorCmd) Run(ctx context.Context, std *streams) error {
	running, err := e.start(std.err)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "The Bytescale emulator is at %s\n", running.URL())
	switch n := len(e.APIKey); n {
	case 0:
		fmt.Fprintf(std.out, "It takes any well-formed API key, such as %s\n", emulatorKey)
	case 1:
		fmt.Fprintf(std.out, "It takes the API key that it was given, %s\n", emulator.MaskKey(e.APIKey[0]))
	default:
		fmt.Fprintf(std.out, "It takes the %d API keys that it was given, such as the first, %s\n", n, emulator.MaskKey(e.APIKey[0]))
	}
	fmt.Fprintf(std.out, "Use it for the API and the CDN: --api-url %s --cdn-url %[1]s\n", running.URL())

	select {
	case err = <-running.Failed():
	case <-ctx.Done():
	}
	grace := emulatorGrace
	if stop, ok := errors.AsType[stopped](context.Cause(ctx)); ok && stop.signal == os.Interrupt {
		grace = emulatorGraceInterrupt
	}
	return errors.Join(err, running.Stop(grace))
}

// start checks the flags and starts the emulator.
func (e *emulatorCmd) start(stderr io.Writer) (*emulator.Emulator, error) {
	for i, key := range e.APIKey {
		if !emulator.ValidKey(key) {
			return nil, usageError{fmt.Errorf("--api-key number %d is not well-formed: want secret_ or public_ and an account id of 7 characters, whatever follows; or free, the key of account W142hJk", i+1)}
		}
	}
	if e.APILatency < 0 {
		return nil, usageError{fmt.Errorf("--api-latency %v is negative", e.APILatency)}
	}
	options := e.options()
	options.Log, options.ErrorLog = stderr, log.New(stderr, "", 0)
	running, err := emulator.Start(options)
	if err != nil {
		return nil, e.startError(err)
	}
	return running, nil
}

// options are what the flags ask of the emulator.
func (e *emulatorCmd) options() emulator.Options {
	options := emulator.Options{Address: e.Addr}
	service := &options.Service
	service.Keys = e.APIKey
	service.APILatency = e.APILatency
	service.Bandwidth = int64(e.Bandwidth)
	service.Discard = e.Discard
	service.Lenient = true // nobody asks for the violations; wrong requests are refused all the same
	service.AllowPrivateURLs = e.AllowPrivateURLs
	if e.PartSize > 0 {
		service.PartSizes = []int64{int64(e.PartSize)}
	}
	if !e.Discard {
		options.Directory, options.Temporary = e.Data, e.Data == ""
	}
	return options
}

// startError explains in terms of flags why the emulator did not start.
func (e *emulatorCmd) startError(err error) error {
	var address *emulator.AddressError
	switch {
	case errors.Is(err, emulator.ErrNoKeys):
		return usageError{fmt.Errorf("--addr %s can be reached from other machines: name the keys to accept with --api-key", e.Addr)}
	case errors.As(err, &address):
		return listenError(e.Addr, address.Err)
	case e.Data != "":
		return about("--data "+e.Data, err)
	}
	return err
}

// listenError says what to do about an address that cannot be had.
func listenError(address string, err error) error {
	var refused *net.OpError
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is in use, perhaps by another emulator; stop it or choose another address with --addr", address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s is no address of this machine; choose another one with --addr", address)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s may not be listened on; choose a port above 1023 with --addr", address)
	case errors.As(err, &refused):
		return err
	}
	return usageError{fmt.Errorf("--addr %s: %v", address, err)} //nolint:errorlint // it is explained here
}
