// Command resume uploads a file and, run again after it was interrupted, goes
// on where it was: the checkpoint lies beside the file.
//
//	BYTESCALE_API_KEY=… go run ./examples/resume FILE
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"

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

func upload(ctx context.Context, client *bytescale.Client, path string) (*bytescale.FileDetails, error) {
	checkpoint := path + ".checkpoint"
	file, err := resume(ctx, client, path, checkpoint)
	switch {
	case errors.Is(err, os.ErrNotExist), // nothing to resume
		errors.Is(err, bytescale.ErrCheckpoint),    // damaged, or not of this client
		errors.Is(err, bytescale.ErrUploadUnknown), // the service forgot the upload
		errors.Is(err, bytescale.ErrSourceChanged): // the file changed since then
		file, err = client.Upload(ctx, bytescale.File(path), bytescale.WithCheckpoint(func(c bytescale.Checkpoint) error {
			return save(checkpoint, c)
		}))
	}
	if err != nil {
		return nil, err
	}
	if err := os.Remove(checkpoint); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return file, nil
}

func resume(ctx context.Context, client *bytescale.Client, path, checkpoint string) (*bytescale.FileDetails, error) {
	data, err := os.ReadFile(checkpoint)
	if err != nil {
		return nil, err
	}
	var saved bytescale.Checkpoint
	if err := json.Unmarshal(data, &saved); err != nil {
		return nil, fmt.Errorf("%w: %w", bytescale.ErrCheckpoint, err)
	}
	return client.Resume(ctx, saved, bytescale.File(path))
}

// save writes the checkpoint so that a crash leaves all of it or nothing.
func save(path string, checkpoint bytescale.Checkpoint) error {
	data, err := json.Marshal(checkpoint)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
