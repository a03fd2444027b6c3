package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/spf13/pflag"

	bytescale "github.com/c88edac7/bytescale-go"
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
	target, err := c.target(stored)
	if err != nil {
		return err
	}
	if err := c.toFile(ctx, client, stored, target, shows); err != nil {
		return fromCDN(outcome(ctx, about(target, err)))
	}
	shows.close()
	if info, err := os.Stat(target); err != nil || !info.Mode().IsRegular() {
		return nil // target may be a pipe or standard output, where only the file belongs
	}
	_, err = fmt.Fprintln(std.out, shown(target))
	return err
}

// target returns the name of the file to write.
func (c *downloadCmd) target(stored string) (string, error) {
	target := c.output
	if target == "" {
		target = "."
	}
	info, err := os.Stat(target)
	if err == nil && info.IsDir() {
		// The path comes from elsewhere. Only its last element is used, and only if it
		// is a plain file name on this system.
		name := path.Base(stored)
		if name == "/" || !filepath.IsLocal(name) || filepath.Base(name) != name {
			return "", usageError{fmt.Errorf("%s cannot be a file name here; name the file with -o", shown(name))}
		}
		target = filepath.Join(target, name)
		info, err = os.Stat(target)
	}
	if err == nil && info.Mode()&(fs.ModeNamedPipe|fs.ModeCharDevice) != 0 {
		return target, nil // writing to a pipe or a device destroys nothing
	}
	if _, err := os.Lstat(target); err == nil && !c.force {
		return "", existsAlready(target)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", about(target, err)
	}
	return target, nil
}

func existsAlready(target string) error {
	return fmt.Errorf("%s exists already; use --force to replace it, or name another file with -o", target)
}

// linked returns the name that a chain of links leads to, whether or not a file of that
// name exists.
func linked(target string) string {
	for range 40 { // the system follows no more links either
		next, err := os.Readlink(target)
		if err != nil {
			break
		}
		if !filepath.IsAbs(next) {
			// The name is not cleaned, because the directory may be a link too.
			next = filepath.Dir(target) + string(filepath.Separator) + next
		}
		target = next
	}
	return target
}

// toFile downloads into a new file in target's directory, which gets its name when it is
// whole. If target is a link, the file that it leads to is created or replaced. A pipe or
// a device is written to.
func (c *downloadCmd) toFile(ctx context.Context, client *bytescale.Client, stored, target string, shows *progress) error {
	mode := 0o666 &^ umask()
	info, err := os.Stat(target)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return toDevice(ctx, client, stored, target, shows)
	case err == nil:
		mode = info.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	path := linked(target)
	root, err := openRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer root.Close()
	f, err := createFile(root)
	if err != nil {
		return err
	}
	defer f.discard()
	if err := download(ctx, client, stored, f, shows); err != nil {
		return err
	}
	if err := setMode(f.File, mode); err != nil {
		return err
	}
	err = f.place(filepath.Base(path), c.force)
	if errors.Is(err, fs.ErrExist) {
		return existsAlready(target)
	}
	return err
}

// toDevice downloads to what is no regular file.
func toDevice(ctx context.Context, client *bytescale.Client, stored, target string, shows *progress) error {
	f, err := os.OpenFile(target, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() {
		err = errReplaced
	}
	if err == nil {
		err = download(ctx, client, stored, f, shows)
	}
	return errors.Join(err, f.Close())
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
