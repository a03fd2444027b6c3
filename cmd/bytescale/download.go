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
	"syscall"

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
	to, err := c.target(stored)
	if err != nil {
		return err
	}
	if to.device {
		err = toDevice(ctx, client, stored, to.name, shows)
	} else {
		err = c.toFile(ctx, client, stored, to, shows)
	}
	if err != nil {
		return fromCDN(outcome(ctx, about(to.name, err)))
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

// toFile downloads into a new file in the target's directory, which gets its name when it
// is whole. If a link is followed, the file that it leads to is created or replaced.
func (c *downloadCmd) toFile(ctx context.Context, client *bytescale.Client, stored string, to target, shows *progress) error {
	path := to.name
	if to.follows {
		path = linked(path)
	}
	root, err := osfile.OpenRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer root.Close()
	mode := 0o666 &^ umask()
	if replaced, err := root.Lstat(filepath.Base(path)); err == nil {
		if replaced.IsDir() {
			return syscall.EISDIR
		}
		if replaced.Mode().IsRegular() {
			mode = replaced.Mode().Perm()
		}
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
		return existsAlready(to.name)
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
