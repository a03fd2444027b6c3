//go:build prism

// Package prism runs the generated client against Stoplight Prism, a mock server
// that others wrote in another language. It reads the same openapi.yaml, answers
// with its examples, and refuses requests that it does not allow.
package prism

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/contract"
	"github.com/c88edac7/bytescale-go/gen"
)

const (
	account  = "A623uY2"
	key      = "secret_A623uY2prism"
	uploadID = "Kd759aLFxttm69kZ"
	jobID    = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
	root     = "../.."
)

// spec writes the spec for Prism, which matches no path with two parameters in one segment: there, a file of the CDN has a
// segment of its own. See [oneSegment].
func spec(t *testing.T) (name string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "openapi.yaml")
	document := strings.ReplaceAll(string(bytescale.OpenAPI()), "{transformation}{filePath}:", "{transformation}/{filePath}:")
	if err := os.WriteFile(name, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// oneSegment sends the path of a processed file as Prism expects it: /save/image/a.jpg as /save/image/%2Fa.jpg.
type oneSegment struct{}

func (oneSegment) RoundTrip(r *http.Request) (*http.Response, error) {
	if i := strings.LastIndex(r.URL.Path, "/"); strings.HasSuffix(r.URL.Path, processed) {
		r = r.Clone(r.Context())
		r.URL.RawPath = r.URL.Path[:i] + "/%2F" + r.URL.Path[i+1:]
		r.URL.Path = r.URL.Path[:i] + "//" + r.URL.Path[i+1:]
	}
	return http.DefaultTransport.RoundTrip(r)
}

// processed is how the paths of ProcessFile and ProcessFileAndSave end here.
const processed = "/image/a.jpg"

// serve starts Prism and waits until it answers.
func serve(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(listener.Addr().String())
	listener.Close()

	prism, err := filepath.Abs(filepath.Join(root, "tools", "node", "node_modules", ".bin", "prism"))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.Command(prism, "mock", "--host", host, "--port", port, "--errors", spec(t))
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal("prism does not start (make prism installs it):", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	for range 300 {
		if connection, err := net.Dial("tcp", net.JoinHostPort(host, port)); err == nil {
			connection.Close()
			return "http://" + net.JoinHostPort(host, port)
		}
		time.Sleep(100 * time.Millisecond) // another process: there is nothing to wait on
	}
	t.Fatal("prism does not answer")
	return ""
}

// result is the result of one call.
type result struct {
	status  int
	decoded bool // the success answer, into its generated type
}

// outcome returns the result of a call. decoded is called only if there was an answer.
func outcome(r interface{ StatusCode() int }, err error, decoded func() bool) (result, error) {
	if err != nil {
		return result{}, err
	}
	return result{r.StatusCode(), decoded()}, nil
}

// caller is the generated client, and what sends the operations that it lacks.
type caller struct {
	*gen.ClientWithResponses
	http    *http.Client
	address string
}

// send makes a call with a JSON body, which may be nil, and decodes the answer of success into a value, which may be nil.
func (c caller) send(ctx context.Context, method, path string, body, into any) (result, error) {
	var encoded bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&encoded).Encode(body); err != nil {
			return result{}, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, c.address+"/"+account+path, &encoded)
	if err != nil {
		return result{}, err
	}
	r.Header.Set("Authorization", "Bearer "+key)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(r)
	if err != nil {
		return result{}, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return result{}, err
	}
	if into == nil {
		return result{response.StatusCode, len(data) > 0}, nil
	}
	return result{response.StatusCode, json.Unmarshal(data, into) == nil}, nil
}

// isJob reports whether an answer says that a job was started.
func isJob(started *gen.AsyncResponse) bool { return started != nil && started.JobID != "" }

type operation struct {
	name string
	call func(context.Context, caller) (result, error)
}

var operations = []operation{
	{"BeginMultipartUpload", func(ctx context.Context, c caller) (result, error) {
		r, err := c.BeginMultipartUploadWithResponse(ctx, account, gen.BeginMultipartUploadRequest{
			Size: 10485770, MIME: "image/jpeg", OriginalFileName: "a.jpg", Tags: gen.FileTags{"one"},
			Metadata: gen.FileMetadata{"user": 42}, Protocol: gen.MultipartUploadProtocolV11,
		})
		return outcome(r, err, func() bool { return r.JSON200 != nil && r.JSON200.UploadID != "" })
	}},
	{"ListUploadParts", func(ctx context.Context, c caller) (result, error) {
		r, err := c.ListUploadPartsWithResponse(ctx, account, uploadID)
		return outcome(r, err, func() bool { return r.JSON200 != nil })
	}},
	{"GetUploadPart", func(ctx context.Context, c caller) (result, error) {
		r, err := c.GetUploadPartWithResponse(ctx, account, uploadID, 7)
		return outcome(r, err, func() bool { return r.JSON200 != nil && r.JSON200.UploadURL != "" })
	}},
	{"CompleteUploadPart", func(ctx context.Context, c caller) (result, error) {
		r, err := c.CompleteUploadPartWithResponse(ctx, account, uploadID, 7, gen.CompleteUploadPartRequest{ETag: `"33a64df5"`})
		return outcome(r, err, func() bool {
			if r.JSON200 == nil {
				return false
			}
			_, err := r.JSON200.ValueByDiscriminator()
			return err == nil
		})
	}},
	{"BasicUpload", func(ctx context.Context, c caller) (result, error) {
		name := "a.txt"
		r, err := c.BasicUploadWithBodyWithResponse(ctx, account, &gen.BasicUploadParams{FileName: &name}, "text/plain", strings.NewReader("hello"))
		return outcome(r, err, func() bool { return r.JSON200 != nil && r.JSON200.FilePath != "" })
	}},
	{"FormDataUpload", func(ctx context.Context, c caller) (result, error) {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		file, err := form.CreateFormFile("file", "a.txt")
		if err != nil {
			return result{}, err
		}
		if _, err := io.WriteString(file, "hello"); err != nil {
			return result{}, err
		}
		if err := form.Close(); err != nil {
			return result{}, err
		}
		r, err := c.FormDataUploadWithBodyWithResponse(ctx, account, &gen.FormDataUploadParams{}, form.FormDataContentType(), &body)
		return outcome(r, err, func() bool { return r.JSON200 != nil })
	}},
	{"UploadFromUrl", func(ctx context.Context, c caller) (result, error) {
		r, err := c.UploadFromURLWithResponse(ctx, account, gen.UploadFromURLRequest{URL: "https://example.com/a.jpg"})
		return outcome(r, err, func() bool { return r.JSON200 != nil && r.JSON200.FilePath != "" })
	}},
	{"GetFileDetails", func(ctx context.Context, c caller) (result, error) {
		r, err := c.GetFileDetailsWithResponse(ctx, account, &gen.GetFileDetailsParams{FilePath: "/a.jpg"})
		return outcome(r, err, func() bool { return r.JSON200 != nil && r.JSON200.FilePath != "" })
	}},
	{"DeleteFile", func(ctx context.Context, c caller) (result, error) {
		r, err := c.DeleteFileWithResponse(ctx, account, &gen.DeleteFileParams{FilePath: "/a.jpg"})
		return outcome(r, err, func() bool { return true })
	}},
	{"CopyFile", func(ctx context.Context, c caller) (result, error) {
		r, err := c.CopyFileWithResponse(ctx, account, gen.CopyFileRequest{
			Source: "/a.jpg", Destination: "/b.jpg", Tags: &gen.CopyableFileTags{Merge: true, Value: gen.FileTags{"one"}},
		})
		return outcome(r, err, func() bool { return r.JSON200 != nil && r.JSON200.Status == gen.CopyFileResponseStatusCopied })
	}},
	{"CopyFileBatch", func(ctx context.Context, c caller) (result, error) {
		r, err := c.CopyFileBatchWithResponse(ctx, account, gen.CopyFileBatchRequest{Files: []gen.CopyFileRequest{{Source: "/a.jpg", Destination: "/b.jpg"}}})
		return outcome(r, err, func() bool { return isJob(r.JSON200) })
	}},
	{"DeleteFileBatch", func(ctx context.Context, c caller) (result, error) {
		r, err := c.DeleteFileBatchWithResponse(ctx, account, gen.DeleteFileBatchRequest{Files: []gen.FilePath{"/a.jpg"}})
		return outcome(r, err, func() bool { return isJob(r.JSON200) })
	}},
	{"PutFolder", func(ctx context.Context, c caller) (result, error) {
		r, err := c.PutFolderWithResponse(ctx, account, gen.PutFolderRequest{FolderPath: "/a", AllowUnnamedFolder: true})
		return outcome(r, err, func() bool { return r.JSON200 != nil && r.JSON200.FolderPath != "" })
	}},
	{"GetFolderDetails", func(ctx context.Context, c caller) (result, error) {
		r, err := c.GetFolderDetailsWithResponse(ctx, account, &gen.GetFolderDetailsParams{FolderPath: "/a"})
		return outcome(r, err, func() bool { return r.JSON200 != nil && r.JSON200.FolderPath != "" })
	}},
	{"ListFolder", func(ctx context.Context, c caller) (result, error) {
		r, err := c.ListFolderWithResponse(ctx, account, &gen.ListFolderParams{FolderPath: "/a", Limit: new(int64(10)), Recursive: new(true)})
		return outcome(r, err, func() bool { return r.JSON200 != nil && r.JSON200.Folder.FolderPath != "" })
	}},
	{"CopyFolder", func(ctx context.Context, c caller) (result, error) {
		r, err := c.CopyFolderWithResponse(ctx, account, gen.CopyFolderRequest{Source: "/a", Destination: "/b", Recursive: new(false)})
		return outcome(r, err, func() bool { return isJob(r.JSON200) })
	}},
	{"CopyFolderBatch", func(ctx context.Context, c caller) (result, error) {
		r, err := c.CopyFolderBatchWithResponse(ctx, account, gen.CopyFolderBatchRequest{Folders: []gen.CopyFolderRequest{{Source: "/a", Destination: "/b"}}})
		return outcome(r, err, func() bool { return isJob(r.JSON200) })
	}},
	{"DeleteFolder", func(ctx context.Context, c caller) (result, error) {
		r, err := c.DeleteFolderWithResponse(ctx, account, gen.DeleteFolderRequest{FolderPath: "/a", DeleteFiles: new(false)})
		return outcome(r, err, func() bool { return isJob(r.JSON200) })
	}},
	{"DeleteFolderBatch", func(ctx context.Context, c caller) (result, error) {
		r, err := c.DeleteFolderBatchWithResponse(ctx, account, gen.DeleteFolderBatchRequest{Folders: []gen.DeleteFolderRequest{{FolderPath: "/a"}}})
		return outcome(r, err, func() bool { return isJob(r.JSON200) })
	}},
	{"GetJob", func(ctx context.Context, c caller) (result, error) {
		r, err := c.GetJobWithResponse(ctx, account, gen.JobTypeCopyFileBatch, jobID)
		return outcome(r, err, func() bool { return r.JSON200 != nil && r.JSON200.Status != "" })
	}},
	{"CancelJob", func(ctx context.Context, c caller) (result, error) {
		r, err := c.CancelJobWithResponse(ctx, account, gen.JobTypeCopyFileBatch, jobID)
		return outcome(r, err, func() bool { return true })
	}},
	{"ListRecentJobs", func(ctx context.Context, c caller) (result, error) {
		r, err := c.ListRecentJobsWithResponse(ctx, account, &gen.ListRecentJobsParams{JobType: gen.JobTypes()})
		return outcome(r, err, func() bool { return r.JSON200 != nil && r.JSON200.Items != nil })
	}},
	{"ResetCache", func(ctx context.Context, c caller) (result, error) {
		r, err := c.ResetCacheWithResponse(ctx, account, gen.ResetCacheRequest{Pattern: "/" + account + "/raw/*", ResetEdgeCache: true})
		return outcome(r, err, func() bool { return isJob(r.JSON200) })
	}},
	{"ProcessFile", func(ctx context.Context, c caller) (result, error) {
		return c.send(ctx, http.MethodGet, processed+"?w=10&f=webp", nil, nil)
	}},
	{"ProcessFileAndSave", func(ctx context.Context, c caller) (result, error) {
		var saved gen.ProcessFileAndSaveResponse
		r, err := c.send(ctx, http.MethodPost, "/save"+processed+"?w=10", gen.ProcessFileAndSaveRequest{
			ExtendedParams: gen.TransformationParams{{{Name: "h", Value: 20}}},
		}, &saved)
		r.decoded = r.decoded && (saved.Saved != nil || saved.Job != nil)
		return r, err
	}},
}

func TestGeneratedClientAgainstPrism(t *testing.T) {
	address := serve(t)
	servers, err := contract.ParseServers(address, address)
	if err != nil {
		t.Fatal(err)
	}
	checked := &http.Client{Transport: contract.NewTransport(oneSegment{}, contract.WithStrict(), contract.WithServers(servers),
		contract.WithReportOnly(), contract.WithReporter(func(_ context.Context, v contract.Violation) {
			if v.Direction == contract.Response && v.Pointer == "/jobType" && v.Rule == "enum" {
				return // the vendor's examples have a job of the type ExampleJob
			}
			t.Errorf("contract: %v", v)
		}))}
	authorize := gen.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+key)
		return nil
	})
	client, err := gen.NewClientWithResponses(address, gen.WithHTTPClient(checked), authorize)
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			got, err := op.call(t.Context(), caller{client, checked, address})
			if err != nil {
				t.Fatal(err)
			}
			if got.status/100 != 2 || !got.decoded {
				t.Errorf("status %d, decoded %v; want a success that decodes", got.status, got.decoded)
			}
		})
	}

	// Prism must refuse something. Otherwise it proves nothing that it accepts our calls.
	t.Run("refuses what the spec forbids", func(t *testing.T) {
		bare, err := gen.NewClientWithResponses(address, authorize)
		if err != nil {
			t.Fatal(err)
		}
		r, err := bare.BeginMultipartUploadWithResponse(t.Context(), account, gen.BeginMultipartUploadRequest{Size: -5})
		if err != nil {
			t.Fatal(err)
		}
		if r.StatusCode()/100 == 2 {
			t.Errorf("a negative size was answered with %d", r.StatusCode())
		}
		anonymous, err := gen.NewClientWithResponses(address)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := anonymous.ListUploadPartsWithResponse(t.Context(), account, uploadID); err != nil || r.StatusCode() != http.StatusUnauthorized {
			t.Errorf("without credentials: status %d, %v; want 401", r.StatusCode(), err)
		}
	})
}

// TestEveryJSONOperationIsCalled compares the list above with the spec. Only DownloadFile answers with bytes alone.
func TestEveryJSONOperationIsCalled(t *testing.T) {
	document, err := openapi3.NewLoader().LoadFromData(bytescale.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range document.Paths.Map() {
		for _, op := range path.Operations() {
			called := slices.ContainsFunc(operations, func(o operation) bool { return o.name == op.OperationID })
			if called == (op.OperationID == "DownloadFile") {
				t.Errorf("%s is called: %v", op.OperationID, called)
			}
		}
	}
}
