package mutants

import (
	"bytes"
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
	names, documents := map[string]bool{}, map[string]string{string(unchanged): "the unchanged document"}
	kinds := map[string]int{}
	for _, m := range all {
		kinds[m.Kind]++
		if names[m.Name] {
			t.Errorf("two mutants are called %q", m.Name)
		}
		names[m.Name] = true
		if other := documents[string(m.Document)]; other != "" {
			t.Errorf("%q is the same as %s", m.Name, other)
		}
		documents[string(m.Document)] = m.Name
		if len(m.Operations) == 0 {
			t.Errorf("%q touches no operation", m.Name)
		}
	}
	// The same document gives the same mutants in the same order.
	again, err := Of(spec)
	if err != nil || len(again) != len(all) {
		t.Fatal(len(again), err)
	}
	for i, m := range again {
		if m.Name != all[i].Name || !bytes.Equal(m.Document, all[i].Document) {
			t.Fatalf("the second time, %q is %q", all[i].Name, m.Name)
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
