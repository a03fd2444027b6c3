package main

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"path/filepath"

	bytescale "github.com/c88edac7/bytescale-go"
)

// folder downloads a folder to a directory.
func (c *downloadCmd) folder(ctx context.Context, std *streams, env getenv) error {
	if err := checkSpeed(c.concurrency, c.files, 1); err != nil {
		return usageError{err}
	}
	if err := std.needOutput(); err != nil {
		return err
	}
	tuneCollector(true)
	shows := newProgress(std.err, c.quiet, env)
	defer shows.close()
	most := mostFiles(openPerFile)
	c.files = most.files(c.files, c.quiet, shows.note)
	ctx, client, err := c.connectObserved(ctx, shows, c.observe, append(most.options(c.files), bytescale.WithPutsInFlight(c.concurrency))...)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	folder, err := folderPath(client, c.file)
	if err != nil {
		return err
	}
	dir, err := c.directory(folder)
	if err != nil {
		return usageError{err}
	}
	if err := checkListed(ctx, client, folder); err != nil {
		return outcome(ctx, err)
	}
	if err := checkDirectory(dir); err != nil {
		return err
	}
	options := []bytescale.DownloadDirOption{
		bytescale.WithChangedOnly(), bytescale.WithFilesInFlight(c.files), bytescale.WithProgress(shows.watch(0)),
	}
	if c.force {
		options = append(options, bytescale.WithOverwrite())
	}
	if c.shard.given() {
		options = append(options, bytescale.WithShard(c.shard.index, c.shard.count))
	}
	name := func(path string) string { return filepath.Join(dir, filepath.FromSlash(path)) }
	report := &dirReport{
		progress: shows, quiet: c.quiet,
		printer: &printer{out: std.out, around: shows.around},
		line:    func(file bytescale.DirFile) string { return shown(name(file.Path)) },
		shown:   name,
		explain: folderError,
	}
	return report.run(ctx, client.DownloadDir(ctx, folder, dir, options...))
}

// directory returns the directory to put the files of a folder in.
func (c *downloadCmd) directory(folder string) (string, error) {
	switch {
	case c.output == "-":
		return "", errors.New("a folder cannot be written to standard output; name a directory with -o")
	case c.output != "":
		return c.output, nil
	case folder == "/":
		return "", errors.New("/ has no name to put its files under; name a directory with -o")
	}
	return inDirectory(".", path.Base(folder))
}

// folderError gives the failure of a file in a folder its context.
func folderError(err error) error {
	if errors.Is(err, fs.ErrExist) {
		return errors.New("exists already and differs; use --force to replace it")
	}
	return cdnError{err, true}
}
