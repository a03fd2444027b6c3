// Command client uploads a file with the SDK alone: by default in place, with
// -stream as a plain stream of known size (the SDK sees an io.Reader and
// nothing else). It is one of the programs that the benchmark measures.
//
//	client [-stream] [-silent N] [-puts N] [-calls N] [-budget MIB] API_URL API_KEY FILE
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/c88edac7/bytescale-go"
)

func main() {
	stream := flag.Bool("stream", false, "hide that the file could seek")
	silent := flag.Int("silent", 0, "uploads beside it whose sources fall silent")
	puts := flag.Int("puts", 8, "parts in flight")
	calls := flag.Int("calls", 64, "API calls in flight")
	budget := flag.Int64("budget", 64, "MiB of buffers for plain streams")
	flag.Parse()
	if flag.NArg() != 3 {
		flag.Usage()
		os.Exit(2)
	}
	client, err := bytescale.NewClient(flag.Arg(1), bytescale.WithAPIURL(flag.Arg(0)), bytescale.WithAPIRate(1e6),
		bytescale.WithPutsInFlight(*puts), bytescale.WithAPICallsInFlight(*calls),
		bytescale.WithBufferBudget(*budget<<20))
	if err == nil {
		fallSilent(client, *silent)
		err = upload(client, flag.Arg(2), *stream)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
		os.Exit(1)
	}
}

func upload(client *bytescale.Client, path string, stream bool) error {
	if !stream {
		_, err := client.Upload(context.Background(), bytescale.File(path))
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	plain := struct{ io.Reader }{file}
	_, err = client.Upload(context.Background(), bytescale.Reader(plain, info.Size()))
	return err
}

// fallSilent begins n uploads of plain streams, of known and of unknown size, and returns
// when each has brought 200 kB. They never bring more.
func fallSilent(client *bytescale.Client, n int) {
	var all sync.WaitGroup
	all.Add(n)
	for i := range n {
		content := io.MultiReader(io.LimitReader(zeros{}, 200_000), silence{all.Done})
		source := bytescale.Stream(content)
		if i%2 == 0 {
			source = bytescale.Reader(content, 10_000_000)
		}
		go client.Upload(context.Background(), source) //nolint:errcheck // it ends with the process
	}
	all.Wait()
}

// zeros has zeros without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// silence says when it is reached, and brings nothing.
type silence struct{ reached func() }

func (s silence) Read([]byte) (int, error) {
	s.reached()
	select {}
}
