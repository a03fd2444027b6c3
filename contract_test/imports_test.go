package contracttest

import (
	"bytes"
	"encoding/json"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/c88edac7/bytescale-go"

// engine are the packages that the SDK is made of.
var engine = []string{
	"./internal/bulk", "./internal/download", "./internal/errs", "./internal/limits", "./internal/operation", "./internal/osfile", "./internal/rest",
	"./internal/retry", "./internal/source", "./internal/statedir", "./internal/transfer", "./internal/tree", "./internal/wire",
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
	{pkg: ".", why: "a service that uploads links no validator, command line or logger", allowed: slices.Concat([]string{"./cdn", "./gen", "golang.org/x"}, engine, runtime)},
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

// arrows lists which packages of this module each of them imports, tests apart. An arrow that is not listed is a
// layer that was passed over: think before you add it.
var arrows = map[string][]string{
	// The SDK, from the bottom up.
	"./internal/errs":      {},
	"./internal/operation": {},
	"./internal/limits":    {},
	"./internal/osfile":    {},
	"./internal/statedir":  {"./internal/osfile"},
	"./internal/wire":      {"./internal/errs"},
	"./internal/retry":     {"./internal/errs", "./internal/operation"},
	"./internal/rest":      {"./internal/errs", "./internal/limits", "./internal/operation"},
	"./internal/source":    {"./internal/errs", "./internal/wire"},
	"./internal/transfer": {
		"./internal/errs", "./internal/limits", "./internal/operation", "./internal/retry", "./internal/source",
		"./internal/wire",
	},
	"./internal/download": {
		"./internal/errs", "./internal/limits", "./internal/osfile", "./internal/rest", "./internal/retry",
	},
	"./gen": {},
	".": {
		"./cdn", "./gen", "./internal/bulk", "./internal/download", "./internal/errs", "./internal/limits", "./internal/operation", "./internal/rest", "./internal/retry",
		"./internal/source", "./internal/statedir", "./internal/transfer", "./internal/tree", "./internal/wire",
	},
	"./internal/tree": {},
	"./internal/bulk": {"./internal/osfile", "./internal/tree"},
	"./cdn":           {},
	"./token":         {},

	// The fake, the emulator and the fake for tests.
	"./bytescaletest/fault":    {"./internal/operation"},
	"./internal/fakeapi":       {"./gen"},
	"./internal/fake/refusal":  {},
	"./internal/fake/store":    {},
	"./internal/fake/fetch":    {"./internal/fake/refusal"},
	"./internal/fake/pathvars": {"./internal/fake/refusal"},
	"./internal/fake/script":   {"./bytescaletest/fault"},
	"./internal/fake/folders":  {"./internal/fake/store"},
	"./internal/fake/jobs":     {"./gen", "./internal/fake/store"},
	"./internal/fake/tasks":    {"./internal/fake/folders", "./internal/fake/refusal", "./internal/fake/store"},
	"./internal/fake": {
		"./bytescaletest/fault", "./cdn", "./contract", "./gen", "./internal/fake/fetch", "./internal/fake/folders", "./internal/fake/jobs",
		"./internal/fake/pathvars", "./internal/fake/tasks", "./internal/fake/refusal", "./internal/fake/script", "./internal/fake/store", "./internal/fakeapi",
		"./internal/operation", "./token",
	},
	"./internal/emulator": {"./bytescaletest/fault", "./gen", "./internal/fake", "./internal/fake/store"},
	"./internal/memnet":   {},
	"./bytescaletest": {
		".", "./bytescaletest/fault", "./cdn", "./internal/emulator", "./internal/fake", "./internal/fake/folders", "./internal/fake/store",
		"./internal/memnet",
	},

	// Contract checks.
	"./contract":              {"."},
	"./contract_test":         {},
	"./contract_test/live":    {".", "./contract", "./gen"},
	"./contract_test/mutants": {},
	"./contract_test/suite":   {".", "./bytescaletest/fault", "./contract", "./gen", "./internal/fake", "./internal/fake/fetch"},

	// Programs.
	"./cmd/bytescale":    {".", "./cdn", "./internal/emulator", "./internal/osfile", "./token"},
	"./bench":            {"./gen"},
	"./bench/client":     {"."},
	"./bench/stub":       {},
	"./examples":         {},
	"./examples/avatars": {"."},
	"./examples/browser": {".", "./bytescaletest", "./cdn", "./gen", "./token"},
	"./examples/manage":  {".", "./cdn"},
	"./examples/migrate": {"."},
	"./examples/resume":  {"."},
	"./examples/service": {"."},
	"./examples/upload":  {"."},
	"./interop":          {},
	"./interop/browser":  {},
	"./tools/docblocks":  {},
}

// TestImportArrows fails on an import that is not listed, and on a listed one that nobody needs any more.
func TestImportArrows(t *testing.T) {
	unseen := maps.Clone(arrows)
	for _, pkg := range list(t, "./...") {
		name := localName(pkg.ImportPath)
		listed, known := arrows[name]
		if !known {
			t.Errorf("%s is not listed: say what it may import", name)
		}
		delete(unseen, name)
		var imported []string
		for _, path := range pkg.Imports {
			if local := localName(path); local != path {
				imported = append(imported, local)
			}
		}
		for _, to := range imported {
			if !slices.Contains(listed, to) {
				t.Errorf("%s imports %s, which is not listed", name, to)
			}
		}
		for _, to := range listed {
			if !slices.Contains(imported, to) {
				t.Errorf("%s does not import %s any more: take it off the list", name, to)
			}
		}
	}
	for name := range unseen {
		t.Errorf("%s is listed and does not exist", name)
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
func dependencies(t *testing.T, pkg string) (all []dependency) {
	t.Helper()
	path := module + strings.TrimPrefix(pkg, ".")
	for _, listed := range list(t, "-deps", path) {
		if listed.ImportPath != path {
			all = append(all, dependency{localName(listed.ImportPath), listed.Standard})
		}
	}
	return all
}

type listedPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

// list runs go list in the root of the module.
func list(t *testing.T, args ...string) (all []listedPackage) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=ImportPath,Standard,Imports"}, args...)...)
	command.Dir = ".."
	output, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(output))
	for decoder.More() {
		var listed listedPackage
		if err := decoder.Decode(&listed); err != nil {
			t.Fatal(err)
		}
		all = append(all, listed)
	}
	return all
}
