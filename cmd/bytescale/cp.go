package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	bytescale "github.com/c88edac7/bytescale-go"
)

// copyCmd is bytescale cp, and bytescale mv if move is set: that is a copy and then a deletion.
type copyCmd struct {
	connection
	waiting

	move              bool
	args              []string
	recursive, dryRun bool
}

func (c *copyCmd) command(std *streams, env getenv) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cp <source> ... <destination>",
		Short: "Copy files and folders within the service.",
		Long: "Copy files, or folders with --recursive, within the service. The bytes do not\n" +
			"pass through this machine.\n\n" + destinationHelp,
		Example: `  bytescale cp /photos/cat.jpg /archive/
  bytescale cp -r /photos /archive/photos-2026`,
	}
	if c.move {
		cmd.Use = "mv <source> ... <destination>"
		cmd.Short = "Move files and folders within the service."
		cmd.Long = "Move files, or folders with --recursive, within the service.\n\n" +
			"This is not atomic: the service can only copy and delete. Each source is copied,\n" +
			"and deleted when its copy is complete. If that is interrupted, nothing is lost,\n" +
			"and both may exist. Nobody else should write to the source meanwhile: a folder\n" +
			"stays where it is if one of its files is newer than the copy, but nothing can be\n" +
			"noticed that happens while the source is deleted.\n\n" + destinationHelp
		cmd.Example = `  bytescale mv /inbox/cat.jpg /photos/cat.jpg
  bytescale mv -r /inbox /photos/2026`
	}
	cmd.Args = cobra.MatchAll(func(cmd *cobra.Command, args []string) error { return needArguments(cmd, args, 2) }, storedNames)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c.args = args
		return c.run(cmd.Context(), std, env)
	}
	c.defineFlags(cmd)
	return cmd
}

// destinationHelp is what the help of cp and mv says of their arguments.
const destinationHelp = "Paths are those of the service; to and from this machine there are upload and\n" +
	"download. A destination that ends with a slash is a folder to put the sources\n" +
	"in; any other is the new path of the one source. What is there is replaced."

func (c *copyCmd) defineFlags(cmd *cobra.Command) {
	what := "copy"
	if c.move {
		what = "move"
	}
	addFlags(cmd, "What to "+what, func(flags *pflag.FlagSet) {
		flags.BoolVarP(&c.recursive, "recursive", "r", false, "The sources are folders: "+what+" them with all that is in them.")
		flags.BoolVar(&c.dryRun, "dry-run", false, "Print what would go where, and "+what+" nothing.")
	})
	addFlags(cmd, "Output", func(flags *pflag.FlagSet) {
		flags.BoolVar(&c.json, "json", false, "Print one JSON object per file, or per job if the sources are folders.")
		c.addQuiet(flags)
		if !c.move { // the deletion follows the copy
			c.addNoWait(flags)
		}
	})
	c.addFlags(cmd)
}

// run copies or moves each source in turn.
func (c *copyCmd) run(ctx context.Context, std *streams, env getenv) error {
	if c.json || c.dryRun || c.noWait {
		if err := std.needOutput(); err != nil {
			return err
		}
	}
	ctx, client, err := c.connect(ctx, &progress{err: std.err})
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	list, err := pairs(client, c.args, c.recursive, c.move)
	if err != nil {
		return err
	}
	rows := newTransfers(std.out, c.json)
	return inTurn(ctx, std, c.args[:len(list)], func(i int) error {
		switch p := list[i]; {
		case c.dryRun && c.recursive:
			return previewFolder(ctx, client, p, rows)
		case c.dryRun:
			return previewFile(ctx, std, client, p, rows)
		case c.recursive:
			return c.folder(ctx, std, env, client, p)
		default:
			return c.file(ctx, std, client, p)
		}
	})
}

// file copies or moves a file.
func (c *copyCmd) file(ctx context.Context, std *streams, client *bytescale.Client, p pair) error {
	if err := client.CopyFile(ctx, bytescale.FileCopy{Source: p.source, Destination: p.destination}); err != nil {
		return err
	}
	if c.move {
		if err := client.DeleteFile(ctx, p.source); err != nil {
			return &notDeletedError{p.destination, err}
		}
	}
	if c.json {
		return printLine(std.out, jsonLine(transfer{Source: p.source, Destination: p.destination}))
	}
	return nil
}

// folder copies or moves a folder. A folder that does not exist would be no error for the
// service.
func (c *copyCmd) folder(ctx context.Context, std *streams, env getenv, client *bytescale.Client, p pair) error {
	request := bytescale.FolderCopy{Source: p.source, Destination: p.destination}
	if _, err := count(ctx, client, p.source, client.PreviewCopyFolder(ctx, request)); err != nil {
		return err
	}
	job, err := client.CopyFolder(ctx, request)
	if err != nil {
		return err
	}
	if !c.move {
		return c.finish(ctx, std, env, job)
	}
	done, err := c.wait(ctx, std, env, job)
	if err != nil {
		return err
	}
	if err := c.deleteCopied(ctx, std, env, client, p.source, done); err != nil {
		return &notDeletedError{p.destination, err}
	}
	return nil
}

// deleteCopied deletes a folder that a job has copied, unless it has newer files.
func (c *copyCmd) deleteCopied(ctx context.Context, std *streams, env getenv, client *bytescale.Client, folder string, copied *bytescale.JobSummary) error {
	for entry, err := range client.ListFolder(ctx, folder, bytescale.WithRecursive(), bytescale.WithoutVirtualFolders()) {
		if err != nil {
			return err
		}
		if !entry.LastModified.Before(copied.Created) {
			return &newerError{entry.Path}
		}
	}
	job, err := client.DeleteFolder(ctx, bytescale.FolderDeletion{FolderPath: folder})
	if err != nil {
		return err
	}
	_, err = c.wait(ctx, std, env, job)
	return err
}

// notDeletedError is the end of a move between the copy and the deletion.
type notDeletedError struct {
	destination string
	err         error
}

func (e *notDeletedError) Error() string {
	return "was copied to " + e.destination + " but not deleted: " + e.err.Error()
}

func (e *notDeletedError) Unwrap() error { return e.err }

// newerError means that a file was stored while its folder was copied.
type newerError struct{ path string }

func (e *newerError) Error() string {
	return e.path + " was stored while the folder was copied; run the same command again when nothing writes to the folder"
}
