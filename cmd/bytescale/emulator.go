package main

import (
	"cmp"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/c88edac7/bytescale-go/cdn"
	"github.com/c88edac7/bytescale-go/internal/emulator"
	"github.com/c88edac7/bytescale-go/token"
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

// emulatorVariables begins the names of the variables that set flags of the emulator.
const emulatorVariables = "BYTESCALE_EMULATOR_"

// emulatorCmd is bytescale emulator.
type emulatorCmd struct {
	addr, publicURL, data     string
	apiKeys                   wordList
	allowOrigins, jwtKeys     []string
	faultKey                  string
	partSize, bandwidth       byteSize
	maxSize                   byteSize
	apiLatency                time.Duration
	discard, allowPrivateURLs bool
	healthcheck               bool
}

func (e *emulatorCmd) command(std *streams, env getenv) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "emulator",
		Short: "Run a local emulator of the service.",
		Long: "Run a local emulator of the service. Signatures of URLs are checked with the key\n" +
			"in $" + keyIDVariable + " and $" + urlKeyVariable + ", if both are set.\n\n" +
			"Each flag can be set in the environment, too: --max-size as\n$" + emulatorVariables + "MAX_SIZE. Several values of a flag are separated by spaces.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if e.healthcheck {
				return checkHealth(cmd.Context(), e.addr)
			}
			return e.run(cmd.Context(), std, env)
		},
	}
	addFlags(cmd, "Service", func(flags *pflag.FlagSet) {
		flags.StringVar(&e.addr, "addr", "127.0.0.1:8744", "Listen on `host:port`, by default 127.0.0.1:8744. An address that other machines reach needs --api-key.")
		flags.StringVar(&e.publicURL, "public-url", "", "The `URL` under which clients reach the emulator, such as http://files.example:8744. The URLs that it returns begin with it. By default they begin with the address of each request.")
		flags.StringVar(&e.data, "data", "", "Keep everything in the directory `dir` between runs. By default the directory is a temporary one.")
		flags.Var(&e.maxSize, "max-size", "Keep at most this `size` of files and uploads, such as 1TiB. By default 100GiB; with --discard 128MiB of memory.")
		flags.Var(&e.apiKeys, "api-key", "Accept this API `key`; can be repeated. By default any well-formed key is accepted. Better set in the environment: arguments are visible to other users of the machine. ($BYTESCALE_EMULATOR_API_KEY)")
		flags.StringArrayVar(&e.jwtKeys, "jwt-key", nil, "Believe JWTs that the public key in this PEM `file` has signed; can be repeated. Without it and --api-key every JWT is believed.")
		flags.StringArrayVar(&e.allowOrigins, "allow-origin", nil, "Let web pages of this `origin`, such as https://app.example, use the emulator; can be repeated. By default only pages of loopback hosts may.")
		flags.BoolVar(&e.allowPrivateURLs, "allow-private-urls", false, "Let UploadFromUrl fetch from private and loopback addresses.")
	})
	addFlags(cmd, "Behavior", func(flags *pflag.FlagSet) {
		flags.Var(&e.partSize, "part-size", "The `size` of parts, such as 8MiB. By default 5MiB, or what makes 10000 parts of a larger file.")
		flags.DurationVar(&e.apiLatency, "api-latency", 0, "Answer each API call later by this `duration`, such as 50ms.")
		flags.Var(&e.bandwidth, "bandwidth", "Limit each part to this `size` per second, such as 10MB. By default there is no limit.")
		flags.BoolVar(&e.discard, "discard", false, "Drop the bytes of files and keep the rest in memory: for benchmarks.")
		flags.StringVar(&e.faultKey, "fault-key", "", "Let clients that send this `key` of 16 or more characters script faults at /faults. By default nobody can. Better set in the environment. ($BYTESCALE_EMULATOR_FAULT_KEY)")
	})
	allFromEnvironment(cmd, emulatorVariables)
	addFlags(cmd, "Instead", func(flags *pflag.FlagSet) {
		flags.BoolVar(&e.healthcheck, "healthcheck", false, "Ask the emulator that listens on --addr whether it answers, and exit with 0 or 1.")
	})
	return cmd
}

// wordList is a flag that can be repeated and whose values are words separated by
// spaces.
type wordList []string

func (l *wordList) Set(text string) error {
	words := strings.Fields(text)
	if len(words) == 0 {
		return errors.New("the value is empty")
	}
	*l = append(*l, words...)
	return nil
}

func (l *wordList) String() string { return strings.Join(*l, " ") }

func (l *wordList) Type() string { return "words" }

// run runs the emulator until ctx ends.
func (e *emulatorCmd) run(ctx context.Context, std *streams, env getenv) error {
	running, err := e.start(std.err, env)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "The Bytescale emulator is at %s\n", running.URL())
	switch n := len(e.apiKeys); n {
	case 0:
		fmt.Fprintf(std.out, "It takes any well-formed API key, such as %s\n", emulatorKey)
	case 1:
		fmt.Fprintf(std.out, "It takes the API key that it was given, %s\n", emulator.MaskKey(e.apiKeys[0]))
	default:
		fmt.Fprintf(std.out, "It takes the %d API keys that it was given, such as the first, %s\n", n, emulator.MaskKey(e.apiKeys[0]))
	}
	fmt.Fprintf(std.out, "Use it for the API and the CDN: --api-url %s --cdn-url %[1]s\n", cmp.Or(e.publicURL, running.URL()))

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
func (e *emulatorCmd) start(stderr io.Writer, env getenv) (*emulator.Emulator, error) {
	for i, key := range e.apiKeys {
		if !emulator.ValidKey(key) {
			return nil, usageError{fmt.Errorf("--api-key number %d is not well-formed: want secret_ or public_ and an account id of 7 characters, whatever follows; or free, the key of account W142hJk", i+1)}
		}
	}
	if e.apiLatency < 0 {
		return nil, usageError{fmt.Errorf("--api-latency %v is negative", e.apiLatency)}
	}
	options := e.options()
	options.Log, options.ErrorLog = stderr, log.New(stderr, "", 0)
	for _, name := range e.jwtKeys {
		key, err := readPublicKey(name)
		if err != nil {
			return nil, about("--jwt-key "+name, err)
		}
		options.Service.JWTKeys = append(options.Service.JWTKeys, key)
	}
	key, err := urlKey(env)
	if err != nil {
		return nil, usageError{err}
	}
	if key.ID() != "" {
		options.Service.URLKeys = []cdn.Key{key}
	}
	running, err := emulator.Start(options)
	if err != nil {
		return nil, e.startError(err)
	}
	return running, nil
}

func readPublicKey(name string) (*rsa.PublicKey, error) {
	text, err := readArgument(name)
	if err != nil {
		return nil, err
	}
	key, err := token.ParsePublicKey(text)
	if err != nil {
		return nil, usageError{fmt.Errorf("--jwt-key %s: %w", name, err)}
	}
	return key, nil
}

// options are what the flags ask of the emulator.
func (e *emulatorCmd) options() emulator.Options {
	options := emulator.Options{
		Address: e.addr, PublicURL: e.publicURL, AllowOrigins: e.allowOrigins,
		Probes: true, FaultKey: e.faultKey,
	}
	service := &options.Service
	service.Keys = e.apiKeys
	service.APILatency = e.apiLatency
	service.Bandwidth = int64(e.bandwidth)
	service.Discard = e.discard
	service.Lenient = true // nobody asks for the violations; wrong requests are refused all the same
	service.AllowPrivateURLs = e.allowPrivateURLs
	if e.partSize > 0 {
		service.PartSizes = []int64{int64(e.partSize)}
	}
	options.Limits.Bytes = int64(e.maxSize)
	if !e.discard {
		options.Directory, options.Temporary = e.data, e.data == ""
	}
	return options
}

// startError explains in terms of flags why the emulator did not start.
func (e *emulatorCmd) startError(err error) error {
	var address *emulator.AddressError
	var origin *emulator.OriginError
	var public *emulator.PublicURLError
	switch {
	case errors.As(err, &public):
		return usageError{fmt.Errorf("--public-url: %w", public)}
	case errors.Is(err, emulator.ErrFaultKey):
		return usageError{fmt.Errorf("--fault-key: %w", err)}
	case errors.Is(err, emulator.ErrNoKeys) && e.publicURL != "":
		return usageError{errors.New("other machines can reach --addr or --public-url: name the keys to accept with --api-key")}
	case errors.As(err, &origin):
		return usageError{fmt.Errorf("--allow-origin: %w", origin)}
	case errors.Is(err, emulator.ErrNoKeys):
		return usageError{fmt.Errorf("--addr %s can be reached from other machines: name the keys to accept with --api-key", e.addr)}
	case errors.As(err, &address):
		return listenError(e.addr, address.Err)
	case e.data != "":
		return about("--data "+e.data, err)
	}
	return err
}

// listenError explains an address that the emulator cannot listen on.
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
