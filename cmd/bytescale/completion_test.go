package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/c88edac7/bytescale-go/internal/fake"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// complete returns what a shell gets for the arguments, the last of which is being typed.
func complete(t *testing.T, env getenv, args ...string) (candidates []string, directive string) {
	t.Helper()
	var out, errw bytes.Buffer
	if code := run(t.Context(), append([]string{"__completeNoDesc"}, args...), env, strings.NewReader(""), &out, &errw); code != exitOK {
		t.Fatalf("%q: exit code %d, %s", args, code, &errw)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	return lines[:len(lines)-1], lines[len(lines)-1]
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	service, err := startService(fake.Options{Keys: []string{testKey}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if broken := service.Violations(); len(broken) > 0 {
			t.Errorf("rules broken: %q", broken)
		}
		service.stop()
	})
	add := func(path string) {
		file := store.File{AccountID: testAccount, Path: path, Metadata: []byte("{}"), LastModified: time.Now(), ETag: "e", MIME: "text/plain"}
		if err := service.Store().AddFile(file, nil, false); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"/a.txt", "/photos/cat.jpg", "/photos/my dog.jpg", "/photos/evil\x1b[2J", "/photos/2026/x", "/plans/x"} {
		add(path)
	}
	for i := range maxCompletions + 10 {
		add(fmt.Sprintf("/many/%d", i))
	}
	variables := map[string]string{"BYTESCALE_API_KEY": testKey, "BYTESCALE_API_URL": service.url(), "BYTESCALE_CDN_URL": service.url()}
	env := func(name string) string { return variables[name] }
	const nothing, noFiles, noSpace, directories = ":0", ":4", ":6", ":16"
	for _, test := range []struct {
		args      []string
		want      []string
		directive string
	}{
		{[]string{"download", ""}, []string{"/a.txt", "/many/", "/photos/", "/plans/"}, noSpace},
		{[]string{"info", "/p"}, []string{"/photos/", "/plans/"}, noSpace},
		{[]string{"rm", "/a.txt", "/photos/"}, []string{"/photos/2026/", "/photos/cat.jpg", "/photos/my dog.jpg"}, noSpace},
		{[]string{"url", "/photos/m"}, []string{"/photos/my dog.jpg"}, noFiles},
		{[]string{"info", "/nowhere/"}, nil, noFiles},
		{[]string{"ls", "/"}, []string{"/many/", "/photos/", "/plans/"}, noSpace},
		{[]string{"cp", "bytescale:/ph"}, []string{"bytescale:/photos/"}, noSpace},
		{[]string{"mv", "bytescale:"}, []string{"bytescale:/a.txt", "bytescale:/many/", "bytescale:/photos/", "bytescale:/plans/"}, noSpace},
		{[]string{"job", "wait", ""}, nil, noFiles},
		{[]string{"job", "w"}, []string{"wait"}, noFiles},
		{[]string{"info", "//"}, nil, noFiles},
		{[]string{"info", "https://"}, nil, noFiles},
		{[]string{"upload", "/p"}, nil, nothing},
		{[]string{"sync", "bytescale:/ph"}, []string{"bytescale:/photos/"}, noSpace},
		{[]string{"sync", "bytescale:/photos", "/p"}, nil, directories},
		{[]string{"upload", "--folder", "/p"}, []string{"/photos/", "/plans/"}, noSpace},
		{[]string{"upload", "--folder=/a"}, nil, noFiles},
		{[]string{"upload", "--mime", ""}, nil, noFiles},
		{[]string{"info", "--api-key", "public_A623uY2none", "/p"}, nil, noFiles},
		{[]string{"info", "--api-url", "http://127.0.0.1:1", "/p"}, nil, noFiles},
		{[]string{"info", "--api-url", "nonsense", "/p"}, nil, noFiles},
		{[]string{"emulator", "--data", ""}, nil, directories},
		{[]string{"emulator", ""}, nil, noFiles},
		{[]string{"completion", "p"}, []string{"powershell"}, noFiles},
		{[]string{"dow"}, []string{"download"}, noFiles},
		{[]string{"info", "--js"}, []string{"--json"}, noFiles},
	} {
		got, directive := complete(t, env, test.args...)
		slices.Sort(got)
		if !slices.Equal(got, test.want) || directive != test.directive {
			t.Errorf("%q: %q %s, want %q %s", test.args, got, directive, test.want, test.directive)
		}
	}
	if many, _ := complete(t, env, "info", "/many/"); len(many) != maxCompletions {
		t.Errorf("%d completions", len(many))
	}
	if got, _ := complete(t, noEnv, "info", "/p"); len(got) > 0 {
		t.Errorf("without a key: %q", got)
	}
}

func TestCompletionScripts(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		var out, errw bytes.Buffer
		if code := run(t.Context(), []string{"completion", shell}, noEnv, strings.NewReader(""), &out, &errw); code != exitOK || !strings.Contains(out.String(), "__complete") {
			t.Errorf("%s: exit code %d, %d bytes, %s", shell, code, out.Len(), &errw)
		}
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, `expected one of "bash", "zsh", "fish", "powershell"`},
		{[]string{"bash", "zsh"}, `expected one of`},
		{[]string{"bsh"}, `there is no completion for bsh, did you mean "bash"?`},
	} {
		var out, errw bytes.Buffer
		if code := run(t.Context(), append([]string{"completion"}, test.args...), noEnv, strings.NewReader(""), &out, &errw); code != exitUsage || !strings.Contains(errw.String(), test.want) || out.Len() > 0 {
			t.Errorf("%q: exit code %d, %s", test.args, code, &errw)
		}
	}
}
