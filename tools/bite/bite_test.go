//go:build gates

// Package bite breaks a scratch copy of the repository on purpose, one thing
// at a time, and expects the gate that checks it to fail.
package bite

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// scratch copies the files of the work tree that git tracks or would add into a
// repository of its own, in which all gates are green.
func scratch(t *testing.T) string {
	t.Helper()
	root, dir := filepath.Join("..", ".."), t.TempDir()
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		t.Fatal("git ls-files:", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		info, err := os.Stat(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted in the work tree
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		put(t, dir, name, string(content), info.Mode())
	}
	must(t, dir, "git", "init", "--quiet")
	must(t, dir, "git", "add", "--all")
	must(t, dir, "make", "release-baseline") // so that the gates see our own change only
	return dir
}

func put(t *testing.T, dir, name, content string, mode os.FileMode) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

func command(dir, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func must(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	if out, err := command(dir, name, args...); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// edit replaces the first match of a pattern in the first file that has one,
// and returns a function that undoes it.
func edit(t *testing.T, dir, glob, pattern, replacement string) (undo func()) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, glob))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		at := regexp.MustCompile("(?m)" + pattern).FindIndex(content)
		if at == nil {
			continue
		}
		broken := string(content[:at[0]]) + replacement + string(content[at[1]:])
		if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		return func() {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Fatalf("no %s has a match of %s", glob, pattern)
	return nil
}

// add writes a new file, and returns a function that removes it.
func add(t *testing.T, dir, name, content string) (undo func()) {
	t.Helper()
	put(t, dir, name, content, 0o600)
	return func() {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryGateBites(t *testing.T) {
	must(t, filepath.Join("..", ".."), "make", "tools/node/node_modules")
	dir := scratch(t)
	modules, err := filepath.Abs(filepath.Join("..", "node", "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(dir, "tools", "node", "node_modules")); err != nil {
		t.Fatal(err)
	}

	for _, test := range []struct {
		name  string
		gate  []string // arguments of make
		spoil func(t *testing.T) (undo func())
		want  string // in the output of the gate
	}{
		{
			"spec changed, code not generated", []string{"generate-check"},
			func(t *testing.T) func() {
				return edit(t, dir, "openapi.yaml", `operationId: BeginMultipartUpload$`, "operationId: StartMultipartUpload")
			}, "generated/gen/bytescale.gen.go differ",
		},
		{
			"generated code edited", []string{"generate-check"},
			func(t *testing.T) func() {
				return edit(t, dir, "gen/*.gen.go", `^type BeginMultipartUploadRequest struct`, "// Edited.\ntype BeginMultipartUploadRequest struct")
			}, "generated/gen/bytescale.gen.go differ",
		},
		{
			"operation gone from the spec", []string{"breaking"},
			func(t *testing.T) func() {
				return edit(t, dir, "openapi.yaml", `^  /v2/accounts/\{accountId\}/uploads/url:`, "  /v2/accounts/{accountId}/uploads/link:")
			}, "uploads/url",
		},
		{
			"function gone from the Go API", []string{"api-check"},
			func(t *testing.T) func() { return edit(t, dir, "*.go", `^func NewClient\(`, "func MakeClient(") },
			"BROKEN: github.com/c88edac7/bytescale-go: NewClient: removed",
		},
		{
			"operation renamed", []string{"release-check"},
			func(t *testing.T) func() {
				undo := edit(t, dir, "openapi.yaml", `operationId: FormDataUpload$`, "operationId: StoreForm")
				must(t, dir, "go", "generate", "./...")
				return func() {
					undo()
					must(t, dir, "go", "generate", "./...")
				}
			},
			"BROKEN: github.com/c88edac7/bytescale-go/gen: (*ClientWithResponses).FormDataUploadWithBodyWithResponse: removed",
		},
		{
			"operation without an id", []string{"-o", "tools/node/node_modules", "spec-lint"},
			func(t *testing.T) func() { return edit(t, dir, "openapi.yaml", `^ *operationId: GetUploadPart\n`, "") },
			"operation-operationId",
		},
		{
			"file not formatted", []string{"fmt-check"},
			func(t *testing.T) func() {
				return add(t, dir, "internal/memnet/spoilt.go", "package memnet\nvar  spoilt   = 1\n")
			}, "internal/memnet/spoilt.go",
		},
		{
			"error not checked", []string{"lint", "PKG=./internal/memnet"},
			func(t *testing.T) func() {
				return add(t, dir, "internal/memnet/spoilt.go", "package memnet\n\nimport \"os\"\n\nfunc init() { os.Chdir(\"/\") }\n")
			}, "errcheck",
		},
		{
			"SDK imports a third-party module", []string{"lint", "PKG=."},
			func(t *testing.T) func() {
				return add(t, dir, "spoilt.go", "package bytescale\n\nimport _ \"github.com/dustin/go-humanize\"\n")
			}, "depguard",
		},
		{
			"dependency without its licence", []string{"notices-check"},
			func(t *testing.T) func() {
				return edit(t, dir, "THIRD_PARTY_NOTICES.txt", `^go.etcd.io/bbolt v`, "go.etcd.io/bbolt v0")
			}, "run 'make notices'",
		},
		{
			"command resolves a name", []string{"lint", "PKG=./cmd/bytescale"},
			func(t *testing.T) func() {
				return add(t, dir, "cmd/bytescale/spoilt.go", "package main\n\nimport \"os\"\n\nfunc init() {\n\tif f, err := os.Open(\"/etc/hosts\"); err == nil {\n\t\tf.Close()\n\t}\n}\n")
			}, "use a handle, or a function of open.go or osfile\" (forbidigo)",
		},
		{
			"command uploads a name", []string{"lint", "PKG=./cmd/bytescale"},
			func(t *testing.T) func() {
				return edit(t, dir, "cmd/bytescale/uploader.go", `bytescale\.OpenedFile\(f\)`, "bytescale.File(f.Name())")
			}, "upload an open file (bytescale.OpenedFile)\" (forbidigo)",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := append([]string{"--no-print-directory"}, test.gate...)
			if out, err := command(dir, "make", args...); err != nil {
				t.Fatalf("make %v fails on the sound copy: %v\n%s", test.gate, err, out)
			}
			undo := test.spoil(t)
			defer undo()
			out, err := command(dir, "make", args...)
			if err == nil {
				t.Errorf("make %v succeeds on the broken copy:\n%s", test.gate, out)
			}
			if !strings.Contains(out, test.want) {
				t.Errorf("make %v does not say %q:\n%s", test.gate, test.want, out)
			}
		})
	}
}

// TestImportArrowsBite adds an import between packages, and takes one away.
func TestImportArrowsBite(t *testing.T) {
	dir := scratch(t)
	gate := []string{"test", "-count=1", "-run", "^TestImportArrows$", "./contract_test"}
	must(t, dir, "go", gate...)
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T) (undo func())
		want  string
	}{
		{
			"a new arrow",
			func(t *testing.T) func() {
				return add(t, dir, "internal/retry/spoilt.go", "package retry\n\nimport _ \"github.com/c88edac7/bytescale-go/internal/wire\"\n")
			}, "./internal/retry imports ./internal/wire, which is not listed",
		},
		{
			"an arrow that nobody needs",
			func(t *testing.T) func() {
				return edit(t, dir, "contract_test/imports_test.go", `"./internal/limits": +\{\}`, `"./internal/limits": {"./internal/errs"}`)
			}, "./internal/limits does not import ./internal/errs any more",
		},
		{
			"a new package",
			func(t *testing.T) func() { return add(t, dir, "internal/spoilt/spoilt.go", "package spoilt\n") },
			"./internal/spoilt is not listed",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			defer test.spoil(t)()
			if out, err := command(dir, "go", gate...); err == nil || !strings.Contains(out, test.want) {
				t.Errorf("%v, and the output does not say %q:\n%s", err, test.want, out)
			}
		})
	}
}

// TestCIFailsWhenAStepFails runs .ci/run with a make that fails one target.
func TestCIFailsWhenAStepFails(t *testing.T) {
	bin := t.TempDir()
	put(t, bin, "make", "#!/bin/sh\ncase \"$*\" in *\"$SPOILT\") exit 1;; esac\n", 0o700)
	for _, test := range []struct {
		spoilt, want string
		ok           bool
	}{
		{"no-such-step", " passed, 0 failed", true},
		{"generate-check", ", 1 failed", false},
	} {
		cmd := exec.Command("bash", filepath.Join("..", "..", ".ci", "run"))
		cmd.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "SPOILT="+test.spoilt)
		out, err := cmd.CombinedOutput()
		if (err == nil) != test.ok || !strings.Contains(string(out), test.want) {
			t.Errorf("with %s failing: %v, want success: %v and %q\n%s", test.spoilt, err, test.ok, test.want, out)
		}
		if !test.ok && !regexp.MustCompile(`(?m)^FAILED .* make `+test.spoilt+`$`).Match(out) {
			t.Errorf("the summary does not name %s:\n%s", test.spoilt, out)
		}
	}
}

// TestFuzzSmokeFailsWithoutTargets: the script that finds the targets fails if
// it finds none.
func TestFuzzSmokeFailsWithoutTargets(t *testing.T) {
	script, err := filepath.Abs(filepath.Join("..", "fuzz.sh"))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := command(t.TempDir(), "bash", script, "1s"); err == nil {
		t.Errorf("fuzz.sh succeeds where no fuzz target is:\n%s", out)
	}
}

// TestAcceptedBreaksGiveAReason: every accepted change is below a comment.
func TestAcceptedBreaksGiveAReason(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "released", "accepted-*.txt"))
	if err != nil || len(files) != 2 {
		t.Fatalf("accepted files: %v, %v", files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		reason := false
		for i, line := range strings.Split(string(content), "\n") {
			switch {
			case strings.TrimSpace(line) == "":
				reason = false
			case strings.HasPrefix(line, "#"):
				reason = true
			case !reason:
				t.Errorf("%s:%d has no comment above it that gives the reason", file, i+1)
			}
		}
	}
}
