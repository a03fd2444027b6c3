package mutants

import (
	"crypto/sha256"
	"testing"

	"github.com/c88edac7/bytescale-go"
)

// TestMutantsDiffer: every mutant has a mistake, and no two are the same.
func TestMutantsDiffer(t *testing.T) {
	spec := bytescale.OpenAPI()
	unchanged, err := Unchanged(spec)
	if err != nil {
		t.Fatal(err)
	}
	all, err := Of(spec)
	if err != nil {
		t.Fatal(err)
	}
	names, documents := map[string]bool{}, map[[sha256.Size]byte]string{sha256.Sum256(unchanged): "the unchanged document"}
	kinds := map[string]int{}
	for i, m := range all {
		kinds[m.Kind]++
		if names[m.Name] {
			t.Errorf("two mutants are called %q", m.Name)
		}
		names[m.Name] = true
		if len(m.Operations) == 0 {
			t.Errorf("%q touches no operation", m.Name)
		}
		if i%everyDocument != 0 {
			continue
		}
		sum := sha256.Sum256(m.Document())
		if other := documents[sum]; other != "" {
			t.Errorf("%q is the same as %s", m.Name, other)
		}
		documents[sum] = m.Name
	}
	// The same document gives the same mutants in the same order.
	again, err := Of(spec)
	if err != nil || len(again) != len(all) {
		t.Fatal(len(again), err)
	}
	for i, m := range again {
		if m.Name != all[i].Name {
			t.Fatalf("the second time, %q is %q", all[i].Name, m.Name)
		}
		if i%everyDocument == 0 && documents[sha256.Sum256(m.Document())] != m.Name {
			t.Fatalf("the second time, %q has another document", m.Name)
		}
	}
	// Every kind of mistake is made.
	for _, kind := range []string{
		"required", "limit", "pattern", "format", "type", "enum", "nullable", "items", "union", "discriminator", "additionalProperties",
		"property", "name", "status", "path", "method", "operation", "parameter", "place", "security", "media type", "body", "header", "server",
	} {
		if kinds[kind] == 0 {
			t.Errorf("no mutant of the kind %q", kind)
		}
	}
}
