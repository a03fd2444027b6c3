package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"
)

// producer fills a queue.
type producer struct {
	queue          *queue
	folder         string
	added, present atomic.Int64
	skipped        int
}

// add adds the regular files of a directory. A second time it adds only what is new, and what
// the workers have given up.
func (p *producer) add(ctx context.Context, dir fs.FS) error {
	publish, ctx := errgroup.WithContext(ctx)
	publish.SetLimit(64)
	walkErr := fs.WalkDir(dir, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return nil
		case !entry.Type().IsRegular() || !utf8.ValidString(name):
			fmt.Fprintf(os.Stderr, "skipped: %q is no regular file, or its name is not UTF-8\n", name)
			p.skipped++
			return nil
		}
		t := task{Name: name, Path: strings.TrimSuffix(p.folder, "/") + "/" + name}
		publish.Go(func() error {
			added, err := p.queue.put(ctx, t)
			switch {
			case err != nil:
				return fmt.Errorf("%s: %w", name, err)
			case added:
				p.added.Add(1)
			default:
				p.present.Add(1)
			}
			return nil
		})
		return ctx.Err()
	})
	if err := publish.Wait(); err != nil {
		return err
	}
	return walkErr
}
