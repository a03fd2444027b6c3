package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	bytescale "github.com/c88edac7/bytescale-go"
)

// rmCmd is bytescale rm.
type rmCmd struct {
	connection
	waiting

	paths                  []string
	recursive, dryRun, yes bool
}

func (c *rmCmd) command(std *streams, env getenv) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rm <path> ...",
		Short: "Delete files and folders.",
		Long: "Delete files, named by their paths or their URLs, or folders with --recursive.\n" +
			"On a terminal it asks before it deletes a folder; elsewhere that takes --yes.\n" +
			"There is no way back. The CDN may serve deleted files from its caches for a\n" +
			"while. A folder with a storage of its own loses that setting, and its files stay\n" +
			"in that storage.",
		Example: `  bytescale rm /photos/cat.jpg
  bytescale rm -r --dry-run /photos`,
		Args:       cobra.MatchAll(someArguments, storedNames),
		SuggestFor: []string{"delete", "del", "remove"},
		RunE: func(cmd *cobra.Command, args []string) error {
			c.paths = args
			if c.json || c.dryRun || c.noWait {
				if err := std.needOutput(); err != nil {
					return err
				}
			}
			if c.recursive {
				return c.deleteFolders(cmd.Context(), std, env)
			}
			return c.deleteFiles(cmd.Context(), std)
		},
	}
	addFlags(cmd, "What to delete", func(flags *pflag.FlagSet) {
		flags.BoolVarP(&c.recursive, "recursive", "r", false, "The paths are those of folders: delete them with all that is in them.")
		flags.BoolVar(&c.dryRun, "dry-run", false, "Print what would be deleted, and delete nothing.")
		flags.BoolVarP(&c.yes, "yes", "y", false, "Delete folders without a question.")
	})
	addFlags(cmd, "Output", func(flags *pflag.FlagSet) {
		flags.BoolVar(&c.json, "json", false, "Print one JSON object per file, or per job for folders.")
		c.addQuiet(flags)
		c.addNoWait(flags)
	})
	c.addFlags(cmd)
	return cmd
}

// deleteFiles deletes each file.
func (c *rmCmd) deleteFiles(ctx context.Context, std *streams) error {
	for _, arg := range c.paths {
		if err := isFile(arg); err != nil {
			return err
		}
	}
	list := newListing(std.out, true, c.json)
	return c.each(ctx, std, c.paths, func(ctx context.Context, client *bytescale.Client, path string) error {
		if c.dryRun {
			file, err := client.GetFileDetails(ctx, path)
			if err != nil {
				return err
			}
			return list.entry(bytescale.FolderEntry{Path: file.FilePath, Size: file.Size, LastModified: file.LastModified, FileURL: file.FileURL})
		}
		if err := client.DeleteFile(ctx, path); err != nil || !c.json {
			return err
		}
		return printLine(std.out, jsonLine(deleted{path}))
	})
}

// deleted is the JSON form of a deleted file.
type deleted struct {
	FilePath string `json:"filePath"`
}

// deleteFolders deletes each folder.
func (c *rmCmd) deleteFolders(ctx context.Context, std *streams, env getenv) error {
	for _, arg := range c.paths {
		if strings.TrimPrefix(arg, remotePrefix) == "/" {
			return usageError{errors.New("/ is the whole account; to delete what is in it, name the folders")}
		}
	}
	if !c.dryRun && !c.yes && !std.canAsk() {
		return usageError{errors.New("there is no terminal to ask whether to delete folders; use --yes to delete them, or --dry-run to see what that would be")}
	}
	list := newListing(std.out, true, c.json)
	return c.eachFolder(ctx, std, c.paths, func(ctx context.Context, client *bytescale.Client, folder string) error {
		request := bytescale.FolderDeletion{FolderPath: folder}
		preview := client.PreviewDeleteFolder(ctx, request)
		if c.dryRun {
			return previewed(ctx, client, folder, preview, list.entry)
		}
		found, err := count(ctx, client, folder, preview)
		if err != nil {
			return err
		}
		if !c.yes {
			question := fmt.Sprintf("Delete %s with %s in it?", shown(folderName(folder)), found)
			if yes, err := std.ask(ctx, question); err != nil || !yes {
				return errors.Join(err, errNotDeleted)
			}
		}
		job, err := client.DeleteFolder(ctx, request)
		if err != nil {
			return err
		}
		return c.finish(ctx, std, env, job)
	})
}

// errNotDeleted means that the user does not want a folder to be deleted.
var errNotDeleted = errors.New("not deleted")

// canAsk reports whether there is somebody to answer a question.
func (s *streams) canAsk() bool {
	in, ok := s.in.(io.Writer) // a file, as isTerminal wants it
	return ok && isTerminal(in) && isTerminal(s.err)
}

// ask asks a question on the terminal. Anything but yes means no.
func (s *streams) ask(ctx context.Context, question string) (yes bool, err error) {
	fmt.Fprintf(s.err, "%s [y/N] ", question)
	answer := make(chan string, 1)
	go func() { // the read cannot be interrupted, but the process ends without it
		line, _ := bufio.NewReader(s.in).ReadString('\n')
		answer <- line
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(s.err)
		return false, context.Cause(ctx)
	case line := <-answer:
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "y", "yes":
			return true, nil
		}
		return false, nil
	}
}
