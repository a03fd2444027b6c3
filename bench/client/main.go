// Command client uploads a file with the SDK alone: by default in place, with
// -stream as a plain stream of known size (the SDK sees an io.Reader and
// nothing else). It is one of the programs that the benchmark measures.
//
//	client [-stream] [-puts N] [-calls N] [-budget MIB] API_URL API_KEY FILE
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/c88edac7/bytescale-go"
)

func main() {
	stream := flag.Bool("stream", false, "hide that the file could seek")
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
