package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

const manual = "../../docs/command.md"

// helpMarker is the line where the generated part of the manual begins.
const helpMarker = "<!-- help -->\n"

// The reference in the manual is the output of --help. Run with -update to rewrite it.
func TestManual(t *testing.T) {
	content, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	prose, reference, found := strings.Cut(string(content), helpMarker)
	if !found {
		t.Fatalf("%s has no line %q", manual, helpMarker)
	}
	var want strings.Builder
	for _, command := range allCommands(newRoot(&streams{}, noEnv)) {
		want.WriteString("\n### " + command.CommandPath() + "\n\n```\n" + help(t, command) + "```\n")
	}
	if want.String() == reference {
		return
	}
	if *update {
		if err := os.WriteFile(manual, []byte(prose+helpMarker+want.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s is not what --help prints; run: go test ./cmd/bytescale -run TestManual -update", manual)
}

// help returns the help of a command.
func help(t *testing.T, command *cobra.Command) string {
	t.Helper()
	args := append(strings.Fields(command.CommandPath())[1:], "--help")
	var out, errw bytes.Buffer
	if code := run(t.Context(), args, noEnv, strings.NewReader(""), &out, &errw); code != exitOK || errw.Len() > 0 {
		t.Fatalf("%v: exit code %d, %s", args, code, &errw)
	}
	return out.String()
}

// allCommands returns a command and all those below it.
func allCommands(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, below := range cmd.Commands() {
		all = append(all, allCommands(below)...)
	}
	return all
}
