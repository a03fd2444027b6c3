//go:build gates

// Package consumer follows docs/contract-checks.md in a module that imports the project as a user's does:
// without a replace directive, from a module proxy, and beginning with an empty module cache.
package consumer

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

// consumer is a user's repository.
type consumer struct {
	*testing.T
	dir string
	env []string
}

// newConsumer makes a module, from a directory of testdata, with an empty module cache.
func newConsumer(t *testing.T, name string) consumer {
	t.Helper()
	c := consumer{T: t, dir: filepath.Join(t.TempDir(), name)}
	if err := os.CopyFS(c.dir, os.DirFS(filepath.Join("testdata", name))); err != nil {
		t.Fatal(err)
	}
	// The project comes from its own proxy, everything else from what is downloaded already, if it is.
	downloaded := "file://" + filepath.ToSlash(filepath.Join(goEnv(t, "GOMODCACHE"), "cache", "download"))
	project := "file://" + filepath.ToSlash(serveProject(t))
	c.env = append(os.Environ(),
		"GOPROXY="+strings.Join([]string{project, downloaded, goEnv(t, "GOPROXY")}, ","), "GONOPROXY=none", "GOSUMDB=off",
		"GOMODCACHE="+t.TempDir(), "GOFLAGS=-modcacherw -trimpath", // so that the build cache does not depend on the directory
		"GOWORK=off", "GOTOOLCHAIN=local", "BYTESCALE_CONTRACT_COVERAGE=", "GITHUB_BASE_REF=main", "RUNNER_TEMP="+t.TempDir(),
	)
	return c
}

// onFreshRunner is the same repository with an empty module cache.
func (c consumer) onFreshRunner() consumer {
	c.env = append(c.env[:len(c.env):len(c.env)], "GOMODCACHE="+c.TempDir())
	return c
}

func (c consumer) write(name, text string) {
	c.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		c.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.Fatal(err)
	}
}

// replace changes a file.
func (c consumer) replace(name, from, to string) {
	c.Helper()
	data, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		c.Fatal(err)
	}
	if !strings.Contains(string(data), from) {
		c.Fatalf("%q is not in %s", from, name)
	}
	c.write(name, strings.Replace(string(data), from, to, 1))
}

// sh runs a script as a step of a workflow runs it.
func (c consumer) sh(script string) (string, error) {
	cmd := exec.CommandContext(c.Context(), "bash", "-e", "-c", script)
	cmd.Dir, cmd.Env = c.dir, c.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (c consumer) must(script string) string {
	c.Helper()
	out, err := c.sh(script)
	if err != nil {
		c.Fatalf("%s: %v\n%s", script, err, out)
	}
	return out
}

// TestTheGuide follows the guide, runs its workflow on the result, breaks what each step checks, and adds
// an operation.
func TestTheGuide(t *testing.T) {
	g := readGuide(t)
	c := newConsumer(t, "consumer")
	c.follow(g, "1. Pin the spec")
	c.follow(g, "2. Generate from it")
	if strings.Contains(c.must("cat go.mod"), "replace") {
		t.Fatal("the module has a replace directive")
	}
	c.must(`git init -q -b main && git config user.name c && git config user.email c@example.com && git add . &&
		git commit -q -m start && git update-ref refs/remotes/origin/main HEAD`)
	runner := c.onFreshRunner()
	for _, s := range g.steps {
		if out, err := runner.sh(s.script); err != nil {
			t.Fatalf("%s: %v\n%s", s.name, err, out)
		}
	}
	for i, damage := range []func(){
		func() { c.replace("api/openapi.yaml", "maxItems: 25", "maxItems: 24") },
		func() { c.replace("api/client.gen.go", "package api", "package api\n\n// edited by hand") },
		func() { c.replace("avatars.go", `"image/png"`, `"png"`) },
		func() { c.replace("api/openapi.yaml", "      required: [size]", "      required: [size, mime]") },
	} {
		t.Run("bites/"+g.steps[i].name, func(t *testing.T) {
			damage()
			c.must("git commit -q -a -m damage")
			if out, err := runner.sh(g.steps[i].script); err == nil {
				t.Errorf("passes:\n%s", out)
			} else {
				t.Logf("fails as it should:\n%s", out)
			}
			c.must("git reset -q --hard origin/main")
		})
	}
	t.Run("additions", func(t *testing.T) {
		c.follow(g, "Additions of your own")
		c.must("go generate ./...")
		c.must("git add . && git commit -q -m additions")
		c.write("usage_test.go", `package avatars

import (
	"slices"
	"testing"

	"example.com/avatars/api"
	"github.com/c88edac7/bytescale-go/contract"
)

var _ = (*api.ClientWithResponses).GetUsageWithResponse

func TestUsage(t *testing.T) {
	document, err := contract.Load(api.Spec)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(document.Operations(), "GetUsage") {
		t.Error(document.Operations())
	}
}
`)
		c.must("go test ./...")
		for _, s := range g.steps[:2] { // the copy is still that of the module, and generating again gives the same
			c.must("git add . && git commit -q --allow-empty -m test")
			if out, err := c.sh(s.script); err != nil {
				t.Errorf("%s: %v\n%s", s.name, err, out)
			}
		}
	})
}

// TestOlderVersions: a module that asks for an older kin-openapi builds with the version that this project
// brings, and a generator in a module file of its own keeps its version and what it generates.
func TestOlderVersions(t *testing.T) {
	const generator = "github.com/oapi-codegen/oapi-codegen/v2"
	c := newConsumer(t, "older")
	c.must("go get -modfile=tools.mod -tool " + generator + "/cmd/oapi-codegen@v2.5.0 && go generate ./...")
	before := c.must("cat orders/orders.gen.go")
	asked := c.must("go list -m -f '{{.Version}}' github.com/getkin/kin-openapi")
	c.must("go get github.com/c88edac7/bytescale-go && go mod tidy")
	c.must("go vet ./... && go test ./...")
	t.Logf("kin-openapi: asked for %sselected %s", asked, c.must("go list -m -f '{{.Version}}' github.com/getkin/kin-openapi"))
	if version := c.must("go list -m -modfile=tools.mod -f '{{.Version}}' " + generator); version != "v2.5.0\n" {
		t.Errorf("the generator is at %s", version)
	}
	if c.must("go generate ./..."); c.must("cat orders/orders.gen.go") != before {
		t.Error("the generator gives other code than before")
	}
}
