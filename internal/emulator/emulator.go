// Package emulator runs the fake service on a network. It is the only place that
// starts it: the command's emulator, upload --local and bytescaletest all call
// [Start]. So they all have the same guards against web pages, strangers and
// clients that stop.
package emulator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/internal/fake"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// Options configures an emulator. The zero value listens on a free port of
// 127.0.0.1 and keeps everything in memory.
type Options struct {
	// Service configures the fake. Start sets its Store and SigningKey if
	// Directory or Temporary is set, its OnExchange if Log or Probes is set, and its
	// Origin if PublicURL is set.
	Service fake.Options

	// Address is the host and port to listen on, such as 127.0.0.1:8744. Empty
	// means a free port of 127.0.0.1. An address that other machines can reach
	// needs Service.Keys.
	Address string
	// Listener replaces Address, for a network in memory. The emulator closes it.
	Listener net.Listener

	// PublicURL is the address under which clients reach the emulator, such as
	// https://files.example behind a proxy. The URLs that it returns begin with it, and
	// requests may name its host. Empty means the address of each request. A host that
	// is not of this machine needs Service.Keys.
	PublicURL string

	// AllowOrigins are origins of web pages that may use the emulator, such as
	// https://app.example, or null for pages without one. Pages of loopback hosts may
	// use it always. Others are refused.
	AllowOrigins []string

	// Probes serves /healthz and /metrics.
	Probes bool
	// FaultKey lets clients that send it script faults at /faults. It needs at least 16
	// characters. Empty means that faults cannot be scripted over HTTP.
	FaultKey string

	// Directory keeps everything between runs. It is created if it does not exist.
	Directory string
	// Temporary keeps everything in a new temporary directory that Stop removes.
	Temporary bool

	// Limits are what the store may grow to. By default 5000 uploads in progress, and
	// 100 GiB, or 128 MiB if Service.Discard is set. A store in memory that does not
	// discard has no limits.
	Limits store.Limits

	// Log receives one line for each request; nil means no log. It must be safe
	// for concurrent use.
	Log io.Writer
	// ErrorLog receives panics, failures to accept a connection and, unless
	// Service.OnFailure is set, failures of the store. nil means that they are dropped.
	ErrorLog *log.Logger
}

// ErrNoKeys reports that other machines can reach the address or the public URL, and
// that the service would accept any API key.
var ErrNoKeys = errors.New("an address that other machines can reach needs a list of API keys")

// AddressError reports that the emulator cannot listen on an address.
type AddressError struct {
	Address string
	Err     error
}

func (e *AddressError) Error() string { return fmt.Sprintf("listen on %s: %v", e.Address, e.Err) }

// Unwrap returns the reason.
func (e *AddressError) Unwrap() error { return e.Err }

// Emulator is a fake service that runs on a network.
type Emulator struct {
	service *fake.Server
	url     string
	http    *http.Server
	serving sync.WaitGroup
	failed  chan error
}

// Start starts an emulator. The caller must call [Emulator.Stop].
func Start(o Options) (*Emulator, error) {
	guards, err := o.newGuards()
	if err != nil {
		return nil, err
	}
	// Listen first, so that no store is created if the address is taken.
	listener, err := o.listen()
	if err != nil {
		return nil, err
	}
	guards.listens = listener.Addr()
	service, err := o.newService(guards.log)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	errorLog := o.ErrorLog
	if errorLog == nil {
		errorLog = log.New(io.Discard, "", 0)
	}
	e := &Emulator{
		service: service,
		url:     "http://" + listener.Addr().String(),
		failed:  make(chan error, 1),
		http: &http.Server{
			Handler:           o.handler(guards, service),
			ReadHeaderTimeout: headerTime,
			IdleTimeout:       idleTime,
			MaxHeaderBytes:    headerBytes,
			ErrorLog:          errorLog,
		},
	}
	e.serving.Go(func() {
		if err := e.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			e.failed <- err
		}
	})
	return e, nil
}

// newGuards reads the options that guards depend on, and checks them.
func (o *Options) newGuards() (guards, error) {
	if o.FaultKey != "" && len(o.FaultKey) < minFaultKey {
		return guards{}, ErrFaultKey
	}
	origins, err := parseOrigins(o.AllowOrigins)
	if err != nil {
		return guards{}, err
	}
	address, host, err := parsePublicURL(o.PublicURL)
	if err != nil {
		return guards{}, err
	}
	if host != "" {
		if !isLoopbackHost(host) && len(o.Service.Keys) == 0 {
			return guards{}, ErrNoKeys
		}
		o.Service.Origin = address
	}
	log := requestLog{out: o.Log}
	if o.Probes {
		log.counts = newCounts()
	}
	return guards{publicHost: host, origins: origins, log: log}, nil
}

// handler returns the service with everything around it.
func (o *Options) handler(guards guards, service *fake.Server) http.Handler {
	handler := withFaults(service, o.FaultKey, service, guards.log)
	if !o.Probes {
		return guards.around(handler)
	}
	return withHealth(guards.around(withMetrics(handler, guards.log.counts, service)))
}

// listen opens the address, unless other machines could then use the service
// without a key that it knows.
func (o *Options) listen() (net.Listener, error) {
	if o.Listener != nil {
		if exposed(o.Listener.Addr()) && len(o.Service.Keys) == 0 {
			return nil, errors.Join(ErrNoKeys, o.Listener.Close())
		}
		return o.Listener, nil
	}
	text := o.Address
	if text == "" {
		text = "127.0.0.1:0"
	}
	address, err := net.ResolveTCPAddr("tcp", text)
	if err != nil {
		return nil, &AddressError{text, err}
	}
	if exposed(address) && len(o.Service.Keys) == 0 {
		return nil, ErrNoKeys
	}
	listener, err := net.ListenTCP("tcp", address)
	if err != nil {
		return nil, &AddressError{text, err}
	}
	return listener, nil
}

// newService opens the store and creates the fake.
func (o *Options) newService(log requestLog) (*fake.Server, error) {
	options := o.Service
	if o.Log != nil || o.Probes {
		options.OnExchange = log.exchange
	}
	if o.ErrorLog != nil && options.OnFailure == nil {
		options.OnFailure = func(err error) { o.ErrorLog.Print(err) }
	}
	if err := o.openStore(&options); err != nil {
		return nil, err
	}
	service, err := fake.New(options)
	if err != nil {
		if options.Store != nil {
			err = errors.Join(err, options.Store.Close())
		}
		return nil, err
	}
	return service, nil
}

// Limits of a store, unless others are set.
const (
	maxUploads        = 5000
	maxBytes          = 100 << 30
	maxBytesDiscarded = 128 << 20 // of memory, for what is known about the files
)

func (o *Options) openStore(options *fake.Options) (err error) {
	var opened interface {
		store.Store
		Limit(store.Limits)
	}
	var disk *store.Disk
	bytes := int64(maxBytes)
	switch {
	case o.Directory != "":
		disk, err = store.OpenDisk(o.Directory)
		opened = disk
	case o.Temporary:
		disk, err = store.OpenTemporary()
		opened = disk
	case o.Service.Discard:
		opened, bytes = store.NewMemory(), maxBytesDiscarded
	default:
		return nil
	}
	if err != nil {
		return err
	}
	opened.Limit(store.Limits{Bytes: cmp.Or(o.Limits.Bytes, bytes), Uploads: cmp.Or(o.Limits.Uploads, maxUploads)})
	options.Store = opened
	if disk == nil {
		return nil
	}
	if options.SigningKey, err = disk.SigningKey(); err != nil {
		return errors.Join(err, disk.Close())
	}
	return nil
}

// URL returns the address of the API and of the CDN, without a slash at the end.
func (e *Emulator) URL() string { return e.url }

// Service returns the fake that the emulator runs.
func (e *Emulator) Service() *fake.Server { return e.service }

// Failed returns a channel that receives the error that ended the emulator
// before Stop.
func (e *Emulator) Failed() <-chan error { return e.failed }

// Stop stops the emulator and closes its store. Requests may go on for as long
// as grace; then their connections are cut. Call it once.
func (e *Emulator) Stop(grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if e.http.Shutdown(ctx) != nil {
		e.service.Interrupt()
		_ = e.http.Close() // the listener is closed already, and broken connections are intended
	}
	e.serving.Wait()
	return e.service.Close()
}

// MaskKey returns an API key without its secret: the account id, with … for the
// rest. An account id is no secret.
func MaskKey(key string) string {
	account, _ := fake.AccountOf(key)
	return "…_" + account + "…"
}

// ValidKey reports whether an API key is well-formed.
func ValidKey(key string) bool {
	_, ok := fake.AccountOf(key)
	return ok
}
