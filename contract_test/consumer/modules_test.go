//go:build gates

package consumer

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The tests of each nested module pass in a user's module, which gets it and the project from a proxy.
func TestNestedModules(t *testing.T) {
	for _, dir := range nested {
		t.Run(dir, func(t *testing.T) {
			c := newConsumer(t, "module")
			path := projectPath + "/" + dir
			c.must("go get -t " + path + "/...@" + projectVersion)
			c.must("go vet " + path + "/... && go test " + path + "/...")
		})
	}
}

// Every module below the root is in the list.
func TestNestedModulesAreListed(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(root, "*", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	var dirs []string
	for _, name := range found {
		dirs = append(dirs, filepath.Base(filepath.Dir(name)))
	}
	if slices.Sort(dirs); !slices.Equal(dirs, nested) {
		t.Errorf("modules %q, listed %q", dirs, nested)
	}
	if _, err := os.Stat(filepath.Join(root, "go.work")); err == nil {
		t.Error("go.work: a workspace would hide what the modules require")
	}
}
