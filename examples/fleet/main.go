// Command fleet moves a directory to Bytescale with workers on many machines. The files wait
// in a queue of NATS JetStream. A worker that dies, or is cut off, hands its files over to the
// others: no file is lost, and none is stored under two names. See README.md.
//
//	export BYTESCALE_API_KEY=…
//	go run . run DIR /FOLDER              # alone, with a NATS server inside
//	go run . -nats URL fill DIR /FOLDER   # once
//	go run . -nats URL work DIR           # on each machine
//	go run . -nats URL report             # one line of JSON for each file
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/c88edac7/bytescale-go"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		stop()
		os.Exit(1)
	}
}

// settings are the flags.
type settings struct {
	nats, creds, store string
	replicas           int
	handover           time.Duration
	files              int
	deliveries         uint64
	rate               float64
}

const usage = `  fleet [flags] run DIR /FOLDER
  fleet -nats URL [flags] fill DIR /FOLDER
  fleet -nats URL [flags] work DIR
  fleet -nats URL [flags] report
`

func parse(args []string) (s settings, rest []string, err error) {
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(flags.Output(), "usage:\n"+usage); flags.PrintDefaults() }
	flags.StringVar(&s.nats, "nats", "", "the `URL` of a NATS server with JetStream (default: one inside, for run)")
	flags.StringVar(&s.creds, "creds", "", "the credentials `file` of NATS")
	flags.StringVar(&s.store, "store", "", "the `directory` of the server inside (default: DIR.fleet)")
	flags.IntVar(&s.replicas, "replicas", 1, "run, fill: how many servers of the cluster keep the queue")
	flags.DurationVar(&s.handover, "handover", 30*time.Second, "run, fill: after what silence of a worker its files go to others")
	flags.IntVar(&s.files, "files", 64, "run, work: files at a time")
	flags.Uint64Var(&s.deliveries, "deliveries", 5, "run, work: how often a file is tried, by all workers together")
	flags.Float64Var(&s.rate, "rate", 800, "run, work: API calls per second of all workers together")
	err = flags.Parse(args)
	return s, flags.Args(), err
}

// run is the command.
func run(ctx context.Context, args []string) error {
	s, args, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return err
	case len(args) == 0 || len(args) != map[string]int{"run": 3, "fill": 3, "work": 2, "report": 1}[args[0]]:
		return errors.New("wrong arguments; usage:\n" + strings.TrimSuffix(usage, "\n"))
	case s.nats == "" && args[0] != "run":
		return fmt.Errorf("%s needs -nats URL", args[0])
	}
	if s.store == "" && s.nats == "" {
		dir, err := filepath.Abs(args[1]) // beside the directory and not in it, so that it is not moved
		if err != nil {
			return err
		}
		s.store = dir + ".fleet"
	}
	nc, stop, err := connect(s)
	if err != nil {
		return err
	}
	defer stop()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	switch args[0] {
	case "fill":
		return fill(ctx, js, s, args[1], args[2])
	case "work":
		return work(ctx, js, s, args[1])
	case "report":
		return report(ctx, js, os.Stdout)
	}
	if err := fill(ctx, js, s, args[1], args[2]); err != nil {
		return err
	}
	if err := work(ctx, js, s, args[1]); err != nil {
		return err
	}
	return report(ctx, js, os.Stdout)
}

// connect connects to the cluster, or to a server inside that listens on no port.
func connect(s settings) (nc *nats.Conn, stop func(), err error) {
	options := []nats.Option{nats.Name("fleet"), nats.Timeout(10 * time.Second), nats.MaxReconnects(-1)}
	if s.creds != "" {
		options = append(options, nats.UserCredentials(s.creds))
	}
	if s.nats != "" {
		nc, err = nats.Connect(s.nats, options...)
		if err != nil {
			return nil, nil, fmt.Errorf("NATS: %w", err)
		}
		return nc, nc.Close, nil
	}
	server, err := startServer(s.store, nil)
	if err != nil {
		return nil, nil, err
	}
	if nc, err = nats.Connect("", append(options, nats.InProcessServer(server))...); err != nil {
		server.Shutdown()
		return nil, nil, err
	}
	return nc, func() { nc.Close(); server.Shutdown(); server.WaitForShutdown() }, nil
}

// fill adds the files of a directory to the queue, which it makes if there is none.
func fill(ctx context.Context, js jetstream.JetStream, s settings, dir, folder string) error {
	if !strings.HasPrefix(folder, "/") {
		return errors.New("the folder must begin with a slash, because it must be the same for every worker")
	}
	if err := makeQueue(ctx, js, s); err != nil {
		return err
	}
	q, err := openQueue(ctx, js)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	p := producer{queue: q, folder: folder}
	err = p.add(ctx, root.FS())
	fmt.Fprintf(os.Stderr, "%d files added, %d were there, %d skipped\n", p.added.Load(), p.present.Load(), p.skipped)
	return err
}

// work stores files until there is none left.
func work(ctx context.Context, js jetstream.JetStream, s settings, dir string) error {
	q, err := openQueue(ctx, js)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	share, leave, err := q.join(ctx, s.rate, beat)
	if err != nil {
		return err
	}
	defer leave()
	client, err := bytescale.NewClientFromEnv(bytescale.WithAPIRate(s.rate), bytescale.WithLimiter(share))
	if err != nil {
		return err
	}
	w := worker{queue: q, client: client, dir: root, deliveries: s.deliveries}
	return w.run(ctx, s.files)
}
