package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/nats-io/nats.go/jetstream"
)

// report writes a line of JSON for each file that is stored or given up. It returns an error
// unless all files are stored.
func report(ctx context.Context, js jetstream.JetStream, out io.Writer) error {
	q, err := openQueue(ctx, js)
	if err != nil {
		return err
	}
	left, err := q.left(ctx)
	if err != nil {
		return err
	}
	results, err := q.results.WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return err
	}
	defer func() { _ = results.Stop() }()
	stored, givenUp := 0, 0
	for entry := range results.Updates() {
		if entry == nil { // that was all; the rest are changes
			break
		}
		var r result
		if err := json.Unmarshal(entry.Value(), &r); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s\n", entry.Value()); err != nil {
			return err
		}
		if r.Error == "" {
			stored++
		} else {
			givenUp++
			fmt.Fprintf(os.Stderr, "given up: %s: %s\n", r.Name, r.Error)
		}
	}
	fmt.Fprintf(os.Stderr, "%d files stored, %d given up, %d left\n", stored, givenUp, left)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case givenUp > 0 || left > 0:
		return fmt.Errorf("%d files are not stored", givenUp+left)
	}
	return nil
}
