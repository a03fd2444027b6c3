//go:build gates

// Package consumer runs the commands of docs/contract-checks.md on a small module that imports the project, as a user's
// CI does, and breaks each of its checks on purpose.
package consumer

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// A step is one step of the workflow in the guide.
type step struct{ name, script string }

var (
	shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```")
	named      = regexp.MustCompile(`(?m)^ {6}- name: (.*)\n`)
	oneLine    = regexp.MustCompile(`(?m)^ {8}run: ([^|\n].*)\n`)
	manyLines  = regexp.MustCompile(`(?m)^ {8}run: \|\n((?: {10}.*\n)+)`)
)

// guide reads the command that pins the spec, and the steps of the workflow that run commands.
func guide(t *testing.T) (pin string, steps []step) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "docs", "contract-checks.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	if m := shellBlock.FindStringSubmatch(text); m != nil {
		pin = m[1]
	}
	places := named.FindAllStringSubmatchIndex(text, -1)
	for i, place := range places {
		end := len(text)
		if i+1 < len(places) {
			end = places[i+1][0]
		}
		s := step{name: text[place[2]:place[3]]}
		if m := oneLine.FindStringSubmatch(text[place[0]:end]); m != nil {
			s.script = m[1]
		}
		if m := manyLines.FindStringSubmatch(text[place[0]:end]); m != nil {
			s.script = strings.ReplaceAll(m[1], "          ", "")
		}
		steps = append(steps, s)
	}
	if pin == "" || len(steps) != 4 {
		t.Fatalf("the guide has the command %q and %d steps", pin, len(steps))
	}
	return pin, steps
}

// consumer is a user's repository.
type consumer struct {
	*testing.T
	dir, temp string
}

// newConsumer makes the module, pins the spec as the guide says, generates its client and commits it all.
func newConsumer(t *testing.T, pin string) consumer {
	t.Helper()
	c := consumer{t, filepath.Join(t.TempDir(), "consumer"), t.TempDir()}
	if err := os.CopyFS(c.dir, os.DirFS("testdata/consumer")); err != nil {
		t.Fatal(err)
	}
	project, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	c.write("go.sum", string(sums))
	c.must("go mod edit -replace github.com/c88edac7/bytescale-go=" + project)
	c.must("GOFLAGS=-mod=mod go list -test -deps ./... github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen > " + c.temp + "/deps")
	c.must(pin)
	c.must("go generate ./...")
	c.must(`git init -q -b main && git config user.name c && git config user.email c@example.com && git add . &&
		git commit -q -m start && git update-ref refs/remotes/origin/main HEAD`)
	return c
}

func (c consumer) write(name, text string) {
	c.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o644); err != nil {
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

// sh runs a script as a workflow does.
func (c consumer) sh(script string) (string, error) {
	cmd := exec.CommandContext(c.Context(), "bash", "-e", "-o", "pipefail", "-c", script)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "GITHUB_BASE_REF=main", "RUNNER_TEMP="+c.temp, "GOFLAGS=", "GOWORK=off", "BYTESCALE_CONTRACT_COVERAGE=")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (c consumer) must(script string) {
	c.Helper()
	if out, err := c.sh(script); err != nil {
		c.Fatalf("%s: %v\n%s", script, err, out)
	}
}

func TestTheGuideWorks(t *testing.T) {
	pin, steps := guide(t)
	c := newConsumer(t, pin)
	for _, s := range steps {
		if out, err := c.sh(s.script); err != nil {
			t.Errorf("%s: %v\n%s", s.name, err, out)
		}
	}
}

// Each step fails when what it looks after is broken.
func TestTheGuideBites(t *testing.T) {
	pin, steps := guide(t)
	c := newConsumer(t, pin)
	for i, damage := range []func(){
		func() { c.replace("api/openapi.yaml", "maxItems: 25", "maxItems: 24") },
		func() { c.replace("api/client.gen.go", "package api", "package api\n\n// edited by hand") },
		func() { c.replace("avatars.go", `"image/png"`, `"png"`) },
		func() { c.replace("api/openapi.yaml", "      required: [size]", "      required: [size, mime]") },
	} {
		t.Run(steps[i].name, func(t *testing.T) {
			damage()
			c.must("git commit -q -a -m damage")
			if out, err := c.sh(steps[i].script); err == nil {
				t.Errorf("passes:\n%s", out)
			} else {
				t.Logf("fails as it should:\n%s", out)
			}
			c.must("git reset -q --hard origin/main")
		})
	}
}
