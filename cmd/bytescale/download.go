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

	"github.com/spf13/cobra"

	"github.com/spf13/pflag"

	bytescale "github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/internal/osfile"
)

// downloadCmd is bytescale download.
type downloadCmd struct {
	connection

	file, output string
	force, quiet bool
}

func (c *downloadCmd) command(std *streams, env getenv) *cobra.Command {
	cmd := &cobra.Command{
		Use:        "download <file>",
		Short:      "Download a file.",
		Long:       "Download a file, named by its path or its URL.",
		Args:       cobra.MatchAll(oneArgument, storedNames),
		SuggestFor: []string{"get"},
		RunE: func(cmd *cobra.Command, args []string) error {
			c.file = args[0]
			return c.run(cmd.Context(), std, env)
		},
	}
	addFlags(cmd, "Output", func(flags *pflag.FlagSet) {
		flags.StringVarP(&c.output, "output", "o", "", "Where to write: a `file`, a directory, or - for standard output. By default the file's own name, here.")
		flags.BoolVarP(&c.force, "force", "f", false, "Replace a file that exists.")
		flags.BoolVarP(&c.quiet, "quiet", "q", false, "Show no progress.")
	})
	c.addFlags(cmd)
	return cmd
}

// run downloads one file.
func (c *downloadCmd) run(ctx context.Context, std *streams, env getenv) error {
	shows := newProgress(std.err, c.quiet, env)
	defer shows.close()
	ctx, client, err := c.connect(ctx, shows)
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
	target, device, err := c.target(stored)
	if err != nil {
		return err
	}
	to := c.toFile
	if device {
		to = toDevice
	}
	if err := to(ctx, client, stored, target, shows); err != nil {
		return fromCDN(outcome(ctx, about(target, err)))
	}
	shows.close()
	if device {
		return nil // it may be standard output, where only the file belongs
	}
	_, err = fmt.Fprintln(std.out, shown(target))
	return err
}

// target returns the name of the file to write, and whether it is a pipe or a device.
func (c *downloadCmd) target(stored string) (target string, device bool, err error) {
	target = cmp.Or(c.output, ".")
	info, err := lookUp(target)
	if err == nil && info.IsDir() {
		// The path comes from elsewhere. Only its last element is used, and only if it
		// is a plain file name on this system.
		name := path.Base(stored)
		if name == "/" || !filepath.IsLocal(name) || filepath.Base(name) != name {
			return "", false, usageError{fmt.Errorf("%s cannot be a file name here; name the file with -o", shown(name))}
		}
		target = filepath.Join(target, name)
		info, err = lookUp(target)
	}
	device = err == nil && !info.Mode().IsRegular()
	if device && info.Mode()&(fs.ModeNamedPipe|fs.ModeCharDevice) != 0 {
		return target, true, nil // writing to a pipe or a device destroys nothing
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", false, about(target, err)
	}
	if !c.force && lookUpLink(target) == nil {
		return "", false, existsAlready(target)
	}
	return target, device, nil
}

func existsAlready(target string) error {
	return fmt.Errorf("%s exists already; use --force to replace it, or name another file with -o", target)
}

// toFile downloads into a new file in target's directory, which gets its name when it is
// whole. If target is a link, the file that it leads to is created or replaced.
func (c *downloadCmd) toFile(ctx context.Context, client *bytescale.Client, stored, target string, shows *progress) error {
	path := linked(target)
	root, err := osfile.OpenRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer root.Close()
	mode := 0o666 &^ umask()
	if replaced, err := root.Lstat(filepath.Base(path)); err == nil && replaced.Mode().IsRegular() {
		mode = replaced.Mode().Perm()
	}
	f, err := osfile.Create(root)
	if err != nil {
		return err
	}
	defer f.Discard()
	if err := download(ctx, client, stored, f, shows); err != nil {
		return err
	}
	if err := osfile.SetMode(f.File, mode); err != nil {
		return err
	}
	err = f.Place(filepath.Base(path), c.force)
	if errors.Is(err, fs.ErrExist) {
		return existsAlready(target)
	}
	return err
}

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
