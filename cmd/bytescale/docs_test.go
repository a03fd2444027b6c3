package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
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
	for _, name := range []string{"", "upload", "download", "info", "rm", "url", "token", "emulator", "version"} {
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
		args = []string{command, "--help"}
	}
	var out, errw bytes.Buffer
	if code := run(t.Context(), args, noEnv, strings.NewReader(""), &out, &errw); code != exitOK || errw.Len() > 0 {
		t.Fatalf("%v: exit code %d, %s", args, code, &errw)
	}
	return out.String()
}

// The manual has a section for each command.
func TestManualIsComplete(t *testing.T) {
	content, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range commandNames(newRoot(&streams{}, noEnv)) {
		if !strings.Contains(string(content), "\n### bytescale "+name+"\n") {
			t.Errorf("%s does not describe %s", manual, name)
		}
	}
}
