package refusal

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCodes(t *testing.T) {
	seen := map[string]bool{}
	for _, code := range Codes() {
		if !regexp.MustCompile(`^[a-z0-9_]{1,255}$`).MatchString(code.Name) || seen[code.Name] || code.Status < 400 || code.Meaning == "" {
			t.Errorf("%+v", code)
		}
		seen[code.Name] = true
	}
}

// The page about the fake lists exactly the codes that there are.
func TestDocumentedCodes(t *testing.T) {
	page, err := os.ReadFile("../../../docs/fake.md")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, code := range Codes() {
		whose := "ours"
		if code.Vendor {
			whose = "the vendor's"
		}
		want = append(want, fmt.Sprintf("| %d | `%s` | %s | %s |", code.Status, code.Name, code.Meaning, whose))
	}
	row := regexp.MustCompile("^\\| [0-9]{3} \\| `")
	for line := range strings.Lines(string(page)) {
		if row.MatchString(line) {
			got = append(got, strings.TrimSpace(line))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the table in docs/fake.md (-want +got):\n%s", diff)
	}
}
