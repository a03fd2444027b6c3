//go:build gates

package consumer

import (
	"io/fs"
	"os"
	"path"
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
	var dirs []string
	for _, pattern := range []string{"*/go.mod", "examples/*/go.mod"} { // those of tools are no user's
		found, err := fs.Glob(os.DirFS(root), pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range found {
			dirs = append(dirs, path.Dir(name))
		}
	}
	if slices.Sort(dirs); !slices.Equal(dirs, nested) {
		t.Errorf("modules %q, listed %q", dirs, nested)
	}
	if _, err := os.Stat(filepath.Join(root, "go.work")); err == nil {
		t.Error("go.work: a workspace would hide what the modules require")
	}
}
