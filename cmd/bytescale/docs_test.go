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
	for _, name := range append([]string{""}, allCommands(newRoot(&streams{}, noEnv))...) {
		title := strings.TrimSpace("bytescale " + name)
		want.WriteString("\n### " + title + "\n\n```\n" + help(t, name) + "```\n")
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

// help returns the help of a command, "" for that of bytescale.
func help(t *testing.T, command string) string {
	t.Helper()
	args := []string{"--help"}
	if command != "" {
		args = append(strings.Fields(command), "--help")
	}
	var out, errw bytes.Buffer
	if code := run(t.Context(), args, noEnv, strings.NewReader(""), &out, &errw); code != exitOK || errw.Len() > 0 {
		t.Fatalf("%v: exit code %d, %s", args, code, &errw)
	}
	return out.String()
}

// allCommands returns the names of all commands below cmd: "upload", "job", "job wait".
func allCommands(cmd *cobra.Command) []string {
	var names []string
	for _, command := range cmd.Commands() {
		names = append(names, command.Name())
		for _, below := range allCommands(command) {
			names = append(names, command.Name()+" "+below)
		}
	}
	return names
}
