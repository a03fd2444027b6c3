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
		"bytescale v1.2.3 (go1.26.0, ":                      {GoVersion: "go1.26.0", Main: debug.Module{Version: "v1.2.3"}},
		"bytescale devel (go1.26.0, ":                       {GoVersion: "go1.26.0", Main: debug.Module{Version: "(devel)"}},
		"bytescale devel-0123456789ab (go1.26.0, ":          {GoVersion: "go1.26.0", Settings: []debug.BuildSetting{commit}},
		"bytescale devel-0123456789ab-modified (go1.26.0, ": {GoVersion: "go1.26.0", Settings: []debug.BuildSetting{commit, setting("vcs.modified", "true")}},
		"bytescale devel-0123 (go1.26.0, ":                  {GoVersion: "go1.26.0", Settings: []debug.BuildSetting{setting("vcs.revision", "0123")}},
	} {
		if got := versionText(&info); !strings.HasPrefix(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
