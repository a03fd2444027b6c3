// Command upload uploads a file and prints where it is served.
//
//	BYTESCALE_API_KEY=… go run ./examples/upload FILE
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/c88edac7/bytescale-go"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: upload FILE")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	client, err := bytescale.NewClientFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	file, err := client.Upload(ctx, bytescale.File(os.Args[1]),
		bytescale.WithTags("example"),
		bytescale.WithProgress(func(p bytescale.Progress) {
			fmt.Fprintf(os.Stderr, "\r%d of %d bytes", p.Confirmed, p.Total)
		}))
	fmt.Fprintln(os.Stderr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.FileURL)
}
