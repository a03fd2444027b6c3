// Command resume uploads a file and, run again after it was interrupted, goes
// on where it was: the checkpoint lies beside the file.
//
//	BYTESCALE_API_KEY=… go run ./examples/resume FILE
package main

import (
	"cmp"
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

	client, err := bytescale.NewClient(os.Getenv("BYTESCALE_API_KEY"),
		bytescale.WithAPIURL(cmp.Or(os.Getenv("BYTESCALE_API_URL"), bytescale.DefaultAPIURL)))
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
	var unusable *bytescale.ArgumentError
	switch {
	case errors.Is(err, os.ErrNotExist), // nothing to resume
		errors.Is(err, errDamaged), errors.As(err, &unusable), // nothing that can be resumed, here
		errors.Is(err, bytescale.ErrUploadUnknown), // the service forgot it
		errors.Is(err, bytescale.ErrSourceChanged): // another file by now
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

var errDamaged = errors.New("the checkpoint is damaged")

func resume(ctx context.Context, client *bytescale.Client, path, checkpoint string) (*bytescale.FileDetails, error) {
	data, err := os.ReadFile(checkpoint)
	if err != nil {
		return nil, err
	}
	var saved bytescale.Checkpoint
	if json.Unmarshal(data, &saved) != nil {
		return nil, errDamaged
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
