//go:build interop

package interop

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	bytescale "github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/gen"
)

const account = "A623uY2"

// allMethods is how many operations the SDK has. It lacks BasicUpload and FormDataUpload.
const allMethods = 24

// TestJavaScriptMethods calls every method of the official SDK, and looks at the result and at what the emulator has then
// with the generated Go client.
func TestJavaScriptMethods(t *testing.T) {
	install(t)
	command := filepath.Join(t.TempDir(), "bytescale")
	run(t, "go", "build", "-o", command, "../cmd/bytescale")
	emulator, address := startEmulator(t, command, "--allow-private-urls")
	sdk := startMethods(t, address)
	for _, group := range []struct {
		name string
		test func(*testing.T, *methods)
	}{
		{"UploadApi", uploadMethods}, {"FileApi", fileMethods}, {"FolderApi", folderMethods}, {"JobApi", jobMethods}, {"CacheApi", cacheMethods},
	} {
		t.Run(group.name, func(t *testing.T) { group.test(t, sdk) })
	}
	slices.Sort(sdk.all)
	slices.Sort(sdk.called)
	if diff := cmp.Diff(sdk.all, slices.Compact(sdk.called)); diff != "" || len(sdk.all) != allMethods {
		t.Errorf("of %d methods (-all +called):\n%s", len(sdk.all), diff)
	}
	stopEmulator(t, emulator)
}

// methods calls methods of the SDK in its process.
type methods struct {
	all, called []string
	url         *url.URL // that the SDK asked last
	calls       io.Writer
	answers     *bufio.Reader

	api    *gen.ClientWithResponses
	client *bytescale.Client
}

// startMethods starts the SDK.
func startMethods(t *testing.T, address string) *methods {
	t.Helper()
	client, err := bytescale.NewClient(secretKey, bytescale.WithAPIURL(address), bytescale.WithCDNURL(address))
	if err != nil {
		t.Fatal(err)
	}
	node := exec.Command("node", "methods.mjs")
	node.Env = append(os.Environ(), "URL="+address, "KEY="+secretKey)
	node.Stderr = os.Stderr
	in, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		if err := node.Wait(); err != nil {
			t.Error(err)
		}
	})
	sdk := &methods{calls: in, answers: bufio.NewReader(out), api: client.API(), client: client}
	sdk.read(t, &sdk.all)
	return sdk
}

func (m *methods) read(t *testing.T, into any) {
	t.Helper()
	line, err := m.answers.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, into)
	}
	if err != nil {
		t.Fatalf("the SDK answered %q: %v", line, err)
	}
}

// object is a JSON object.
type object = map[string]any

// call calls a method with parameters, to which it adds the account, and decodes the result strictly into the type of the
// generated client. into may be nil.
func (m *methods) call(t *testing.T, api, method string, params object, into any) {
	t.Helper()
	params["accountId"] = account
	m.called = append(m.called, api+"."+method)
	if err := json.NewEncoder(m.calls).Encode(object{"api": api, "method": method, "params": params}); err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Result     json.RawMessage
		URL, Error string
	}
	m.read(t, &answer)
	if answer.Error != "" {
		t.Fatalf("%s: %s", method, answer.Error)
	}
	var err error
	if m.url, err = url.Parse(answer.URL); err != nil {
		t.Fatal(err)
	}
	if into == nil {
		return
	}
	reflect.ValueOf(into).Elem().SetZero() // nothing is left of an earlier answer
	decoder := json.NewDecoder(bytes.NewReader(answer.Result))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s returned %s: %v", method, answer.Result, err)
	}
}

// mustAnswer returns what a call of the generated client decoded, and fails the test if it is not there.
func mustAnswer[T any](t *testing.T, answer *T, err error) T {
	t.Helper()
	if err != nil || answer == nil {
		t.Fatalf("the Go client got %v, %v", answer, err)
	}
	return *answer
}

// same compares two values by their JSON, so that absent and null members count.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	asJSON := func(value any) (decoded any) {
		data, err := json.Marshal(value)
		if err == nil {
			err = json.Unmarshal(data, &decoded)
		}
		if err != nil {
			t.Fatal(err)
		}
		return decoded
	}
	if diff := cmp.Diff(asJSON(want), asJSON(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// put stores files with the Go client; each holds its own path.
func (m *methods) put(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if _, err := m.client.Upload(t.Context(), bytescale.Bytes([]byte(path)), bytescale.WithPath(path), bytescale.WithMIME("image/png")); err != nil {
			t.Fatal(err)
		}
	}
}

// holds compares a file with what it should hold. want "" means that there is none.
func (m *methods) holds(t *testing.T, path, want string) {
	t.Helper()
	download, err := m.client.Download(t.Context(), path)
	var got []byte
	if err == nil {
		got, err = io.ReadAll(download)
		_ = download.Close()
	}
	if string(got) != want || (err == nil) != (want != "") {
		t.Errorf("%s holds %q, %v; want %q", path, got, err, want)
	}
}

// succeeded checks that a job that the SDK was told of is over, and returns its summary.
func (m *methods) succeeded(t *testing.T, started gen.AsyncResponse, kind gen.JobType) object {
	t.Helper()
	if started.JobType != kind || started.JobURL == "" {
		t.Errorf("the job is %+v, want a %s", started, kind)
	}
	answer, err := m.api.GetJobWithResponse(t.Context(), account, kind, started.JobID)
	if err != nil {
		t.Fatal(err)
	}
	job := mustAnswer(t, answer.JSON200, err)
	if job.Status != gen.JobStatusSucceeded {
		t.Errorf("the job is %s", job.Status)
	}
	return job.Summary
}

func uploadMethods(t *testing.T, m *methods) {
	const content = "part of JavaScript"
	var begun gen.BeginMultipartUploadResponse
	m.call(t, "UploadApi", "beginMultipartUpload", object{"beginMultipartUploadRequest": object{
		"size": len(content), "path": object{"folderPath": "/js", "fileName": "parts.txt"}, "mime": "text/plain", "protocol": "1.1", "tags": []string{"js"},
	}}, &begun)
	if begun.File.FilePath != "/js/parts.txt" || begun.UploadParts.Count != 1 {
		t.Errorf("the upload begun is %+v", begun)
	}
	var part gen.UploadPart
	at := object{"uploadId": begun.UploadID, "uploadPartIndex": 0}
	m.call(t, "UploadApi", "getUploadPart", at, &part)
	if part.UploadPartIndex != 0 || part.Range.InclusiveEnd != int64(len(content)-1) {
		t.Errorf("the part is %+v", part)
	}
	var parts gen.UploadPartList
	m.call(t, "UploadApi", "listUploadParts", object{"uploadId": begun.UploadID}, &parts)
	same(t, "remaining parts", parts.RemainingUploadParts, []int{0})

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, part.UploadURL, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	var done gen.CompleteMultipartUploadResponse
	at["completeUploadPartRequest"] = object{"etag": response.Header.Get("Etag")}
	m.call(t, "UploadApi", "completeUploadPart", at, &done)
	if completed, err := done.AsCompleteMultipartUploadResponseCompleted(); err != nil || completed.Status != gen.CompleteMultipartUploadResponseCompletedStatusCompleted {
		t.Errorf("the upload is %+v, %v", completed, err)
	}
	m.holds(t, "/js/parts.txt", content)

	source := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "from a URL") }))
	defer source.Close()
	var stored gen.BasicUploadResponse
	m.call(t, "UploadApi", "uploadFromUrl", object{"uploadFromUrlRequest": object{
		"url": source.URL + "/x.txt", "path": "/js/url.txt", "metadata": object{"by": "js"},
	}}, &stored)
	details, err := m.client.GetFileDetails(t.Context(), stored.FilePath)
	if err != nil || stored.FilePath != "/js/url.txt" || stored.ETag != details.ETag {
		t.Errorf("stored is %+v, the details are %+v, %v", stored, details, err)
	}
	m.holds(t, "/js/url.txt", "from a URL")
}

func fileMethods(t *testing.T, m *methods) {
	m.put(t, "/files/a", "/files/b", "/files/c", "/files/d")
	var details gen.FileDetails
	m.call(t, "FileApi", "getFileDetails", object{"filePath": "/files/a"}, &details)
	ours, err := m.api.GetFileDetailsWithResponse(t.Context(), account, &gen.GetFileDetailsParams{FilePath: "/files/a"})
	same(t, "details of a file", details, mustAnswer(t, ours.JSON200, err))

	var content []byte
	m.call(t, "FileApi", "downloadFile", object{"filePath": "/files/a"}, &content)
	same(t, "a download", string(content), "/files/a")

	var copied gen.CopyFileResponse
	m.call(t, "FileApi", "copyFile", object{"copyFileRequest": object{
		"source": "/files/a", "destination": "/copies/a", "tags": object{"value": []string{"copied"}}, "metadata": object{"merge": true, "value": object{"n": 1}},
	}}, &copied)
	same(t, "a copy", copied, object{"status": "Copied"})
	m.holds(t, "/copies/a", "/files/a")
	copyOf, err := m.client.GetFileDetails(t.Context(), "/copies/a")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "tags of a copy", copyOf.Tags, []string{"copied"})
	same(t, "metadata of a copy", copyOf.Metadata, object{"n": 1})

	var job gen.AsyncResponse
	m.call(t, "FileApi", "copyFileBatch", object{"copyFileBatchRequest": object{"files": []object{
		{"source": "/files/b", "destination": "/copies/b"}, {"source": "/files/c", "destination": "/copies/c"},
	}}}, &job)
	if copies, _ := m.succeeded(t, job, gen.JobTypeCopyFileBatch)["copies"].([]any); len(copies) != 2 {
		t.Errorf("%v were copied", copies)
	}
	m.holds(t, "/copies/b", "/files/b")

	m.call(t, "FileApi", "deleteFile", object{"filePath": "/files/d"}, nil)
	m.holds(t, "/files/d", "")
	m.call(t, "FileApi", "deleteFileBatch", object{"deleteFileBatchRequest": object{"files": []string{"/copies/b", "/copies/c"}}}, &job)
	same(t, "what was deleted", m.succeeded(t, job, gen.JobTypeDeleteFileBatch)["deletions"], []string{"/copies/b", "/copies/c"})
	m.holds(t, "/copies/b", "")
	m.holds(t, "/copies/a", "/files/a")

	m.call(t, "FileApi", "processFile", object{
		"filePath": "/files/a", "transformation": "image", "cacheTtl": 60, "transformationParams": []object{{"w": 10}, {"f": "webp"}, {"w": 20}},
	}, &content)
	same(t, "a processed file", fmt.Sprintf("%x", md5.Sum(content)), fmt.Sprintf("%x", md5.Sum([]byte("/files/a"))))
	same(t, "its address", m.url.Path+"?"+m.url.RawQuery, "/"+account+"/image/files/a?w=10&f=webp&w=20&cache-ttl=60")

	var saved gen.ProcessFileAndSaveResponse
	m.call(t, "FileApi", "processFileAndSave", object{
		"filePath": "/files/a", "transformation": "image", "transformationParams": []object{{"w": 10}},
		"processFileAndSaveRequest": object{"destination": object{"folderPath": "/saved", "fileName": "a.png"}},
	}, &saved)
	if saved.Saved == nil || saved.Saved.FilePath != "/saved/a.png" {
		t.Errorf("saved is %+v", saved)
	}
	m.holds(t, "/saved/a.png", "/files/a")
}

func folderMethods(t *testing.T, m *methods) {
	var folder gen.FolderDetails
	m.call(t, "FolderApi", "putFolder", object{"putFolderRequest": object{
		"folderPath": "/folder/inner", "folderSettings": object{"description": object{"set": true, "value": "of JavaScript"}},
	}}, &folder)
	details := func(path string) gen.FolderDetails {
		t.Helper()
		answer, err := m.api.GetFolderDetailsWithResponse(t.Context(), account, &gen.GetFolderDetailsParams{FolderPath: path})
		return mustAnswer(t, answer.JSON200, err)
	}
	same(t, "a folder that was put", folder, details("/folder/inner"))
	if !folder.Virtual || folder.Settings.Description != "of JavaScript" {
		t.Errorf("the folder is %+v", folder)
	}
	m.call(t, "FolderApi", "getFolderDetails", object{"folderPath": "/folder"}, &folder)
	same(t, "details of a folder", folder, details("/folder"))

	m.put(t, "/folder/a", "/folder/b", "/folder/inner/c")
	var page gen.ListFolderResponse
	list := object{"folderPath": "/folder", "limit": 2, "recursive": true, "includePhysicalFolders": false}
	var seen []string
	for !page.IsPaginationComplete {
		m.call(t, "FolderApi", "listFolder", list, &page)
		for _, item := range page.Items {
			if file, err := item.AsFileSummary(); err == nil && file.Type == gen.FileSummaryTypeFile {
				seen = append(seen, file.FilePath)
			}
		}
		list["cursor"] = page.Cursor
	}
	same(t, "a list", seen, []string{"/folder/a", "/folder/b", "/folder/inner/c"})

	var job gen.AsyncResponse
	m.call(t, "FolderApi", "copyFolder", object{"copyFolderRequest": object{"source": "/folder", "destination": "/second"}}, &job)
	m.succeeded(t, job, gen.JobTypeCopyFolderBatch)
	m.holds(t, "/second/inner/c", "/folder/inner/c")
	m.call(t, "FolderApi", "copyFolderBatch", object{"copyFolderBatchRequest": object{"folders": []object{
		{"source": "/folder", "destination": "/third", "recursive": false}, {"source": "/folder/inner", "destination": "/fourth"},
	}}}, &job)
	m.succeeded(t, job, gen.JobTypeCopyFolderBatch)
	m.holds(t, "/third/a", "/folder/a")
	m.holds(t, "/third/inner/c", "")
	m.holds(t, "/fourth/c", "/folder/inner/c")

	m.call(t, "FolderApi", "deleteFolder", object{"deleteFolderRequest": object{"folderPath": "/second", "recursive": false}}, &job)
	m.succeeded(t, job, gen.JobTypeDeleteFolderBatch)
	m.holds(t, "/second/a", "")
	m.holds(t, "/second/inner/c", "/folder/inner/c")
	m.call(t, "FolderApi", "deleteFolderBatch", object{"deleteFolderBatchRequest": object{"folders": []object{
		{"folderPath": "/third"}, {"folderPath": "/fourth", "deleteFiles": true},
	}}}, &job)
	m.succeeded(t, job, gen.JobTypeDeleteFolderBatch)
	m.holds(t, "/third/a", "")
	m.holds(t, "/fourth/c", "")
}

// jobMethods also notes the defect of the SDK in ListRecentJobs: it sends a list as numbered parameters, ?0=…&1=…, and the
// service is asked for ?jobType=…&jobType=…. The emulator takes both.
func jobMethods(t *testing.T, m *methods) {
	m.put(t, "/jobs/a")
	var started gen.AsyncResponse
	m.call(t, "FileApi", "deleteFileBatch", object{"deleteFileBatchRequest": object{"files": []string{"/jobs/a"}}}, &started)
	var job gen.JobSummary
	same(t, "what was deleted", m.succeeded(t, started, gen.JobTypeDeleteFileBatch)["deletions"], []string{"/jobs/a"})
	at := object{"jobId": started.JobID, "jobType": started.JobType}
	m.call(t, "JobApi", "getJob", at, &job)
	answer, err := m.api.GetJobWithResponse(t.Context(), account, started.JobType, started.JobID)
	same(t, "a job", job, mustAnswer(t, answer.JSON200, err))

	m.call(t, "JobApi", "cancelJob", at, nil) // it is over, so nothing changes
	m.succeeded(t, started, gen.JobTypeDeleteFileBatch)

	kinds := []gen.JobType{gen.JobTypeDeleteFileBatch, gen.JobTypeCopyFileBatch}
	var recent gen.ListRecentJobsResponse
	m.call(t, "JobApi", "listRecentJobs", object{"jobType": kinds}, &recent)
	ours, err := m.api.ListRecentJobsWithResponse(t.Context(), account, &gen.ListRecentJobsParams{JobType: kinds})
	same(t, "recent jobs", recent, mustAnswer(t, ours.JSON200, err))
	if len(recent.Items) == 0 || recent.Items[0].JobID != started.JobID {
		t.Errorf("the newest job is not the first of %d", len(recent.Items))
	}
	if got, want := m.url.Query(), (url.Values{"0": {string(kinds[0])}, "1": {string(kinds[1])}}); !reflect.DeepEqual(got, want) {
		t.Errorf("the SDK asked for %v; without the defect, the emulator need not take %v any more", got, want)
	}
}

func cacheMethods(t *testing.T, m *methods) {
	var job gen.AsyncResponse
	m.call(t, "CacheApi", "resetCache", object{"resetCacheRequest": object{
		"pattern": "/" + account + "/raw/*", "resetEdgeCache": true, "resetPermanentCache": false,
	}}, &job)
	same(t, "what was reset", m.succeeded(t, job, gen.JobTypeResetCache), object{"pattern": "/" + account + "/raw/*"})
}
