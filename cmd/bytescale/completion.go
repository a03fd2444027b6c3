package main

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	bytescale "github.com/c88edac7/bytescale-go"
)

// completionScripts writes the script that makes a shell complete the command.
var completionScripts = map[string]func(root *cobra.Command, out io.Writer) error{
	"bash":       func(root *cobra.Command, out io.Writer) error { return root.GenBashCompletionV2(out, true) },
	"zsh":        func(root *cobra.Command, out io.Writer) error { return root.GenZshCompletion(out) },
	"fish":       func(root *cobra.Command, out io.Writer) error { return root.GenFishCompletion(out, true) },
	"powershell": func(root *cobra.Command, out io.Writer) error { return root.GenPowerShellCompletionWithDesc(out) },
}

var shells = []string{"bash", "zsh", "fish", "powershell"}

// completionCommand is bytescale completion.
func completionCommand(std *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "completion <shell>",
		Short: "Print the script that makes a shell complete this command.",
		Long: "Print the script that makes a shell complete this command: bash, zsh, fish or\n" +
			"powershell. Paths of stored files complete by asking the service.",
		Example: "  source <(bytescale completion bash)                   # needs bash-completion\n" +
			"  bytescale completion zsh >\"${fpath[1]}/_bytescale\"    # then start a new zsh\n" +
			"  bytescale completion fish | source\n" +
			"  bytescale completion powershell | Out-String | Invoke-Expression",
		ValidArgs: shells,
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 1 && slices.Contains(shells, args[0]):
				return nil
			case len(args) == 1:
				return usagef(cmd, "there is no completion for %s%s", shown(args[0]), didYouMean(args[0], shells))
			}
			return usagef(cmd, `expected one of "%s"`, strings.Join(shells, `", "`))
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return completionScripts[args[0]](cmd.Root(), std.out)
		},
	}
}

const (
	// completionTime is how long a person waits for completions.
	completionTime = 2 * time.Second
	// maxCompletions is how many paths are worth looking at.
	maxCompletions = 200
)

// addCompletions lets shells complete the arguments of a command and of those below it, and the
// values of their flags. The arguments of a command that talks to the service are paths of the
// service, or folders or jobs if it says so. Those of upload are files of this machine.
func addCompletions(cmd *cobra.Command, env getenv) {
	for _, below := range cmd.Commands() {
		addCompletions(below, env)
	}
	all := func(bytescale.FolderEntry) bool { return true }
	folders := func(entry bytescale.FolderEntry) bool { return entry.IsFolder }
	switch {
	case cmd.Name() == "upload" || len(cmd.ValidArgs) > 0:
	case cmd.Name() == "sync":
		cmd.ValidArgsFunction = completeSides(completeEntries(env, folders))
	case cmd.Flags().Lookup("api-url") == nil || strings.Contains(cmd.Use, "<job>"):
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	case strings.Contains(cmd.Use, "folder"):
		cmd.ValidArgsFunction = completeEntries(env, folders)
	default:
		cmd.ValidArgsFunction = completeEntries(env, all)
	}
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		var complete cobra.CompletionFunc
		switch value, _ := pflag.UnquoteUsage(flag); {
		case flag.Name == "folder":
			complete = completeEntries(env, folders)
		case value == "file" || value == "":
			return // what shells do by themselves is right
		case value == "dir":
			complete = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
		default:
			complete = cobra.NoFileCompletions
		}
		if err := cmd.RegisterFlagCompletionFunc(flag.Name, complete); err != nil {
			panic(err) // it has a function already
		}
	})
}

// completeEntries completes the path of a stored file or folder by listing the folder
// that has been typed so far. Whatever goes wrong, there is nothing to complete.
func completeEntries(env getenv, wanted func(bytescale.FolderEntry) bool) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		typed, prefixed := strings.CutPrefix(typed, remotePrefix)
		if typed == "" {
			typed = "/"
		}
		if err := readEnvironment(cmd.Flags(), env); err != nil || typed[0] != '/' {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		flag := func(name string) string { return cmd.Flags().Lookup(name).Value.String() }
		connection := connection{apiKey: flag("api-key"), apiURL: flag("api-url"), cdnURL: flag("cdn-url"), accountID: flag("account-id")}
		client, err := connection.client()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer client.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
		defer cancel()
		paths, directive := list(ctx, client, typed, wanted)
		if prefixed {
			for i := range paths {
				paths[i] = remotePrefix + paths[i]
			}
		}
		return paths, directive
	}
}

// completeSides completes a folder of the service that is written with remotePrefix, and
// otherwise a directory of this machine.
func completeSides(remote cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if strings.HasPrefix(typed, remotePrefix) {
			return remote(cmd, args, typed)
		}
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
}

// list lists the wanted entries whose paths begin with what was typed. It leaves out
// paths that a terminal cannot show as they are.
func list(ctx context.Context, client *bytescale.Client, typed string, wanted func(bytescale.FolderEntry) bool) ([]string, cobra.ShellCompDirective) {
	var paths []string
	directive := cobra.ShellCompDirectiveNoFileComp
	folder := typed[:max(1, strings.LastIndexByte(typed, '/'))]
	for entry, err := range client.ListFolder(ctx, folder) {
		if err != nil || len(paths) == maxCompletions {
			break
		}
		if !wanted(entry) || !strings.HasPrefix(entry.Path, typed) || shown(entry.Path) != entry.Path {
			continue
		}
		path := entry.Path
		if entry.IsFolder {
			path += "/"
			directive |= cobra.ShellCompDirectiveNoSpace // to type on in the folder
		}
		paths = append(paths, path)
	}
	return paths, directive
}
