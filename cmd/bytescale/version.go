package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func versionCommand(std *streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version.",
		Long:  "Print the version.",
		Args:  noArguments,
		RunE:  func(*cobra.Command, []string) error { return printVersion(std.out) },
	}
}

func printVersion(out io.Writer) error {
	_, err := fmt.Fprintln(out, version())
	return err
}

// version describes this build: by the module's version if it was installed with
// go install, otherwise by the commit.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "bytescale (unknown build)"
	}
	return versionText(info)
}

func versionText(info *debug.BuildInfo) string {
	name := info.Main.Version
	if name == "" || name == "(devel)" {
		name = "devel"
		settings := map[string]string{}
		for _, setting := range info.Settings {
			settings[setting.Key] = setting.Value
		}
		if revision := settings["vcs.revision"]; revision != "" {
			name += "-" + revision[:min(12, len(revision))]
			if settings["vcs.modified"] == "true" {
				name += "-modified"
			}
		}
	}
	return fmt.Sprintf("bytescale %s (%s, %s/%s)", name, info.GoVersion, runtime.GOOS, runtime.GOARCH)
}
