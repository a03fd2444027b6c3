package main

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionText(t *testing.T) {
	setting := func(key, value string) debug.BuildSetting { return debug.BuildSetting{Key: key, Value: value} }
	commit := setting("vcs.revision", "0123456789abcdef0123456789abcdef01234567")
	for want, info := range map[string]debug.BuildInfo{
		"bytescale v1.2.3 (go1.26.0, ": {GoVersion: "go1.26.0", Main: debug.Module{Version: "v1.2.3"}},
		"bytescale devel (go1.26.0, ":  {GoVersion: "go1.26.0", Main: debug.Module{Version: "(devel)"}},
		"bytescale v1.2.3 (commit 0123456789abcdef0123456789abcdef01234567, 2026-11-29T01:02:03Z, go1.26.0, ": {
			GoVersion: "go1.26.0", Main: debug.Module{Version: "v1.2.3"},
			Settings: []debug.BuildSetting{commit, setting("vcs.time", "2026-11-29T01:02:03Z"), setting("vcs.modified", "false")},
		},
		"bytescale devel (commit 0123456789abcdef0123456789abcdef01234567, modified, go1.26.0, ": {
			GoVersion: "go1.26.0", Settings: []debug.BuildSetting{commit, setting("vcs.modified", "true")},
		},
	} {
		if got := versionText(&info); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
