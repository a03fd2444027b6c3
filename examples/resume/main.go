// Command resume uploads a file. Run again after it was interrupted, it sends only what is
// missing.
//
//	BYTESCALE_API_KEY=… go run ./examples/resume FILE
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/c88edac7/bytescale-go"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: resume FILE")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	client, err := bytescale.NewClientFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	file, err := upload(ctx, client, os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(file.FileURL)
}

// upload keeps the checkpoint of an interrupted upload in a directory beside the file.
func upload(ctx context.Context, client *bytescale.Client, path string) (*bytescale.FileDetails, error) {
	store, err := bytescale.NewCheckpointDir(filepath.Join(filepath.Dir(path), ".checkpoints"))
	if err != nil {
		return nil, err
	}
	return client.Upload(ctx, bytescale.File(path), bytescale.WithResume(store, path))
}
