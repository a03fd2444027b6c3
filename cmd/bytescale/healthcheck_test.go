package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	emulator := runEmulator(t)
	address := strings.TrimPrefix(emulator.url, "http://")
	sick := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(sick.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	_, port, _ := strings.Cut(address, ":")
	for _, test := range []struct {
		addr string
		code int
		want string
	}{
		{address, exitOK, ""},
		{":" + port, exitOK, ""},
		{"0.0.0.0:" + port, exitOK, ""},
		{strings.TrimPrefix(sick.URL, "http://"), exitFailed, "answers 404"},
		{strings.TrimPrefix(gone.URL, "http://"), exitFailed, "no emulator answers at "},
		{"127.0.0.1", exitUsage, "--addr 127.0.0.1: "},
	} {
		env := func(name string) string { return map[string]string{"BYTESCALE_EMULATOR_ADDR": test.addr}[name] }
		var out, errw bytes.Buffer
		code := run(t.Context(), []string{"emulator", "--healthcheck"}, env, strings.NewReader(""), &out, &errw)
		if code != test.code || !strings.Contains(errw.String(), test.want) || out.Len() > 0 || (code == exitOK) != (errw.Len() == 0) {
			t.Errorf("%s: exit code %d, %s%s", test.addr, code, &out, &errw)
		}
	}
}

// Every flag of the emulator has a variable.
func TestEmulatorVariables(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"ADDR": "127.0.0.1:0", "PUBLIC_URL": "http://files.example", "DATA": t.TempDir(), "MAX_SIZE": "1MiB",
		"API_KEY": "secret_A623uY2a public_A623uY2b", "JWT_KEY": "a.pem b.pem", "ALLOW_ORIGIN": "https://a.example https://b.example",
		"ALLOW_PRIVATE_URLS": "true", "PART_SIZE": "2MiB", "API_LATENCY": "5ms", "BANDWIDTH": "1MB", "DISCARD": "1",
		"FAULT_KEY": "0123456789abcdef",
	}
	read := map[string]bool{}
	env := func(name string) string {
		short := strings.TrimPrefix(name, emulatorVariables)
		read[short] = true
		return values[short]
	}
	var emulator emulatorCmd
	cmd := emulator.command(&streams{out: io.Discard, err: io.Discard}, env)
	if err := readEnvironment(cmd.Flags(), env); err != nil {
		t.Fatal(err)
	}
	for name := range values {
		if !read[name] {
			t.Errorf("%s was not asked for", name)
		}
	}
	for name := range read {
		if values[name] == "" {
			t.Errorf("%s is not tried here", name)
		}
	}
	got := emulator.options()
	if got.Address != "127.0.0.1:0" || got.PublicURL != "http://files.example" || got.Limits.Bytes != 1<<20 || len(got.Service.Keys) != 2 ||
		len(emulator.jwtKeys) != 2 || len(got.AllowOrigins) != 2 || !got.Service.AllowPrivateURLs || got.Service.PartSizes[0] != 2<<20 ||
		got.Service.APILatency != 5e6 || got.Service.Bandwidth != 1e6 || !got.Service.Discard || got.FaultKey != "0123456789abcdef" {
		t.Errorf("options %+v, keys %q", got, emulator.jwtKeys)
	}
}

// A flag wins over its variable.
func TestEmulatorFlagsWin(t *testing.T) {
	t.Parallel()
	env := func(string) string { return "1KiB" }
	var emulator emulatorCmd
	cmd := emulator.command(&streams{}, env)
	if err := cmd.ParseFlags([]string{"--part-size", "2KiB", "--api-key", "a", "--discard=false", "--healthcheck"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"part-size", "api-key", "discard"} {
		flag := cmd.Flags().Lookup(name)
		before := flag.Value.String()
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		flags.AddFlag(flag)
		if err := readEnvironment(flags, env); err != nil || flag.Value.String() != before {
			t.Errorf("--%s: %s, %v; want %s", name, flag.Value, err, before)
		}
	}
}

// A wrong variable ends the command with the name of the variable and no secret.
func TestWrongEmulatorVariables(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ value, want string }{
		"PART_SIZE":   {"big", `$BYTESCALE_EMULATOR_PART_SIZE: "big" is not a size`},
		"DISCARD":     {"maybe", `$BYTESCALE_EMULATOR_DISCARD: expected true or false but got "maybe"`},
		"API_LATENCY": {"5", `$BYTESCALE_EMULATOR_API_LATENCY: expected a duration such as 50ms but got "5"`},
		"API_KEY":     {"hunter2", "--api-key number 1 is not well-formed"},
		"PUBLIC_URL":  {"files.example", `--public-url: "files.example" is not the address of a server`},
		"FAULT_KEY":   {"hunter2", "--fault-key: a fault key needs at least 16 characters"},
	} {
		env := func(variable string) string {
			return map[string]string{emulatorVariables + name: test.value, "BYTESCALE_EMULATOR_ADDR": "127.0.0.1:0"}[variable]
		}
		var out, errw bytes.Buffer
		code := run(t.Context(), []string{"emulator"}, env, strings.NewReader(""), &out, &errw)
		if code != exitUsage || !strings.Contains(errw.String(), test.want) || strings.Contains(errw.String(), "hunter2") {
			t.Errorf("%s: exit code %d, %s", name, code, &errw)
		}
	}
}

// The examples and the page about the emulator name variables that exist.
func TestVariablesOfTheExamples(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	new(emulatorCmd).command(&streams{}, noEnv).Flags().VisitAll(func(flag *pflag.Flag) { known[annotation(flag, flagEnvironment)] = true })
	pages, err := filepath.Glob("../../examples/emulator/*.*")
	if err != nil || len(pages) < 4 {
		t.Fatal(pages, err)
	}
	for _, page := range append(pages, "../../docs/emulator.md") {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, variable := range regexp.MustCompile(`BYTESCALE_EMULATOR_[A-Z_]+`).FindAllString(string(content), -1) {
			if !known[variable] {
				t.Errorf("%s names %s, which no flag reads", page, variable)
			}
		}
	}
}
