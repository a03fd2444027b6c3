package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// usageOf runs the command line in this process and returns what it printed.
func usageOf(t *testing.T, env getenv, args ...string) (code int, out, errw string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), args, env, strings.NewReader(""), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestUsageErrors(t *testing.T) {
	for _, test := range []struct {
		help string // the command whose help is named
		args []string
		want string
	}{
		{"bytescale", nil, `expected one of "upload", "download", "sync", "ls", "info", "cp", "mv", "rm", "mkdir", "job", "process", "reset-cache", "url", "token", "emulator", "completion", "version"`},
		{"bytescale", []string{"frobnicate"}, "unexpected argument frobnicate"},
		{"bytescale", []string{"frobnicate", "--no-such-flag"}, "unexpected argument frobnicate"},
		{"bytescale", []string{"uplod", "a"}, `unexpected argument uplod, did you mean "upload"?`},
		{"bytescale", []string{"UPLOAD", "a"}, `unexpected argument UPLOAD, did you mean "upload"?`},
		{"bytescale", []string{"down"}, `unexpected argument down, did you mean "download"?`},
		{"bytescale", []string{"cd"}, "unexpected argument cd"},
		{"bytescale", []string{"--json"}, "unknown flag --json"},
		{"bytescale", []string{"help", "frobnicate"}, "unexpected argument frobnicate"},
		{"bytescale upload", []string{"upload"}, `expected "<file> ..."`},
		{"bytescale upload", []string{"upload", "-qr", "--"}, `expected "<file> ..."`},
		{"bytescale upload", []string{"upload", "--fil", "3", "a"}, `unknown flag --fil, did you mean "--files"?`},
		{"bytescale upload", []string{"upload", "--no-such-flag", "a"}, "unknown flag --no-such-flag"},
		{"bytescale upload", []string{"upload", "-qz", "a"}, "unknown flag -z"},
		{"bytescale upload", []string{"upload", "--json=maybe", "a"}, `--json: expected true or false but got "maybe"`},
		{"bytescale upload", []string{"upload", "--files", "x", "a"}, `--files: expected a whole number but got "x"`},
		{"bytescale upload", []string{"upload", "--api-rate", "fast", "a"}, `--api-rate: expected a number but got "fast"`},
		{"bytescale upload", []string{"upload", "a", "--files"}, "--files: expected a value"},
		{"bytescale upload", []string{"upload", "--name", "--json", "a"}, `--name: expected a value but got "--json"; if that is the value, write --name="--json"`},
		{"bytescale download", []string{"download", "-qo", "-f", "/a"}, `--output: expected a value but got "-f"; if that is the value, write --output="-f"`},
		{"bytescale download", []string{"download", "/a", "/b"}, "unexpected argument /b"},
		{"bytescale download", []string{"download"}, `expected "<file>"`},
		{"bytescale version", []string{"version", "more"}, "unexpected argument more"},
		{"bytescale emulator", []string{"emulator", "more"}, "unexpected argument more"},
		{"bytescale emulator", []string{"emulator", "--part-size", "0"}, `--part-size: "0" is not a size such as 5MiB or 1000000`},
		{"bytescale emulator", []string{"emulator", "--api-latency", "5"}, `--api-latency: expected a duration such as 50ms but got "5"`},
	} {
		code, out, errw := usageOf(t, noEnv, test.args...)
		if want := "bytescale: " + test.want + "; try: " + test.help + " --help\n"; code != exitUsage || out != "" || errw != want {
			t.Errorf("%q: exit code %d, printed %q and %q, want %q", test.args, code, out, errw, want)
		}
	}
}

// A value after "=" may begin with a dash, one that is "-" alone is no flag, and
// after "--" nothing is.
func TestValuesThatBeginWithADash(t *testing.T) {
	for _, args := range [][]string{
		{"upload", "--name=--json", "a"},
		{"download", "-o", "-", "/a"},
		{"download", "-o-f", "/a"},
		{"upload", "--", "--name", "--json"},
	} {
		if code, _, errw := usageOf(t, noEnv, args...); !strings.HasPrefix(errw, "bytescale: no API key;") {
			t.Errorf("%q: exit code %d: %s", args, code, errw)
		}
	}
}

// Each flag that an environment variable can set says so, is set by it, and counts more
// than the variable. The emulator has variables for all of its flags, see
// TestEmulatorVariables.
func TestEnvironment(t *testing.T) {
	for _, command := range allCommands(newRoot(&streams{}, noEnv)) {
		if command.Name() == "emulator" {
			continue
		}
		found, want := 0, map[string]int{"token": 2}[command.Name()]
		if command.Flags().Lookup("api-url") != nil { // it talks to the service
			want = 4
		}
		command.Flags().VisitAll(func(flag *pflag.Flag) {
			variable := annotation(flag, flagEnvironment)
			if variable == "" {
				return
			}
			found++
			if !strings.HasSuffix(flag.Usage, "($"+variable+")") {
				t.Errorf("%s --%s does not name $%s", command.Name(), flag.Name, variable)
			}
			env := func(name string) string {
				if name == variable {
					return "of the environment"
				}
				return ""
			}
			if err := readEnvironment(command.Flags(), env); err != nil || flag.Value.String() != "of the environment" {
				t.Errorf("%s --%s: %q, %v", command.Name(), flag.Name, flag.Value, err)
			}
			if err := command.Flags().Set(flag.Name, "given"); err != nil {
				t.Fatal(err)
			}
			if err := readEnvironment(command.Flags(), env); err != nil || !strings.HasSuffix(flag.Value.String(), "given") { // a flag that can be repeated adds to its values
				t.Errorf("%s --%s given: %q, %v", command.Name(), flag.Name, flag.Value, err)
			}
		})
		if found != want {
			t.Errorf("%d flags of %s have a variable, want %d", found, command.Name(), want)
		}
	}
}

func TestHelpFits(t *testing.T) {
	for _, command := range allCommands(newRoot(&streams{}, noEnv)) {
		for line := range strings.Lines(help(t, command)) {
			if width := len(strings.TrimSuffix(line, "\n")); width > helpWidth {
				t.Errorf("help of %s: %d columns: %s", command.CommandPath(), width, line)
			}
		}
	}
}

// There are three ways to ask for the same help.
func TestHelp(t *testing.T) {
	root := newRoot(&streams{}, noEnv)
	upload, _, err := root.Find([]string{"upload"})
	if err != nil {
		t.Fatal(err)
	}
	want := help(t, upload)
	for _, args := range [][]string{{"help", "upload"}, {"upload", "-h", "a"}, {"upload", "--files", "3", "--help"}} {
		if code, out, errw := usageOf(t, noEnv, args...); code != exitOK || out != want || errw != "" {
			t.Errorf("%q: exit code %d, printed %q and %q", args, code, out, errw)
		}
	}
	if code, out, _ := usageOf(t, noEnv, "help"); code != exitOK || out != help(t, root) {
		t.Errorf("help: exit code %d, printed %q", code, out)
	}
}

func TestVersionFlag(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--version"}, {"upload", "--version"}, {"download", "a", "b", "--version"}} {
		if code, out, errw := usageOf(t, noEnv, args...); code != exitOK || out != version()+"\n" || errw != "" {
			t.Errorf("%q: exit code %d, printed %q and %q", args, code, out, errw)
		}
	}
}
