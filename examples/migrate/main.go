// Command migrate moves a directory of files to Bytescale, 32 at a time, and checks each by
// reading it back. It can be killed and started again as often as you like: files that are
// there are skipped, and files that were under way continue.
//
//	BYTESCALE_API_KEY=… go run ./examples/migrate DIR /FOLDER
package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/c88edac7/bytescale-go"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: migrate DIR /FOLDER")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	client, err := bytescale.NewClientFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	store, err := bytescale.NewCheckpointDir(filepath.Clean(os.Args[1]) + ".checkpoints")
	if err != nil {
		log.Fatal(err)
	}
	m := &migration{client: client, store: store, dir: os.Args[1], folder: os.Args[2]}
	err = m.run(ctx)
	fmt.Printf("%d uploaded, %d skipped\n", m.uploaded.Load(), m.skipped.Load())
	if err != nil {
		log.Fatal(err)
	}
}

type migration struct {
	client            *bytescale.Client
	store             bytescale.CheckpointStore
	dir, folder       string
	uploaded, skipped atomic.Int64
}

// run uploads what is not there. It ends with the first error; the next run continues.
func (m *migration) run(ctx context.Context) error {
	there := map[string]int64{} // sizes by path
	for entry, err := range m.client.ListFolder(ctx, m.folder, bytescale.WithRecursive()) {
		if err != nil {
			return err
		}
		there[entry.Path] = entry.Size
	}
	uploads, ctx := errgroup.WithContext(ctx)
	uploads.SetLimit(32)
	walkErr := filepath.WalkDir(m.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(m.dir, path)
		if err != nil {
			return err
		}
		to := m.folder + "/" + filepath.ToSlash(name)
		if size, found := there[to]; found && size == info.Size() {
			m.skipped.Add(1)
			return nil
		}
		uploads.Go(func() error { return m.file(ctx, path, to) })
		return ctx.Err()
	})
	if err := uploads.Wait(); err != nil {
		return err
	}
	return walkErr
}

// file uploads one file and reads it back.
func (m *migration) file(ctx context.Context, path, to string) error {
	file, err := m.client.Upload(ctx, bytescale.File(path), bytescale.WithPath(to),
		bytescale.WithResume(m.store, path), bytescale.WithSHA256())
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	download, err := m.client.Download(ctx, file.FilePath, bytescale.WithExpectedSHA256(file.SHA256))
	if err != nil {
		return fmt.Errorf("%s: %w", to, err)
	}
	defer download.Close()
	if _, err := io.Copy(io.Discard, download); err != nil {
		return fmt.Errorf("%s: %w", to, err)
	}
	m.uploaded.Add(1)
	return nil
}
