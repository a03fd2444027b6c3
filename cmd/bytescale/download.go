package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/spf13/pflag"

	bytescale "github.com/c88edac7/bytescale-go"
)

// downloadCmd is bytescale download.
type downloadCmd struct {
	connection

	file, output       string
	recursive          bool
	shard              shard
	force, quiet       bool
	concurrency, files int

	final atomic.Bool // another run cannot continue this one
}

func (c *downloadCmd) command(std *streams, env getenv) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "download <file>",
		Short: "Download a file or a folder.",
		Long: `Download a file, named by its path or its URL, or a folder with --recursive.

A file is downloaded in ranges over several connections, and gets its name when
it is whole. If it is interrupted, run the same command again to continue.`,
		Example: `  bytescale download /films/movie.mp4
  bytescale download -r bytescale:/photos -o backup`,
		Args:       cobra.MatchAll(oneArgument, storedNames),
		SuggestFor: []string{"get"},
		RunE: func(cmd *cobra.Command, args []string) error {
			c.file = args[0]
			return c.run(cmd.Context(), std, env)
		},
	}
	addFlags(cmd, "What to download", func(flags *pflag.FlagSet) {
		flags.BoolVarP(&c.recursive, "recursive", "r", false, "Download a folder with all files in it. Files that are there already are left out.")
		addShard(flags, &c.shard)
	})
	addFlags(cmd, "Output", func(flags *pflag.FlagSet) {
		flags.StringVarP(&c.output, "output", "o", "", "Where to write: a `file`, a directory, or - for standard output; with --recursive the directory to put the files in. By default the name of the file or folder, here.")
		flags.BoolVarP(&c.force, "force", "f", false, "Replace a file that exists. With --recursive, files that differ or are older.")
		flags.BoolVarP(&c.quiet, "quiet", "q", false, "Show no progress.")
	})
	addFlags(cmd, "Speed", func(flags *pflag.FlagSet) {
		flags.IntVar(&c.concurrency, "concurrency", 8, "Get up to `N` ranges at a time, 1 to 256, by default 8.")
		flags.IntVar(&c.files, "files", 64, "Download up to `N` files at a time, 1 to 1024, by default 64.")
	})
	c.addFlags(cmd)
	return cmd
}

// run downloads one file or folder.
func (c *downloadCmd) run(ctx context.Context, std *streams, env getenv) error {
	if c.recursive {
		return c.folder(ctx, std, env)
	}
	if c.shard.given() {
		return usageError{errors.New("--shard is for folders; use --recursive")}
	}
	if err := isFile(c.file); err != nil {
		return err
	}
	shows := newProgress(std.err, c.quiet, env)
	defer shows.close()
	ctx, client, err := c.connectObserved(ctx, shows, c.observe, bytescale.WithPutsInFlight(c.concurrency))
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	stored, err := filePath(client, c.file)
	if err != nil {
		return err
	}
	if c.output == "-" {
		if err := std.needOutput(); err != nil {
			return err
		}
		return fromCDN(outcome(ctx, download(ctx, client, stored, std.out, shows)))
	}
	to, err := c.target(stored)
	if err != nil {
		return err
	}
	if to.device {
		err = fromCDN(outcome(ctx, about(to.name, toDevice(ctx, client, stored, to.name, shows))))
	} else {
		err = c.toFile(ctx, client, stored, to, shows)
	}
	if err != nil {
		return err
	}
	shows.close()
	if to.device {
		return nil // it may be standard output, where only the file belongs
	}
	_, err = fmt.Fprintln(std.out, shown(to.name))
	return err
}

// target is where a download goes.
type target struct {
	name    string
	device  bool // a pipe or a device, which is written to
	follows bool // a link at the name is followed, because the user asked for that
}

// target returns where to write. Links, pipes and devices that the user names are followed
// and written to. In a directory somebody else may have put them, so there they count as
// files that exist.
func (c *downloadCmd) target(stored string) (target, error) {
	name := cmp.Or(c.output, ".")
	info, err := lookUp(name)
	switch {
	case err == nil && info.IsDir():
		name, err := inDirectory(name, stored)
		if err == nil && !c.force && lookUpLink(name) == nil {
			err = existsAlready(name)
		}
		return target{name: name}, err
	case err == nil && info.Mode()&(fs.ModeNamedPipe|fs.ModeCharDevice) != 0:
		return target{name: name, device: true}, nil // writing to a pipe or a device destroys nothing
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return target{}, about(name, err)
	case !c.force && lookUpLink(name) == nil:
		return target{}, existsAlready(name)
	}
	return target{name: name, device: err == nil && !info.Mode().IsRegular(), follows: c.force}, nil
}

// inDirectory returns the name of a stored file in a directory. The path of the file comes
// from elsewhere. Only its last element is used, and only if it is a plain file name on
// this system.
func inDirectory(dir, stored string) (string, error) {
	name := path.Base(stored)
	if name == "/" || name == "." || !filepath.IsLocal(name) || filepath.Base(name) != name {
		return "", usageError{fmt.Errorf("%s cannot be a file name here; name the file with -o", shown(name))}
	}
	return filepath.Join(dir, name), nil
}

func existsAlready(target string) error {
	return fmt.Errorf("%s exists already; use --force to replace it, or name another file with -o", target)
}

// observe notes that the directory or the CDN does not let another run continue this one.
func (c *downloadCmd) observe(event bytescale.Event) {
	if event.Kind == bytescale.EventNoContinuation {
		c.final.Store(true)
	}
}

// toFile downloads to a file, which gets its name when it is whole. If a link is followed, the
// file that it leads to is created or replaced.
func (c *downloadCmd) toFile(ctx context.Context, client *bytescale.Client, stored string, to target, shows *progress) error {
	name := to.name
	if to.follows {
		name = linked(name)
	}
	run := &downloadRun{shows: shows, target: to.name, show: shows.watch(0)}
	options := []bytescale.DownloadToOption{bytescale.WithProgress(run.progress)}
	if c.force {
		options = append(options, bytescale.WithOverwrite())
	}
	_, err := client.DownloadTo(ctx, stored, name, options...)
	continues := run.left() && !c.final.Load()
	var stop stopped
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrExist):
		return existsAlready(to.name)
	case continues && errors.As(context.Cause(ctx), &stop):
		shows.close()
		shows.note("interrupted; run the same command again to continue")
		return errReported
	}
	return cdnError{outcome(ctx, about(to.name, err)), continues}
}

// continuedFrom is the size of a file from which on an interrupted download is continued.
const continuedFrom = 1 << 20

// downloadRun is one run of a download.
type downloadRun struct {
	shows  *progress
	show   func(bytescale.Progress)
	target string
	began  bool
	now    bytescale.Progress
}

// progress shows the progress, and says at the beginning that a download is continued.
func (r *downloadRun) progress(now bytescale.Progress) {
	if r.now = now; now.Total < 0 {
		now.Total = now.Confirmed + now.InFlight
	}
	if !r.began && now.Confirmed > 0 && now.Sent == 0 && !r.shows.quiet {
		r.shows.note("%s: continuing the interrupted download", r.target)
	}
	r.began = true
	r.show(now)
}

// left reports whether the download left something to continue.
func (r *downloadRun) left() bool { return r.now.Confirmed > 0 && r.now.Total >= continuedFrom }

// toDevice downloads to a pipe or a device.
func toDevice(ctx context.Context, client *bytescale.Client, stored, target string, shows *progress) error {
	f, err := openDevice(target)
	if err != nil {
		return err
	}
	return errors.Join(download(ctx, client, stored, f, shows), f.Close())
}

// download copies a stored file to w.
func download(ctx context.Context, client *bytescale.Client, stored string, w io.Writer, shows *progress) error {
	body, err := client.Download(ctx, stored)
	if err != nil {
		return err
	}
	defer body.Close()
	total := max(0, body.Size)
	shows.expect(total)
	_, err = io.Copy(w, &counted{r: body, total: total, watch: shows.watch(total)})
	return err
}

// counted is a reader that reports the progress of reading.
type counted struct {
	r           io.Reader
	read, total int64
	watch       func(bytescale.Progress)
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.read += int64(n)
	c.watch(bytescale.Progress{Sent: c.read, Confirmed: c.read, Total: max(c.read, c.total)})
	return n, err
}
