package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(std *streams) error {
	_, err := fmt.Fprintln(std.out, version())
	return err
}

// version says which build this is: the module's version when it was installed
// with go install, else the commit it was built from.
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
