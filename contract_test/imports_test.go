package contracttest

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/c88edac7/bytescale-go"

// engine are the packages that the SDK is made of.
var engine = []string{
	"./internal/errs", "./internal/limits", "./internal/operation", "./internal/rest",
	"./internal/retry", "./internal/source", "./internal/transfer", "./internal/wire",
}

// runtime are the modules that come along with generated code.
var runtime = []string{"github.com/oapi-codegen/runtime", "github.com/apapsch/go-jsonmerge/v2", "github.com/google/uuid"}

// What users link follows from who imports whom. Packages of this module are written as paths in it.
var importRules = []struct {
	pkg     string
	why     string
	allowed []string // everything outside the standard library that it may link
	never   []string // with a slash at the end: whatever is below
}{
	{pkg: "./gen", why: "generated code brings only its runtime", allowed: runtime},
	{pkg: ".", why: "a service that uploads links no validator, command line or logger", allowed: slices.Concat([]string{"./gen", "golang.org/x"}, engine, runtime)},
	{pkg: "./cdn", why: "URLs need no client", allowed: []string{}},
	{pkg: "./token", why: "tokens need no client", allowed: []string{}},
	{pkg: "./internal/fakeapi", why: "generated code brings only its runtime", allowed: append([]string{"./gen"}, runtime...)},
	{pkg: "./contract", why: "checks of live traffic know nothing of the fake", never: []string{"./internal/fake/", "./internal/fake", "./internal/fakeapi", "./internal/memnet", "./internal/emulator", "./bytescaletest/", "./bytescaletest", "testing"}},
	{pkg: "./internal/fake", why: "the emulator is no test, and the SDK not a part of the service", never: []string{"./bytescaletest", "testing"}},
	{pkg: "./bytescaletest", why: "a fake for tests is no command", never: []string{"./cmd"}},
	{pkg: "./cmd/bytescale", why: "a program carries no test flags", never: []string{"./bytescaletest", "testing"}},
}

func TestImports(t *testing.T) {
	for _, rule := range importRules {
		t.Run(rule.pkg, func(t *testing.T) {
			for _, dependency := range dependencies(t, rule.pkg) {
				matches := func(prefix string) bool {
					return dependency.name == prefix || strings.HasPrefix(dependency.name, prefix+"/")
				}
				never := func(name string) bool {
					return dependency.name == name || strings.HasSuffix(name, "/") && strings.HasPrefix(dependency.name, name)
				}
				if slices.ContainsFunc(rule.never, never) {
					t.Errorf("links %s: %s", dependency.name, rule.why)
				}
				if rule.allowed != nil && !dependency.standard && !slices.ContainsFunc(rule.allowed, matches) {
					t.Errorf("links %s: %s", dependency.name, rule.why)
				}
			}
		})
	}
}

type dependency struct {
	name     string
	standard bool
}

// localName writes a package of this module as a path in it.
func localName(path string) string {
	if path == module || strings.HasPrefix(path, module+"/") {
		return "." + strings.TrimPrefix(path, module)
	}
	return path
}

// dependencies lists what a package links beside itself.
func dependencies(t *testing.T, pkg string) []dependency {
	t.Helper()
	path := module + strings.TrimPrefix(pkg, ".")
	output, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Standard", path).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []dependency
	decoder := json.NewDecoder(strings.NewReader(string(output)))
	for decoder.More() {
		var listed struct {
			ImportPath string
			Standard   bool
		}
		if err := decoder.Decode(&listed); err != nil {
			t.Fatal(err)
		}
		if listed.ImportPath != path {
			all = append(all, dependency{localName(listed.ImportPath), listed.Standard})
		}
	}
	return all
}
