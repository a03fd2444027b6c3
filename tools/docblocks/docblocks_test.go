// Package docblocks checks the README and the docs: every Go block compiles,
// every block that is a test passes, every test and every make target that is
// named exists, every promise names one, and every link to a file of the
// repository leads somewhere.
package docblocks

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "github.com/c88edac7/bytescale-go"
)

// pages returns the text of every Markdown file for readers, by name.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, glob := range []string{"*.md", "docs/*.md"} {
		paths, err := filepath.Glob(filepath.Join(root, glob))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			all[strings.TrimPrefix(filepath.ToSlash(path), root+"/")] = read(t, path)
		}
	}
	if len(all["README.md"]) == 0 {
		t.Fatal("README.md not found")
	}
	return all
}

var goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```")

// known are the packages that a block without a package clause may use.
var known = map[string]string{
	"bytes": "bytes", "context": "context", "errors": "errors", "fmt": "fmt", "http": "net/http",
	"io": "io", "log": "log", "slog": "log/slog", "os": "os", "slices": "slices", "strings": "strings", "time": "time", "json": "encoding/json",
	"bytescale": module, "bytescaletest": module + "/bytescaletest", "fault": module + "/bytescaletest/fault", "contract": module + "/contract",
	"cdn": module + "/cdn", "token": module + "/token",
	"testing": "testing", "synctest": "testing/synctest",
}

// setting declares what a block without a package clause can use.
const setting = `
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func _(ctx context.Context, client *bytescale.Client, apiKey, path string, body io.Reader, size int64,
	save func(bytescale.Checkpoint) error, load func() (bytescale.Checkpoint, error), t *testing.T,
	links cdn.Links, key cdn.Key, signer *token.Signer) error {
	{
%s
	}
	return nil
}
`

var (
	packageClause = regexp.MustCompile(`(?m)^package `)
	embedded      = regexp.MustCompile(`(?m)^//go:embed (\S+)$`)
)

// complete returns a block as a file.
func complete(block string) string {
	if packageClause.MatchString(block) {
		return block
	}
	code := fmt.Sprintf(setting, block)
	var imports []string
	for name, path := range known {
		if regexp.MustCompile(`\b` + name + `\.[A-Z]`).MatchString(code) {
			imports = append(imports, fmt.Sprintf("\t%q\n", path))
		}
	}
	slices.Sort(imports)
	return "package block\n\nimport (\n" + strings.Join(imports, "") + ")\n" + code
}

// TestGoBlocks makes a module of the blocks, one package each, that imports the
// project as a user's module does. It vets the module and runs its tests.
func TestGoBlocks(t *testing.T) {
	dir := outsideModule(t)
	tests := 0
	for name, text := range pages(t) {
		for i, block := range goBlock.FindAllStringSubmatch(text, -1) {
			code, file := complete(block[1]), "block.go"
			if strings.Contains(code, "func Test") {
				file = "block_test.go"
				tests++
			}
			place := fmt.Sprintf("%s-%d", strings.NewReplacer("/", "-", ".", "-").Replace(name), i+1)
			write(t, filepath.Join(dir, place, file), code)
			for _, name := range embedded.FindAllStringSubmatch(code, -1) {
				write(t, filepath.Join(dir, place, name[1]), "")
			}
		}
	}
	if tests == 0 {
		t.Error("no block is a test")
	}
	for _, verb := range [][]string{{"vet", "-unreachable=false"}, {"test", "-vet=off"}} {
		cmd := exec.Command("go", append(verb, "-mod=mod", "./...")...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOPROXY=off") // all of it is there
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", verb, err, out)
		}
	}
}

// outsideModule makes a module that requires the project in this work tree, and
// the same versions of everything else, so that nothing is downloaded.
func outsideModule(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	text := read(t, filepath.Join(root, "go.mod"))
	text = strings.Replace(text, "module "+module, "module example.com/reader", 1)
	text = regexp.MustCompile(`(?m)^tool .*$`).ReplaceAllString(text, "")
	text += fmt.Sprintf("\nrequire %s v0.0.0\n\nreplace %s => %s\n", module, module, here)
	write(t, filepath.Join(dir, "go.mod"), text)
	write(t, filepath.Join(dir, "go.sum"), read(t, filepath.Join(root, "go.sum")))
	return dir
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestNamedTestsExist: a claim that names its proof must name a real one.
func TestNamedTestsExist(t *testing.T) {
	var sources strings.Builder
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, "_test.go") {
			content, err := os.ReadFile(path)
			sources.Write(content)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Benchmark|Fuzz)[A-Z]\\w*)`")
	for name, text := range pages(t) {
		if name == "CONTRIBUTING.md" {
			continue // names a test as an example of a name
		}
		for _, match := range named.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(sources.String(), "\nfunc "+match[1]+"(") {
				t.Errorf("%s names %s, which does not exist", name, match[1])
			}
		}
	}
}

// TestPromisesNameTests: each row of the pages of promises has a proof in its last column,
// which is a test or a make target.
func TestPromisesNameTests(t *testing.T) {
	proof := regexp.MustCompile("`(?:(?:Test|Fuzz)[A-Z]\\w*|make [a-z -]+)`")
	for _, name := range []string{"docs/claims.md", "docs/threats.md"} {
		rows := 0
		for line := range strings.Lines(read(t, filepath.Join(root, name))) {
			columns := strings.Split(strings.Trim(line, "| \n"), " | ")
			last := columns[len(columns)-1]
			if !strings.HasPrefix(line, "| ") || last == "test" || last == "proof" {
				continue
			}
			rows++
			if !proof.MatchString(last) {
				t.Errorf("%s promises without a test: %s", name, line)
			}
		}
		if rows < 20 {
			t.Errorf("%s has %d rows", name, rows)
		}
	}
}

// TestNamedTargetsExist: `make x` in the docs is a target of the Makefile.
func TestNamedTargetsExist(t *testing.T) {
	makefile := read(t, filepath.Join(root, "Makefile"))
	named := regexp.MustCompile("(?m)(?:^|`)make ((?:[a-z]+[a-z-]* ?)+)")
	for name, text := range pages(t) {
		for _, match := range named.FindAllStringSubmatch(text, -1) {
			for target := range strings.FieldsSeq(match[1]) {
				if !strings.Contains(makefile, "\n"+target+":") {
					t.Errorf("%s names make %s, which the Makefile does not have", name, target)
				}
			}
		}
	}
}

// TestLinksLeadSomewhere checks links to files of the repository.
func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	for name, text := range pages(t) {
		for _, match := range link.FindAllStringSubmatch(goBlock.ReplaceAllString(text, ""), -1) {
			path := filepath.Join(root, filepath.Dir(name), match[1])
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s links to %s, which does not exist", name, match[1])
			}
		}
	}
}
