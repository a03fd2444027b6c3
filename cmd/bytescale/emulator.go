package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/c88edac7/bytescale-go/internal/fake"
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
	emulator, err := e.start(std.err)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "The Bytescale emulator is at %s\n", emulator.url)
	switch n := len(e.APIKey); n {
	case 0:
		fmt.Fprintf(std.out, "It takes any well-formed API key, such as %s\n", emulatorKey)
	case 1:
		fmt.Fprintf(std.out, "It takes the API key that it was given, %s\n", maskKey(e.APIKey[0]))
	default:
		fmt.Fprintf(std.out, "It takes the %d API keys that it was given, such as the first, %s\n", n, maskKey(e.APIKey[0]))
	}
	fmt.Fprintf(std.out, "Use it for the API and the CDN: --api-url %s --cdn-url %[1]s\n", emulator.url)

	select {
	case err = <-emulator.failed:
	case <-ctx.Done():
	}
	grace := emulatorGrace
	if stop, ok := errors.AsType[stopped](context.Cause(ctx)); ok && stop.signal == os.Interrupt {
		grace = emulatorGraceInterrupt
	}
	return errors.Join(err, emulator.stop(grace))
}

// maskKey shows the account of a key, which is no secret.
func maskKey(key string) string {
	account, _ := fake.AccountOf(key)
	return "…_" + account + "…"
}

// emulator is a running emulator.
type emulator struct {
	url    string
	failed <-chan error // gets the error that ended serving

	core    *fake.Server
	http    *http.Server
	serving sync.WaitGroup
}

// start opens the store and the address, and serves.
func (e *emulatorCmd) start(stderr io.Writer) (*emulator, error) {
	address, err := net.ResolveTCPAddr("tcp", e.Addr)
	if err != nil {
		return nil, usageError{fmt.Errorf("--addr %s: %v", e.Addr, err)} //nolint:errorlint // it is explained here
	}
	loopback := address.IP.IsLoopback()
	if !loopback && len(e.APIKey) == 0 {
		return nil, usageError{fmt.Errorf("--addr %s can be reached from other machines: name the keys to accept with --api-key", e.Addr)}
	}
	for i, key := range e.APIKey {
		if _, ok := fake.AccountOf(key); !ok {
			return nil, usageError{fmt.Errorf("--api-key number %d is not well-formed: want secret_ or public_ and an account id of 7 characters, whatever follows; or free, the key of account W142hJk", i+1)}
		}
	}
	if e.APILatency < 0 {
		return nil, usageError{fmt.Errorf("--api-latency %v is negative", e.APILatency)}
	}

	// The address comes first: a store is not made for nothing.
	listener, err := net.ListenTCP("tcp", address)
	if err != nil {
		return nil, listenError(e.Addr, err)
	}
	output := &lineWriter{out: stderr}
	core, err := e.newCore(output)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	handler := withDeadlines(withCORS(core, output))
	if loopback {
		handler = loopbackOnly(handler, output)
	}
	failed := make(chan error, 1)
	running := &emulator{
		url:    "http://" + listener.Addr().String(),
		failed: failed,
		core:   core,
		http: &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: headerTime,
			IdleTimeout:       idleTime,
			MaxHeaderBytes:    headerBytes,
			ErrorLog:          log.New(output, "", 0),
		},
	}
	running.serving.Go(func() {
		if err := running.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	})
	return running, nil
}

// newCore makes the service and its store.
func (e *emulatorCmd) newCore(output *lineWriter) (*fake.Server, error) {
	options := e.options()
	options.OnExchange = output.logExchange
	if err := e.openStore(&options); err != nil {
		return nil, err
	}
	core, err := fake.New(options)
	if err != nil {
		return nil, errors.Join(err, options.Store.Close())
	}
	return core, nil
}

// options are what the flags ask of the service.
func (e *emulatorCmd) options() fake.Options {
	options := fake.Options{
		Keys:       e.APIKey,
		APILatency: e.APILatency,
		Bandwidth:  int64(e.Bandwidth),
		Discard:    e.Discard,
		Lenient:    true, // nobody asks for the violations; wrong requests are refused all the same
		Fetcher:    fake.NewFetcher(e.AllowPrivateURLs),
	}
	if e.PartSize > 0 {
		options.PartSizes = []int64{int64(e.PartSize)}
	}
	return options
}

func (e *emulatorCmd) openStore(options *fake.Options) error {
	var store *fake.DiskStore
	var err error
	switch {
	case e.Discard:
		options.Store = fake.NewMemoryStore()
		return nil
	case e.Data == "":
		store, err = fake.OpenTemporaryStore()
	default:
		store, err = fake.OpenDiskStore(e.Data)
		err = about("--data "+e.Data, err)
	}
	if err != nil {
		return err
	}
	options.Store = store
	if options.SigningKey, err = store.SigningKey(); err != nil {
		return errors.Join(err, store.Close())
	}
	return nil
}

// listenError says what to do about an address that cannot be had.
func listenError(address string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is in use, perhaps by another emulator; stop it or choose another address with --addr", address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s is no address of this machine; choose another one with --addr", address)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s may not be listened on; choose a port above 1023 with --addr", address)
	}
	return err
}

// stop lets open requests finish for as long as grace, then cuts them.
func (r *emulator) stop(grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if r.http.Shutdown(ctx) != nil {
		r.core.Interrupt()
		_ = r.http.Close() // the listener is closed already, and connections that break are meant to
	}
	r.serving.Wait()
	return r.core.Close()
}
