package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/spf13/pflag"

	bytescale "github.com/c88edac7/bytescale-go"
)

// infoCmd is bytescale info.
type infoCmd struct {
	connection

	paths []string
	json  bool
}

func (c *infoCmd) command(std *streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "info <path> ...",
		Short: "Show what is stored with a file or folder.",
		Long: "Show what is stored with files and folders, named by their paths, or a file by\n" +
			"its URL. A path that ends with a slash is that of a folder; any other is that of\n" +
			"a file, or of a folder if there is no such file.",
		Args:       cobra.MatchAll(someArguments, storedNames),
		SuggestFor: []string{"stat"},
		RunE: func(cmd *cobra.Command, args []string) error {
			c.paths = args
			return c.run(cmd.Context(), std)
		},
	}
	addFlags(cmd, "Output", func(flags *pflag.FlagSet) {
		flags.BoolVar(&c.json, "json", false, "Print one JSON object per file or folder.")
	})
	c.addFlags(cmd)
	return cmd
}

// run prints the details of each file or folder.
func (c *infoCmd) run(ctx context.Context, std *streams) error {
	if err := std.needOutput(); err != nil {
		return err
	}
	between := "" // files and folders
	return c.each(ctx, std, c.paths, func(ctx context.Context, client *bytescale.Client, path string) error {
		found, text, err := describe(ctx, client, path)
		if err != nil {
			return err
		}
		if c.json {
			return printLine(std.out, jsonLine(found))
		}
		_, err = fmt.Fprint(std.out, between, text)
		between = "\n"
		return err
	})
}

// describe returns what the service knows about the file or folder at a path, and the same
// for people.
func describe(ctx context.Context, client *bytescale.Client, path string) (found any, text string, err error) {
	if !namesFolder(path) {
		file, err := client.GetFileDetails(ctx, path)
		if err == nil {
			return file, details(file), nil
		}
		if !errors.Is(err, bytescale.ErrNotFound) {
			return nil, "", err
		}
		folder, folderErr := existingFolder(ctx, client, path)
		if folderErr != nil {
			return nil, "", err
		}
		return folder, folderDetails(folder), nil
	}
	if path, err = folderPath(client, path); err != nil {
		return nil, "", err
	}
	folder, err := existingFolder(ctx, client, path)
	if err != nil {
		return nil, "", err
	}
	return folder, folderDetails(folder), nil
}

// existingFolder returns the details of a folder, and errNoFolder if nothing speaks for its
// existence.
func existingFolder(ctx context.Context, client *bytescale.Client, folder string) (*bytescale.FolderDetails, error) {
	details, err := client.GetFolderDetails(ctx, folder)
	if err != nil || folder == "/" || isMade(details) {
		return details, err
	}
	for _, err := range client.ListFolder(ctx, folder, bytescale.WithPageSize(1)) {
		return details, err
	}
	return nil, errNoFolder
}

// properties is a text for people, one property per line.
type properties struct{ strings.Builder }

// add adds a property, unless it is empty.
func (p *properties) add(name, value string) {
	if value != "" {
		fmt.Fprintf(p, "%-15s%s\n", name+":", shown(value))
	}
}

// details describes a file to people.
func details(file *bytescale.FileDetails) string {
	var text properties
	text.add("path", file.FilePath)
	text.add("url", file.FileURL)
	text.add("size", fmt.Sprintf("%d bytes", file.Size))
	text.add("type", file.MIME)
	text.add("etag", file.ETag)
	text.add("modified", moment(file.LastModified))
	text.add("original name", file.OriginalFileName)
	text.add("tags", strings.Join(file.Tags, ", "))
	if len(file.Metadata) > 0 {
		// Encoding does not fail, because the metadata was decoded from JSON.
		text.add("metadata", jsonLine(file.Metadata))
	}
	return text.String()
}

// folderDetails describes a folder to people.
func folderDetails(folder *bytescale.FolderDetails) string {
	var text properties
	own, above := folder.Settings, folder.SettingsInherited
	text.add("path", folderName(folder.FolderPath))
	if folder.Virtual {
		text.add("made", "yes, so it stays when it is empty")
	} else {
		text.add("made", "no, so it is gone when it is empty")
	}
	text.add("description", own.Description)
	switch {
	case own.PublicPermissions != nil:
		text.add("public", permissionsText(own.PublicPermissions))
	case above.PublicPermissionsFrom != "":
		text.add("public", permissionsText(above.PublicPermissions)+", as set for "+above.PublicPermissionsFrom)
	}
	switch {
	case own.StorageLayer != nil:
		text.add("storage", storageText(own.StorageLayer))
	case above.StorageLayerFrom != "":
		text.add("storage", storageText(above.StorageLayer)+", as set for "+above.StorageLayerFrom)
	}
	return text.String()
}

// permissionsText says what anyone may download where.
func permissionsText(permissions []bytescale.PublicPermission) string {
	if len(permissions) == 0 {
		return "nothing"
	}
	parts := make([]string, len(permissions))
	for i, permission := range permissions {
		parts[i] = fmt.Sprintf("%s (%s)", strings.Join(permission.DownloadFile, " "), permission.Scope)
	}
	return strings.Join(parts, ", ")
}

// storageText names the kind of a storage layer. The rest is for programs.
func storageText(layer interface{ Discriminator() (string, error) }) string {
	kind, err := layer.Discriminator()
	if err != nil {
		return "unknown"
	}
	return kind
}
