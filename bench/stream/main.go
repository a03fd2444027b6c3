// Command stream uploads a file as a plain stream of known size: the SDK sees
// an io.Reader and nothing else. It is one of the clients that the benchmark
// measures.
//
//	stream API_URL API_KEY FILE
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/c88edac7/bytescale-go"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: stream API_URL API_KEY FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "stream:", err)
		os.Exit(1)
	}
}

func run(apiURL, apiKey, path string) error {
	client, err := bytescale.NewClient(apiKey, bytescale.WithAPIURL(apiURL), bytescale.WithAPIRate(1e6))
	if err != nil {
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
	plain := struct{ io.Reader }{file} // hides that it could seek
	_, err = client.Upload(context.Background(), bytescale.Reader(plain, info.Size()))
	return err
}
