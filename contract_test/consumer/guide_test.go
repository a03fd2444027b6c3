//go:build gates

package consumer

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A guide is what docs/contract-checks.md tells its reader to do.
type guide struct {
	sections map[string][]block // by heading
	steps    []step             // of the workflow
}

// A block is a code block: commands, the content of a file, or an example.
type block struct {
	language, file, text string
}

// A step is one step of the workflow that runs commands.
type step struct{ name, script string }

var (
	heading   = regexp.MustCompile(`(?m)^## (.*)$`)
	fenced    = regexp.MustCompile("(?s)(?:`([a-z/.]+)`(?: becomes)?:\n\n)?```(\\w+)\n(.*?)\n```")
	named     = regexp.MustCompile(`(?m)^ {6}- name: (.*)\n`)
	oneLine   = regexp.MustCompile(`(?m)^ {8}run: ([^|\n].*)$`)
	manyLines = regexp.MustCompile(`(?m)^ {8}run: \|\n((?: {10}.*(?:\n|$))+)`)
)

func readGuide(t *testing.T) guide {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "docs", "contract-checks.md"))
	if err != nil {
		t.Fatal(err)
	}
	g := guide{sections: map[string][]block{}}
	text := string(data)
	headings := heading.FindAllStringSubmatchIndex(text, -1)
	for i, h := range headings {
		end := len(text)
		if i+1 < len(headings) {
			end = headings[i+1][0]
		}
		name := text[h[2]:h[3]]
		for _, m := range fenced.FindAllStringSubmatch(text[h[1]:end], -1) {
			g.sections[name] = append(g.sections[name], block{language: m[2], file: m[1], text: m[3] + "\n"})
		}
	}
	g.steps = stepsOf(g.sections["The workflow"][0].text)
	if len(g.steps) != 4 || len(g.sections) != 5 {
		t.Fatalf("the guide has %d steps and %d sections", len(g.steps), len(g.sections))
	}
	return g
}

// stepsOf reads the commands of a workflow.
func stepsOf(workflow string) (steps []step) {
	places := named.FindAllStringSubmatchIndex(workflow, -1)
	for i, place := range places {
		end := len(workflow)
		if i+1 < len(places) {
			end = places[i+1][0]
		}
		s := step{name: workflow[place[2]:place[3]]}
		if m := oneLine.FindStringSubmatch(workflow[place[0]:end]); m != nil {
			s.script = m[1]
		}
		if m := manyLines.FindStringSubmatch(workflow[place[0]:end]); m != nil {
			s.script = regexp.MustCompile(`(?m)^ {10}`).ReplaceAllString(m[1], "")
		}
		steps = append(steps, s)
	}
	return steps
}

// follow does what a section says: it writes the files and runs the commands, in order.
func (c consumer) follow(g guide, section string) {
	c.Helper()
	if len(g.sections[section]) == 0 {
		c.Fatalf("the guide has no section %q", section)
	}
	for _, b := range g.sections[section] {
		switch {
		case b.file != "":
			c.write(b.file, b.text)
		case b.language == "sh":
			c.must(b.text)
		default:
			c.Fatalf("%s: a block that is neither a file nor commands:\n%s", section, b.text)
		}
	}
}

// TestExamplesAreUsed: the examples of the third section are lines of the module's own test.
func TestExamplesAreUsed(t *testing.T) {
	used, err := os.ReadFile("testdata/consumer/avatars_test.go")
	if err != nil {
		t.Fatal(err)
	}
	example := readGuide(t).sections["3. Check the traffic of your tests"][0].text
	indented := "\t" + strings.ReplaceAll(strings.TrimSuffix(example, "\n"), "\n", "\n\t")
	if !strings.Contains(string(used), indented) {
		t.Errorf("the test of the module does not have the lines\n%s", indented)
	}
}
