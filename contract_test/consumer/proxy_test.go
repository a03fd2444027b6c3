//go:build gates

package consumer

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

const (
	projectPath    = "github.com/c88edac7/bytescale-go"
	projectVersion = "v0.1.0"
)

// treeFile is a file of the work tree.
type treeFile struct{ name string }

func (f treeFile) Path() string                 { return f.name }
func (f treeFile) Lstat() (os.FileInfo, error)  { return os.Lstat(filepath.Join(root, f.name)) }
func (f treeFile) Open() (io.ReadCloser, error) { return os.Open(filepath.Join(root, f.name)) }

// inModule is a file of the work tree by its name in a nested module.
type inModule struct {
	zip.File
	dir string
}

func (f inModule) Path() string { return strings.TrimPrefix(f.File.Path(), f.dir+"/") }

// textFile is a file in memory.
type textFile struct {
	name string
	text []byte
}

func (f textFile) Path() string                 { return f.name }
func (f textFile) Lstat() (os.FileInfo, error)  { return fileInfo{f}, nil }
func (f textFile) Open() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(f.text)), nil }

type fileInfo struct{ textFile }

func (i fileInfo) Name() string       { return i.name }
func (i fileInfo) Size() int64        { return int64(len(i.text)) }
func (i fileInfo) Mode() fs.FileMode  { return 0o644 }
func (i fileInfo) ModTime() time.Time { return time.Time{} }
func (i fileInfo) IsDir() bool        { return false }
func (i fileInfo) Sys() any           { return nil }

// nested are the modules of their own below the root, by directory.
var nested = []string{"examples/fleet", "gocloud", "otel"}

// serveProject makes a module proxy in the file system that has this project and its nested modules, as they
// are in the work tree.
func serveProject(t *testing.T) string {
	t.Helper()
	files := workTree(t)
	proxy := t.TempDir()
	for _, dir := range nested {
		var own []zip.File
		files = slices.DeleteFunc(files, func(f zip.File) bool {
			inside := strings.HasPrefix(f.Path(), dir+"/")
			if inside && f.Path() != dir+"/go.mod" {
				own = append(own, inModule{f, dir})
			}
			return inside
		})
		mod := releasedGoMod(t, dir)
		publish(t, proxy, projectPath+"/"+dir, mod, append(own, textFile{"go.mod", mod}))
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	publish(t, proxy, projectPath, mod, files)
	return proxy
}

// releasedGoMod returns the go.mod of a nested module as a release has it: with the version of the project
// in place of the directory above.
func releasedGoMod(t *testing.T, dir string) []byte {
	t.Helper()
	name := filepath.Join(t.TempDir(), "go.mod")
	text, err := os.ReadFile(filepath.Join(root, dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	edit := exec.Command(filepath.Join(root, "tools", "require-root.sh"), filepath.Dir(name), projectVersion)
	if out, err := edit.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if text, err = os.ReadFile(name); err != nil {
		t.Fatal(err)
	}
	return text
}

// workTree lists the files that git knows or would take.
func workTree(t *testing.T) (files []zip.File) {
	t.Helper()
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		t.Fatal("git ls-files:", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		if _, err := os.Lstat(filepath.Join(root, name)); err == nil { // otherwise deleted in the work tree
			files = append(files, treeFile{name})
		}
	}
	return files
}

// publish adds a module to a proxy.
func publish(t *testing.T, proxy, path string, mod []byte, files []zip.File) {
	t.Helper()
	versions := filepath.Join(proxy, filepath.FromSlash(path), "@v")
	if err := os.MkdirAll(versions, 0o700); err != nil {
		t.Fatal(err)
	}
	archive, err := os.Create(filepath.Join(versions, projectVersion+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	if err := zip.Create(archive, module.Version{Path: path, Version: projectVersion}, files); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"list": projectVersion + "\n", projectVersion + ".mod": string(mod),
		projectVersion + ".info": fmt.Sprintf(`{"Version":%q,"Time":"2026-01-01T00:00:00Z"}`, projectVersion),
	} {
		if err := os.WriteFile(filepath.Join(versions, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// goEnv returns a setting of the go command.
func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
