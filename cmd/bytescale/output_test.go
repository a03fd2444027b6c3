package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	bytescale "github.com/c88edac7/bytescale-go"
)

// hostile is text that a terminal would act on, or that would look like something else.
const hostile = "a\x00\x1b[2J\r\n\x7f\u0085\u009b31m\u2028\u2029\u202e\u2066\u200f\xffé世"

func TestShown(t *testing.T) {
	if got, want := shown(hostile), "a"+strings.Repeat("\uFFFD", 1)+"\uFFFD[2J"+strings.Repeat("\uFFFD", 5)+"31m"+strings.Repeat("\uFFFD", 6)+"é世"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// An error of any length is a line that can be read.
func TestLongErrors(t *testing.T) {
	long := explain(errors.New(strings.Repeat("世", 500_000)))
	if n := utf8.RuneCountInString(long); n > 1001 || !strings.HasSuffix(long, "世…") {
		t.Errorf("%d characters, which end in %q", n, long[len(long)-20:])
	}
	if got := explain(errors.New(strings.Repeat("世", 1000))); strings.Contains(got, "…") {
		t.Error("1000 characters are cut")
	}
}

// Whatever a server sends, what is printed has no character that a terminal would act on,
// stays on its line, and as JSON still holds what was sent.
func FuzzOutput(f *testing.F) {
	f.Add(hostile)
	f.Add(`"\u202e<&>`)
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		file := &bytescale.FileDetails{
			FilePath: text, FileURL: text, ETag: text, MIME: text, OriginalFileName: text, Tags: []string{text}, Metadata: map[string]any{text: text},
		}
		line := jsonLine(uploaded{Source: text, FileDetails: file})
		var back struct{ FilePath string }
		if err := json.Unmarshal([]byte(line), &back); err != nil || back.FilePath != strings.ToValidUTF8(text, "\uFFFD") && utf8.ValidString(text) {
			t.Fatalf("%q came back as %q, %v", text, back.FilePath, err)
		}
		for name, printed := range map[string]string{"JSON": line, "an error": explain(errors.New(text)), "a name": shown(text)} {
			checkPrinted(t, name, printed)
		}
		folder := &bytescale.FolderDetails{FolderPath: text, Settings: bytescale.FolderSettings{Description: text}, SettingsInherited: bytescale.InheritedSettings{
			PublicPermissionsFrom: text, PublicPermissions: []bytescale.PublicPermission{{Scope: bytescale.PermissionScope(text), DownloadFile: []string{text}}},
		}}
		job := &bytescale.JobSummary{
			Type: bytescale.JobType(text), ID: text, Status: bytescale.JobStatus(text), Summary: map[string]any{text: []any{text}},
			Failure: &bytescale.JobFailure{Code: text, Message: text, Details: json.RawMessage(text)},
		}
		for property := range strings.Lines(details(file) + folderDetails(folder) + jobDetails(job)) {
			checkPrinted(t, "a property", strings.TrimSuffix(property, "\n"))
		}
		checkPrinted(t, "a failed job", explain(&bytescale.JobError{JobFailure: *job.Failure, Type: job.Type, ID: text, Status: bytescale.JobStatusFailed}))
		if diff := cmp.Diff(shown(text), shown(shown(text))); diff != "" {
			t.Error(diff)
		}
	})
}

func checkPrinted(t *testing.T, name, printed string) {
	t.Helper()
	for _, r := range printed {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			t.Fatalf("%s: %U in %q", name, r, printed)
		}
	}
	if !utf8.ValidString(printed) {
		t.Errorf("%s: %q is not UTF-8", name, printed)
	}
}
