package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
	"github.com/c88edac7/bytescale-go/contract"
)

const key = "secret_A623uY2liveliveliveliveli"

// against runs the program against a fake service.
func against(t *testing.T, srv *bytescaletest.Server) (int, string) {
	t.Helper()
	env := map[string]string{"BYTESCALE_API_KEY": key, "BYTESCALE_API_URL": srv.URL(), "BYTESCALE_CDN_URL": srv.URL()}
	var out bytes.Buffer
	code := run(t.Context(), func(name string) string { return env[name] }, &out)
	if strings.Contains(out.String(), key) || strings.Contains(out.String(), "signature=") {
		t.Errorf("a secret is printed:\n%s", &out)
	}
	return code, out.String()
}

func server(t *testing.T) *bytescaletest.Server {
	return bytescaletest.NewServer(t, bytescaletest.WithLenient(), bytescaletest.WithPrivateURLs(), bytescaletest.WithKeys(key))
}

func TestNothingDeviates(t *testing.T) {
	srv := server(t)
	code, out := against(t, srv)
	if code != 0 || !strings.Contains(out, fmt.Sprintf("0 deviations from openapi.yaml, 0 of %d steps failed.", len(steps))) {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if files := srv.Files(); len(files) > 0 {
		t.Errorf("%d files are left, the first is %s", len(files), files[0].FilePath)
	}
	for _, folder := range srv.Folders() {
		if folder.Path != "/" { // which was there before
			t.Errorf("the folder %s is left", folder.Path)
		}
	}
	// Every operation has had a success.
	for _, op := range contract.Default().Operations() {
		exercised := regexp.MustCompile(`(?m)^` + op + ` +1/1 .* 20[0-9]`).MatchString(out)
		if !exercised {
			t.Errorf("%s was not exercised\n%s", op, out)
		}
	}
}

func TestDeviationsAreReported(t *testing.T) {
	srv := server(t)
	srv.Fail(
		fault.Fault{Operation: "ListUploadParts", Kind: fault.WrongShape, Body: `{"remainingUploadParts":null}`},
		fault.Fault{Operation: "BasicUpload", Kind: fault.Status, Status: 418},
	)
	code, out := against(t, srv)
	for _, want := range []string{
		fmt.Sprintf("2 deviations from openapi.yaml, 1 of %d steps failed.", len(steps)),
		"- ListUploadParts response 200: body/remainingUploadParts: must not be null (nullable), seen 1 times",
		"- BasicUpload response 418: status: must be a documented status, not 418 (undocumented), seen 1 times",
		"- BasicUpload: BasicUpload answered 418",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in the report", want)
		}
	}
	if code != 1 || t.Failed() {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

// TestLeftovers: the report lists what cannot be deleted.
func TestLeftovers(t *testing.T) {
	for _, test := range []struct {
		faults []fault.Fault
		want   []string
		files  int
	}{
		{[]fault.Fault{{Operation: "DeleteFolder", Kind: fault.Status, Status: 403, Times: -1}}, []string{"- /contract-live/"}, 0},
		{[]fault.Fault{
			{Operation: "DeleteFolder", Kind: fault.Status, Status: 403, Times: -1}, {Operation: "DeleteFile", Kind: fault.Status, Status: 403, Times: -1},
		}, []string{"- /contract-live/", "/sdk.txt (", "/basic.txt ("}, 1},
	} {
		srv := server(t)
		srv.Fail(test.faults...)
		code, out := against(t, srv)
		_, left, _ := strings.Cut(out, "### Left behind, delete by hand\n\n")
		for _, want := range test.want {
			if code != 1 || !strings.Contains(left, want) {
				t.Errorf("exit code %d, %q is not in the report\n%s", code, want, out)
			}
		}
		if files := len(srv.Files()); (files > 0) != (test.files > 0) {
			t.Errorf("%d files are left", files)
		}
	}
}

// TestOtherRunsAreLeftAlone: what is not of this run stays.
func TestOtherRunsAreLeftAlone(t *testing.T) {
	srv := server(t)
	srv.AddFile(bytescale.FileDetails{FilePath: "/contract-live/other/file"}, []byte("of another run"))
	if code, out := against(t, srv); code != 0 {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if files := srv.Files(); len(files) != 1 || files[0].FilePath != "/contract-live/other/file" {
		t.Errorf("the files are %v", files)
	}
}

func TestNoKey(t *testing.T) {
	var out bytes.Buffer
	if code := run(t.Context(), func(string) string { return "" }, &out); code != 0 || !strings.Contains(out.String(), "nothing was run") {
		t.Errorf("exit code %d, %s", code, &out)
	}
}

func TestBadKey(t *testing.T) {
	var out bytes.Buffer
	if code := run(t.Context(), func(string) string { return "nonsense" }, &out); code != 1 || out.Len() == 0 {
		t.Errorf("exit code %d, %s", code, &out)
	}
}
