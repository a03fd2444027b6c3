package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

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

// Facts about a release. Its build sets them, because it may be made where the Go tool
// does not find the repository.
var releaseVersion, releaseCommit, releaseDate string

// version describes this build.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "bytescale (unknown build)"
	}
	return versionText(info)
}

// versionText describes a build by the facts of the release. Without them, it takes what
// the Go tool knew when it made the build: the version if it was installed with go install,
// and the commit with its time if it was made in a clone.
func versionText(info *debug.BuildInfo) string {
	settings := map[string]string{}
	for _, setting := range info.Settings {
		settings[setting.Key] = setting.Value
	}
	name := cmp.Or(releaseVersion, info.Main.Version)
	if name == "" || name == "(devel)" {
		name = "devel"
	}
	var facts []string
	if commit := cmp.Or(releaseCommit, settings["vcs.revision"]); commit != "" {
		if releaseCommit == "" && settings["vcs.modified"] == "true" {
			commit += ", modified"
		}
		facts = append(facts, "commit "+commit)
	}
	if date := cmp.Or(releaseDate, settings["vcs.time"]); date != "" {
		facts = append(facts, date)
	}
	facts = append(facts, info.GoVersion, runtime.GOOS+"/"+runtime.GOARCH)
	return "bytescale " + name + " (" + strings.Join(facts, ", ") + ")"
}
