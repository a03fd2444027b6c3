package bytescaletest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/gen"
)

func TestTransformations(t *testing.T) {
	var seen []bytescaletest.TransformationParam
	a := newCaller(t, "",
		bytescaletest.WithProcessor("thumb", func(_ context.Context, wanted bytescaletest.Transformation) ([]byte, string, error) {
			seen = wanted.Params
			content, err := io.ReadAll(wanted.Content)
			return []byte(strings.ToUpper(string(content)) + wanted.Artifact), "image/x", err
		}),
		bytescaletest.WithProcessor("broken", func(context.Context, bytescaletest.Transformation) ([]byte, string, error) {
			return nil, "", errors.New("a cat on the keyboard")
		}))
	a.add("/a b.txt")
	const base = "/" + account
	for _, test := range []struct {
		url    string
		status int
		body   string // or the code
	}{
		{base + "/image/a%20b.txt?w=1&w=2&text=a%2Bb", 200, "/a b.txt"},
		{base + "/thumb/a%20b.txt?text=1&cache=false&w=2&text=3&meta-user=7&version=1", 200, "/A B.TXT/"},
		{base + "/thumb/a%20b.txt?a=/x", 200, "/A B.TXT/x"},
		{base + "/thumb/other?path=%2Fa%20b.txt", 200, "/A B.TXT/"},
		{base + "/raw/other?path=%2Fa%20b.txt", 200, "/a b.txt"},
		{base + "/archive/a%20b.txt", 200, "/a b.txt"},
		{base + "/image/a%20b.txt?artifact=/x", 404, "artifact_not_found"},
		{base + "/image/missing", 404, "file_not_found"},
		{base + "/unknown/a%20b.txt", 404, "transformation_not_found"},
		{base + "/broken/a%20b.txt", 400, "transformation_failed"},
		{base + "/image/a%20b.txt?cache-only=true&w=9", 404, "not_cached"},
		{base + "/image/a%20b.txt?w=9", 200, "/a b.txt"},
		{base + "/image/a%20b.txt?cache-only=true&w=9", 200, "/a b.txt"},
	} {
		got := a.get(test.url)
		if got.status != test.status || test.status == 200 && string(got.body) != test.body || test.status != 200 && got.code() != test.body {
			t.Errorf("%s: %v, want %d %s", test.url, got, test.status, test.body)
		}
	}
	a.get(base + "/thumb/a%20b.txt?text=1&cache=false&w=2&text=3&meta-user=7")
	if fmt.Sprint(seen) != "[{text 1} {w 2} {text 3}]" {
		t.Errorf("parameters: %v", seen)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.srv.URL()+base+"/thumb/a%20b.txt", nil)
	r.Header.Set("Range", "bytes=1-3")
	if got := (&session{t: t, web: a.web}).do(r, err); got.status != 206 || string(got.body) != "A B" || got.header.Get("Content-Type") != "image/x" {
		t.Errorf("a range: %v %v", got, got.header)
	}
}

// A medium that takes long is a 404 with a job until it is there.
func TestAsynchronousMedia(t *testing.T) {
	for _, steps := range []bool{false, true} {
		var opts []bytescaletest.Option
		if steps {
			opts = append(opts, bytescaletest.WithJobSteps(1))
		}
		a := newCaller(t, "", opts...)
		a.add("/v.mp4")
		const url = "/" + account + "/video/v.mp4?f=mp4-h264"
		var statuses []string
		for range 10 {
			got := a.get(url)
			if got.status == 200 {
				if string(got.body) != "/v.mp4" {
					t.Errorf("got %v", got)
				}
				break
			}
			var body gen.FileNotProcessed
			if err := json.Unmarshal(got.body, &body); got.status != 404 || err != nil || body.Job == nil || body.Job.JobType != gen.JobTypeProcessVideo {
				t.Fatalf("got %v, %v", got, err)
			}
			statuses = append(statuses, string(body.Job.Status))
		}
		want := "[Created]"
		if steps {
			want = "[Created Pending Running]"
		}
		if fmt.Sprint(statuses) != want || len(a.srv.Jobs()) != 1 {
			t.Errorf("got %v, %+v", statuses, a.srv.Jobs())
		}
		if got := a.get("/" + account + "/video/v.mp4?f=other&artifact=/part.ts"); got.status != 404 || got.code() != "artifact_not_found" {
			t.Errorf("another artifact: %v", got)
		}
	}
	a := newCaller(t, "")
	a.add("/v.mp4")
	a.get("/" + account + "/antivirus/v.mp4")
	if got := a.get("/" + account + "/antivirus/v.mp4"); got.status != 200 || !strings.Contains(string(got.body), "Healthy") {
		t.Errorf("the report: %v", got)
	}
	if jobs := a.srv.Jobs(); len(jobs) != 1 || !bytes.Contains(jobs[0].Summary, []byte("Healthy")) {
		t.Errorf("the job: %+v", jobs)
	}
}

func TestProcessFileAndSave(t *testing.T) {
	a := newCaller(t, "")
	a.add("/photos/a.txt")
	save := func(url, body string, status int, code string) gen.ProcessFileAndSaveResponse {
		t.Helper()
		got := a.send(http.MethodPost, "/"+account+"/save/"+url, body)
		var answer gen.ProcessFileAndSaveResponse
		if got.status != status || got.code() != code || status == 200 && json.Unmarshal(got.body, &answer) != nil {
			t.Errorf("%s %s: %v, want %d %s", url, body, got, status, code)
		}
		return answer
	}
	saved := save("image/photos/a.txt?w=1", `{"destination":"/out.txt","tags":{"merge":true,"value":["y"]}}`, 200, "").Saved
	if saved == nil || saved.FilePath != "/out.txt" {
		t.Fatalf("got %+v", saved)
	}
	file, _ := a.srv.File("/out.txt")
	if string(file.Bytes()) != "/photos/a.txt" || fmt.Sprint(file.Tags) != "[x y]" || file.Metadata["a"] != json.Number("1") || file.OriginalFileName != "o.txt" {
		t.Errorf("stored %+v", file)
	}
	byDefault := save("image/photos/a.txt", `{"metadata":{}}`, 200, "").Saved
	if byDefault == nil || !strings.HasPrefix(byDefault.FilePath, "/uploads/2") || !strings.HasSuffix(byDefault.FilePath, "-o.txt") {
		t.Errorf("by default: %+v", byDefault)
	}
	if got := save("antivirus/photos/a.txt", `{"destination":"/scan.json"}`, 200, "").Job; got == nil || got.JobType != gen.JobTypeAntivirus || !got.Async {
		t.Errorf("a scan: %+v", got)
	} else if job := a.job(gen.JobTypeAntivirus, got.JobID); job.Status != gen.JobStatusSucceeded || job.Summary["filePath"] != "/scan.json" {
		t.Errorf("its job: %+v", job)
	}
	if file, ok := a.srv.File("/scan.json"); !ok || file.MIME != "application/json" || !bytes.Contains(file.Bytes(), []byte("Healthy")) {
		t.Errorf("its file: %+v", file)
	}
	save("image/photos/missing", `{}`, 404, "file_not_found")
	save("unknown/photos/a.txt", `{}`, 404, "transformation_not_found")
	save("image/photos/a.txt", `{"destination":"/../x"}`, 400, "path_invalid")
	public := callerOf(t, a.srv, "public_A623uY2key")
	if got := public.send(http.MethodPost, "/"+account+"/save/image/photos/a.txt", `{"destination":"/out.txt"}`); got.code() != "file_exists" {
		t.Errorf("over another file: %v", got)
	}
}

// The parameters of the body follow those of the query.
func TestExtendedParams(t *testing.T) {
	var seen []bytescaletest.TransformationParam
	a := newCaller(t, "", bytescaletest.WithProcessor("image", func(_ context.Context, wanted bytescaletest.Transformation) ([]byte, string, error) {
		seen = wanted.Params
		return []byte(`{"n":12345678901234567}`), "application/json", nil
	}))
	a.add("/a")
	got := a.send(http.MethodPost, "/"+account+"/save/image/a?text=q", `{"destination":"/b","extendedParams":[{"text":"b","n":1.50},{"text":true}]}`)
	if got.status != 200 || !strings.Contains(string(got.body), `"summary":{"n":12345678901234567}`) {
		t.Errorf("got %v", got)
	}
	if fmt.Sprint(seen) != "[{text q} {text b} {n 1.50} {text true}]" {
		t.Errorf("parameters: %v", seen)
	}
}
