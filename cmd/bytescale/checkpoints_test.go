package main

import (
	"path/filepath"
	"testing"
)

// Uploads that differ in one property have different checkpoints.
func TestCheckpointIdentity(t *testing.T) {
	seen := map[string]identity{}
	for _, id := range []identity{
		{Source: "a"}, {Source: "b"}, {Source: "a", APIURL: "x"}, {Source: "a", AccountID: "x"},
		{Source: "a", Tree: "x"}, {Source: "a", Folder: "x"}, {Source: "a", Name: "x"},
		{Source: "a", MIME: "x"}, {Source: "a", Metadata: "x"}, {Source: "a", Tags: []string{"x"}}, {Source: "a", Copy: 1},
	} {
		key, err := id.key(filepath.Abs)
		if other, ok := seen[key]; ok || err != nil {
			t.Errorf("%+v and %+v share a checkpoint, %v", id, other, err)
		}
		seen[key] = id
	}
}

func TestStateDir(t *testing.T) {
	root := t.TempDir()
	for _, test := range []struct {
		name, goos string
		env        map[string]string
		want       string
	}{
		{"XDG", "linux", map[string]string{"XDG_STATE_HOME": root, "HOME": "/h"}, root},
		{"a relative XDG is ignored", "linux", map[string]string{"XDG_STATE_HOME": "x", "HOME": root}, filepath.Join(root, ".local", "state")},
		{"home", "freebsd", map[string]string{"HOME": root}, filepath.Join(root, ".local", "state")},
		{"macOS", "darwin", map[string]string{"HOME": root}, filepath.Join(root, "Library", "Application Support")},
		{"Windows", "windows", map[string]string{"LocalAppData": root}, root},
		{"nothing set", "linux", nil, ""},
	} {
		got, err := stateDir(test.goos, func(name string) string { return test.env[name] })
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%s: %q, %v; want %q", test.name, got, err, test.want)
		}
	}
}
