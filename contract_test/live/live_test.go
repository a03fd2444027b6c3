package main

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

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
	if code != 0 || !strings.Contains(out, "0 deviations from openapi.yaml, 0 of 8 steps failed.") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if files := srv.Files(); len(files) > 0 {
		t.Errorf("%d files are left, the first is %s", len(files), files[0].FilePath)
	}
	// Every operation has had a success, but for those that the run has no step for yet.
	for _, op := range contract.Default().Operations() {
		exercised := regexp.MustCompile(`(?m)^` + op + ` +1/1 .* 20[0-9]`).MatchString(out)
		if without := slices.Contains(withoutStep, op); exercised == without {
			t.Errorf("%s was exercised: %v, is listed as without a step: %v\n%s", op, exercised, without, out)
		}
	}
}

// withoutStep lists the operations that the run against the live service does not call yet.
var withoutStep = []string{
	"CancelJob", "CopyFile", "CopyFileBatch", "CopyFolder", "CopyFolderBatch", "DeleteFileBatch", "DeleteFolder",
	"DeleteFolderBatch", "GetFolderDetails", "GetJob", "ListFolder", "ListRecentJobs", "ProcessFile",
	"ProcessFileAndSave", "PutFolder", "ResetCache",
}

func TestDeviationsAreReported(t *testing.T) {
	srv := server(t)
	srv.Fail(
		fault.Fault{Operation: "ListUploadParts", Kind: fault.WrongShape, Body: `{"remainingUploadParts":null}`},
		fault.Fault{Operation: "BasicUpload", Kind: fault.Status, Status: 418},
	)
	code, out := against(t, srv)
	for _, want := range []string{
		"2 deviations from openapi.yaml, 1 of 8 steps failed.",
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

// TestLeftovers: the report lists files that cannot be deleted.
func TestLeftovers(t *testing.T) {
	srv := server(t)
	srv.Fail(fault.Fault{Operation: "DeleteFile", Kind: fault.Status, Status: 403})
	code, out := against(t, srv)
	if code != 0 || !strings.Contains(out, "### Left behind, delete by hand\n\n- /contract-live/") {
		t.Errorf("exit code %d\n%s", code, out)
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
