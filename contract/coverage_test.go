package contract

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// seenPoints renders what was seen, sorted.
func seenPoints(c *Coverage) string {
	var seen []string
	for _, p := range c.Points {
		if p.Seen {
			seen = append(seen, p.String())
		}
	}
	slices.Sort(seen)
	return strings.Join(seen, "\n")
}

func TestCoverageCountsWhatWasValid(t *testing.T) {
	recorder, err := NewRecorder("")
	if err != nil {
		t.Fatal(err)
	}
	through := func(reply reply, method, url, body string, header ...string) {
		t.Helper()
		transport := transportOver(t, &roundTrip{handler: reply}, WithCoverage(recorder))
		if response, err := transport.RoundTrip(request(t, method, url, body, header...)); err == nil {
			_ = response.Body.Close()
		}
	}
	through(jsonReply(200, begun), "POST", uploads, `{"size":1}`)
	through(jsonReply(503, wrong), "POST", uploads, `{"size":1}`, "Authorization-Token", "x") // a failure: response only
	through(jsonReply(500, wrong), "POST", uploads, `{"size":1}`)                             // the same point again
	through(jsonReply(200, begun), "POST", uploads, `{"size":-1}`)                            // invalid request
	through(jsonReply(200, `{}`), "GET", uploads+"/"+uploadID+"/parts", "")                   // invalid response
	through(jsonReply(401, wrong), "GET", "/v2/accounts/A623uY2/files/details?filePath=%2Fa", "")
	through(reply{204, nil, ""}, "DELETE", "/v2/accounts/A623uY2/files?filePath=%2Fa", "")
	handlerOver(t, jsonReply(200, begun), WithCoverage(recorder)).
		ServeHTTP(httptest.NewRecorder(), request(t, "POST", uploads, `{"size":-1}`)) // refused with the documented 400
	want := `BeginMultipartUpload parameter path:accountId
BeginMultipartUpload request application/json
BeginMultipartUpload response 200 application/json
BeginMultipartUpload response 400 application/json
BeginMultipartUpload response 5XX application/json
BeginMultipartUpload security BearerAuth
DeleteFile parameter path:accountId
DeleteFile parameter query:filePath
DeleteFile request no body
DeleteFile response 204
DeleteFile security BearerAuth
GetFileDetails response 401 application/json`
	c := document(t).Coverage(recorder)
	if got := seenPoints(c); got != want {
		t.Errorf("seen:\n%s", got)
	}
	if seen, all := c.Count(KindRequest, KindResponse); seen != 7 || all < 70 {
		t.Errorf("%d of %d", seen, all)
	}
	if n := len(c.Missing()); n != len(c.Points)-12 {
		t.Errorf("%d missing of %d", n, len(c.Points))
	}
	var table bytes.Buffer
	if _, err := c.WriteTo(&table); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"200 400 (401) (403)", "exchanges (statuses and media types, both directions): 7 of", "  DownloadFile response 416 application/json\n"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("%q is not in the table:\n%s", want, table.String())
		}
	}
}

func TestRecordersShareADirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	t.Setenv(CoverageEnv, dir)
	for _, url := range []string{"/v2/accounts/A623uY2/files?filePath=%2Fa", "/v2/accounts/A623uY2/files?filePath=%2Fb"} {
		recorder, err := RecorderFromEnv()
		if err != nil {
			t.Fatal(err)
		}
		handlerOver(t, reply{204, nil, ""}, WithCoverage(recorder)).
			ServeHTTP(httptest.NewRecorder(), request(t, "DELETE", url, ""))
		handlerOver(t, jsonReply(404, wrong), WithCoverage(recorder)).
			ServeHTTP(httptest.NewRecorder(), request(t, "DELETE", url, ""))
		if err := recorder.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "other"+coverageSuffix), []byte(`{"operation":"Gone","kind":"request","value":"no body"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := document(t).ReadCoverage(dir)
	if err != nil {
		t.Fatal(err)
	}
	if seen, _ := c.Count(KindRequest, KindResponse); seen != 3 {
		t.Errorf("%d seen:\n%s", seen, seenPoints(c))
	}
	if _, err := json.Marshal(c); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bad"+coverageSuffix), []byte("{\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := document(t).ReadCoverage(dir); err == nil {
		t.Error("a broken file is accepted")
	}
}

func TestNoRecorder(t *testing.T) {
	t.Setenv(CoverageEnv, "")
	recorder, err := RecorderFromEnv()
	if recorder != nil || err != nil {
		t.Fatal(recorder, err)
	}
	if err := recorder.Close(); err != nil {
		t.Error(err)
	}
	if seen, all := document(t).Coverage(recorder).Count(); seen != 0 || all == 0 {
		t.Errorf("%d of %d", seen, all)
	}
	if _, err := NewRecorder(filepath.Join("document_test.go", "dir")); err == nil {
		t.Error("a directory below a file is accepted")
	}
}
