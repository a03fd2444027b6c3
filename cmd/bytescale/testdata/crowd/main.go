// Command crowd downloads a stored file so many times, 64 at a time, to a directory.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sync/errgroup"

	bytescale "github.com/c88edac7/bytescale-go"
)

func main() {
	dir, stored := os.Args[1], os.Args[2]
	times, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	client, err := bytescale.NewClientFromEnv()
	if err != nil {
		log.Fatal(err)
	}
	group, ctx := errgroup.WithContext(context.Background())
	group.SetLimit(64)
	for i := range times {
		group.Go(func() error {
			_, err := client.DownloadTo(ctx, stored, filepath.Join(dir, fmt.Sprint(filepath.Base(stored), i)))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		log.Fatal(err)
	}
}
