package bytescale

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/c88edac7/bytescale-go/cdn"
	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/operation"
)

const (
	testJob    = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
	startJSON  = `{"jobDocs":"d","jobId":"` + testJob + `","jobType":"NewJob","jobUrl":"u"}`
	jobJSON    = `{"accountId":"A623uY2","created":1615680311115,"jobDocs":"d","jobId":"` + testJob + `","jobType":"NewJob","jobUrl":"u","lastUpdated":1615680311115,"status":"Succeeded","summary":{"n":12345678901234567}}`
	folderJSON = `{"folderPath":"/f","settings":{"description":"d"},"settingsInherited":{"publicPermissions":{"folderPath":"/","value":[]}},"type":"Folder","virtual":true}`
	pageJSON   = `{"cursor":"c","folder":{"folderPath":"/f","settings":{},"type":"Folder","virtual":true},"isPaginationComplete":true,"items":[]}`
)

func firstJob(jobs iter.Seq2[*Job, error]) (*Job, error) {
	for job, err := range jobs {
		return job, err
	}
	return nil, errors.New("no job")
}

// workCalls returns a call of each operation on files, folders and jobs, beyond those of
// uploads.
func workCalls(ctx context.Context, c *Client) map[string]func() error {
	one := func(_ any, err error) error { return err }
	return map[string]func() error{
		operation.CopyFile: func() error { return c.CopyFile(ctx, FileCopy{Source: "/a b", Destination: "/c"}) },
		operation.CopyFileBatch: func() error {
			return one(firstJob(c.CopyFiles(ctx, slices.Values([]FileCopy{{Source: "/a", Destination: "/b"}}))))
		},
		operation.DeleteFile: func() error { return c.DeleteFile(ctx, "/a") },
		operation.DeleteFileBatch: func() error {
			return one(firstJob(c.DeleteFiles(ctx, slices.Values([]string{"/a", "/b"}))))
		},
		operation.PutFolder:        func() error { return one(c.PutFolder(ctx, "/f", WithDescription("d"))) },
		operation.GetFolderDetails: func() error { return one(c.GetFolderDetails(ctx, "/f g")) },
		operation.ListFolder: func() error {
			for _, err := range c.ListFolder(ctx, "/f") {
				return err
			}
			return nil
		},
		operation.CopyFolder: func() error {
			return one(c.CopyFolder(ctx, FolderCopy{Source: "/a", Destination: "/b", SkipVirtualFolders: true, OverriddenStorage: true}))
		},
		operation.CopyFolderBatch: func() error {
			return one(firstJob(c.CopyFolders(ctx, slices.Values([]FolderCopy{{Source: "/a", Destination: "/b"}}))))
		},
		operation.DeleteFolder: func() error { return one(c.DeleteFolder(ctx, FolderDeletion{FolderPath: "/a", KeepFiles: true})) },
		operation.DeleteFolderBatch: func() error {
			return one(firstJob(c.DeleteFolders(ctx, slices.Values([]FolderDeletion{{FolderPath: "/a"}, {FolderPath: "/b", DirectFilesOnly: true}}))))
		},
		operation.UploadFromURL: func() error {
			return one(c.UploadFromURL(ctx, "https://example.com/a?b=c", WithPath("/a"), WithTags("t"), WithFetchTimeout(5*time.Second)))
		},
		operation.ProcessFileAndSave: func() error {
			return one(c.ProcessFileAndSave(ctx, "image", "/a b", []cdn.Option{cdn.Width(5), cdn.Format("webp")},
				WithPath("/b"), WithTags("t"), WithMerge(), WithMainFileOnly(), WithExtendedParams(gen.TransformationGroup{{Name: "h", Value: 7}})))
		},
		operation.ResetCache:     func() error { return one(c.ResetCache(ctx, "/image/*", true, false)) },
		operation.GetJob:         func() error { return one(c.GetJob(ctx, "NewJob", testJob)) },
		operation.CancelJob:      func() error { return c.CancelJob(ctx, "NewJob", testJob) },
		operation.ListRecentJobs: func() error { return one(c.ListRecentJobs(ctx, JobTypeResetCache, "NewJob")) },
	}
}

// goodWork are answers that mean success.
var goodWork = map[string]string{
	operation.CopyFile: `{"status":"Copied"}`, operation.DeleteFile: "", operation.CancelJob: "",
	operation.CopyFileBatch: startJSON, operation.DeleteFileBatch: startJSON, operation.CopyFolder: startJSON,
	operation.CopyFolderBatch: startJSON, operation.DeleteFolder: startJSON, operation.DeleteFolderBatch: startJSON,
	operation.PutFolder: folderJSON, operation.GetFolderDetails: folderJSON, operation.ListFolder: pageJSON,
	operation.UploadFromURL:      `{"accountId":"A623uY2","etag":"e","filePath":"/a","fileUrl":"u"}`,
	operation.ProcessFileAndSave: `{"async":false,"accountId":"A623uY2","filePath":"/b","fileUrl":"u","summary":{"a":1}}`,
	operation.ResetCache:         startJSON,
	operation.GetJob:             jobJSON, operation.ListRecentJobs: `{"items":[` + jobJSON + `]}`,
}

func goodWorkAnswer(op string) roundTrip {
	return func(req *http.Request) (*http.Response, error) {
		if goodWork[op] == "" {
			return answer(req, 204, ""), nil
		}
		return answer(req, 200, goodWork[op]), nil
	}
}

// TestWorkRequests pins what each call sends.
func TestWorkRequests(t *testing.T) {
	t.Parallel()
	const account = "/v2/accounts/A623uY2"
	want := map[string]string{
		operation.CopyFile:          `POST ` + account + `/files/copy {"destination":"/c","source":"/a b"}`,
		operation.CopyFileBatch:     `POST ` + account + `/files/copy/batch {"files":[{"destination":"/b","source":"/a"}]}`,
		operation.DeleteFile:        `DELETE ` + account + `/files?filePath=%2Fa `,
		operation.DeleteFileBatch:   `DELETE ` + account + `/files/batch {"files":["/a","/b"]}`,
		operation.PutFolder:         `PUT ` + account + `/folders {"folderPath":"/f","folderSettings":{"description":{"set":true,"value":"d"}}}`,
		operation.GetFolderDetails:  `GET ` + account + `/folders?folderPath=%2Ff%20g `,
		operation.ListFolder:        `GET ` + account + `/folders/list?folderPath=%2Ff&limit=1000 `,
		operation.CopyFolder:        `POST ` + account + `/folders/copy {"copyOverriddenStorage":true,"copyVirtualFolders":false,"destination":"/b","source":"/a"}`,
		operation.CopyFolderBatch:   `POST ` + account + `/folders/copy/batch {"folders":[{"destination":"/b","source":"/a"}]}`,
		operation.DeleteFolder:      `DELETE ` + account + `/folders {"deleteFiles":false,"folderPath":"/a"}`,
		operation.DeleteFolderBatch: `DELETE ` + account + `/folders/batch {"folders":[{"folderPath":"/a"},{"folderPath":"/b","recursive":false}]}`,
		operation.UploadFromURL:     `POST ` + account + `/uploads/url {"path":"/a","tags":["t"],"timeout":5000,"url":"https://example.com/a?b=c"}`,
		operation.ProcessFileAndSave: `POST /A623uY2/save/image/a%20b?w=5&f=webp ` +
			`{"destination":"/b","extendedParams":{"h":7},"tags":{"merge":true,"setForAllArtifacts":false,"value":["t"]}}`,
		operation.ResetCache:     `POST ` + account + `/cache/reset {"pattern":"/image/*","resetEdgeCache":true,"resetPermanentCache":false}`,
		operation.GetJob:         `GET ` + account + `/jobs/NewJob/` + testJob + ` `,
		operation.CancelJob:      `DELETE ` + account + `/jobs/NewJob/` + testJob + ` `,
		operation.ListRecentJobs: `GET ` + account + `/jobs?jobType=ResetCacheJob&jobType=NewJob `,
	}
	for op := range goodWork {
		var sent string
		c := mustClient(t, testKey, withTransport(func(req *http.Request) (*http.Response, error) {
			body := ""
			if req.Body != nil {
				content, _ := io.ReadAll(req.Body)
				body = string(content)
			}
			sent = req.Method + " " + req.URL.RequestURI() + " " + body
			return goodWorkAnswer(op)(req)
		}))
		if err := workCalls(t.Context(), c)[op](); err != nil {
			t.Errorf("%s: %v", op, err)
		}
		if sent != want[op] {
			t.Errorf("%s sent\n%s, want\n%s", op, sent, want[op])
		}
	}
}

// TestRepetition lists which calls are sent again when something became of an attempt.
func TestRepetition(t *testing.T) {
	t.Parallel()
	refused := status(401)
	dial := func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Err: errors.New("refused")}
	}
	garbage := ok("<html>")
	changes := map[string]string{ // and why they may be repeated
		operation.CopyFile:           "a second copy is the same",
		operation.CopyFileBatch:      "the second job copies the same",
		operation.DeleteFile:         "what is deleted cannot be deleted again",
		operation.DeleteFileBatch:    "what is deleted cannot be deleted again",
		operation.PutFolder:          "the second request changes nothing more",
		operation.CopyFolder:         "the second job copies the same",
		operation.CopyFolderBatch:    "the second job copies the same",
		operation.DeleteFolder:       "what is deleted cannot be deleted again",
		operation.DeleteFolderBatch:  "what is deleted cannot be deleted again",
		operation.CancelJob:          "to cancel twice is to cancel",
		operation.UploadFromURL:      "the second file replaces the first at its fixed path",
		operation.ProcessFileAndSave: "the second result replaces the first at its fixed path",
		operation.ResetCache:         "the second job finds the caches empty",
	}
	for op := range goodWork {
		why, change := changes[op]
		good := goodWorkAnswer(op)
		for _, row := range []struct {
			name    string
			answers []roundTrip
			status  int  // of the error; 0 for none
			unknown bool // for a change
		}{
			{"a lost answer", []roundTrip{lost, good}, 0, false},
			{"a failure", []roundTrip{status(502), good}, 0, false},
			{"too many requests", []roundTrip{status(429, "Retry-After", "1"), good}, 0, false},
			{"nothing sent", []roundTrip{dial, good}, 0, false},
			{"refused", []roundTrip{refused}, 401, false},
			{"malformed", []roundTrip{status(400)}, 400, false},
			{"nothing sent, then refused", []roundTrip{dial, status(400)}, 400, false},
			{"a lost answer, then refused", []roundTrip{lost, status(400)}, 400, true},
			{"not implemented", []roundTrip{status(501)}, 501, false},
		} {
			if goodWork[op] != "" {
				row.answers = append([]roundTrip{garbage}, row.answers...)
				row.unknown = row.status != 0 // a page in the place of an answer is a lost one
			}
			t.Run(op+"/"+row.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					transport, sent := script(t, row.answers...)
					err := workCalls(t.Context(), mustClient(t, testKey, transport))[op]()
					if row.status == 0 && err != nil {
						t.Errorf("error %v (%s)", err, why)
					}
					if row.status != 0 {
						wantAPIError(t, err, op, row.status)
					}
					if unknown := errors.Is(err, ErrOutcomeUnknown); unknown != (row.unknown && change) {
						t.Errorf("the outcome is unknown: %v, want %v: %v", unknown, row.unknown && change, err)
					}
					if *sent != len(row.answers) {
						t.Errorf("%d requests, want %d", *sent, len(row.answers))
					}
				})
			})
		}
	}
}

// What would be stored a second time beside the first is not sent again when its answer was
// lost.
func TestNotRepeated(t *testing.T) {
	t.Parallel()
	dial := func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Err: errors.New("refused")}
	}
	for _, place := range []struct {
		name  string
		opts  []FileOption
		fixed bool
	}{
		{"the default", nil, false},
		{"a folder", []FileOption{WithFolder("/f")}, false},
		{"a name", []FileOption{WithFileName("a")}, false},
		{"a relative folder", []FileOption{WithFolder("f"), WithFileName("a")}, false},
		{"a relative path", []FileOption{WithPath("a")}, false},
		{"a variable", []FileOption{WithFolder("/f"), WithFileName("{UNIQUE_DIGITS_4}")}, false},
		{"a fallback", []FileOption{WithFolder("/f"), WithFileName("a"), WithFileNameFallback("b")}, false},
		{"folder and name", []FileOption{WithFolder("/f"), WithFileName("a")}, true},
		{"a path", []FileOption{WithPath("/{a}")}, true},
	} {
		for op, call := range map[string]func(context.Context, *Client) error{
			operation.UploadFromURL: func(ctx context.Context, c *Client) error {
				var opts []URLUploadOption
				for _, opt := range place.opts {
					opts = append(opts, opt)
				}
				return second(c.UploadFromURL(ctx, "https://example.com/a", opts...))
			},
			operation.ProcessFileAndSave: func(ctx context.Context, c *Client) error {
				var opts []SaveOption
				for _, opt := range place.opts {
					opts = append(opts, opt)
				}
				return second(c.ProcessFileAndSave(ctx, "image", "/a", nil, opts...))
			},
		} {
			good := ok(goodWork[op])
			for name, first := range map[string]roundTrip{"lost": lost, "a page": ok("<html>"), "500": status(500)} {
				t.Run(op+"/"+place.name+"/"+name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						answers := []roundTrip{dial, status(429), first}
						if place.fixed {
							answers = append(answers, good)
						}
						transport, sent := script(t, answers...)
						err := call(t.Context(), mustClient(t, testKey, transport))
						if (err == nil) != place.fixed || errors.Is(err, ErrOutcomeUnknown) == place.fixed {
							t.Errorf("error %v", err)
						}
						if *sent != len(answers) {
							t.Errorf("%d requests, want %d", *sent, len(answers))
						}
					})
				})
			}
		}
	}
}

// What became of a call whose context ends while its answer is out is not known. A call that
// was never sent did nothing.
func TestOutcomeAtTheEndOfTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		silent := withTransport(func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		})
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("enough"))
		defer cancel()
		c := mustClient(t, testKey, silent)
		_, err := c.DeleteFolder(ctx, FolderDeletion{FolderPath: "/a"})
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrOutcomeUnknown) || !strings.Contains(err.Error(), "enough") {
			t.Errorf("error %v", err)
		}
		if _, err := c.DeleteFolder(ctx, FolderDeletion{FolderPath: "/a"}); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrOutcomeUnknown) {
			t.Errorf("a call that was never sent: %v", err)
		}
	})
}

// A copy that is refused after a lost answer may have been made by the first attempt.
func TestCopyIsFoundAgain(t *testing.T) {
	t.Parallel()
	details := func(etag string) roundTrip {
		return ok(strings.Replace(detailsJSON("/a"), `"etag":"abc"`, `"etag":`+etag, 1))
	}
	for _, test := range []struct {
		name    string
		file    FileCopy
		answers []roundTrip
		copied  bool
	}{
		{"the same", FileCopy{}, []roundTrip{details(`"e"`), details(`"e"`)}, true},
		{"another", FileCopy{}, []roundTrip{details(`"e"`), details(`"f"`)}, false},
		{"unknown", FileCopy{}, []roundTrip{details(`null`), details(`null`)}, false},
		{"not allowed", FileCopy{}, []roundTrip{status(403)}, false},
		{"not there", FileCopy{}, []roundTrip{details(`"e"`), status(404)}, false},
		{"other tags", FileCopy{Tags: []string{"t"}}, nil, false},
		{"other metadata", FileCopy{Metadata: map[string]any{}}, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				answers := append([]roundTrip{lost, status(403)}, test.answers...)
				transport, sent := script(t, answers...)
				test.file.Source, test.file.Destination = "/a", "/b"
				err := mustClient(t, testKey, transport).CopyFile(t.Context(), test.file)
				if (err == nil) != test.copied || err != nil && !errors.Is(err, ErrOutcomeUnknown) {
					t.Errorf("error %v", err)
				}
				if *sent != len(answers) {
					t.Errorf("%d requests, want %d", *sent, len(answers))
				}
			})
		})
	}
}

// TestWorkAnswers has answers that openapi.yaml does not allow, and some that it does.
func TestWorkAnswers(t *testing.T) {
	t.Parallel()
	file := `{"filePath":"/f/a","fileUrl":"u","lastModified":1,"size":2,"type":"File"}`
	page := func(items, rest string) string { return `{"cursor":"c","items":[` + items + `]` + rest + `}` }
	const last = `,"isPaginationComplete":true`
	for _, test := range []struct {
		op, body string
		good     bool
	}{
		{operation.CopyFile, `{}`, false},
		{operation.CopyFile, `{"status":"FileNotFound"}`, false},
		{operation.CopyFolder, `{"jobId":"` + testJob + `"}`, false},
		{operation.CopyFolder, `{"jobId":"../x","jobType":"J"}`, false},
		{operation.CopyFolder, `{"jobId":"` + testJob + `","jobType":"a/b"}`, false},
		{operation.GetFolderDetails, `{}`, true},
		{operation.GetFolderDetails, `{"settings":{"storageLayer":{"type":"New"}}}`, true},
		{operation.GetFolderDetails, `[]`, false},
		{operation.ListFolder, page(file, last), true},
		{operation.ListFolder, page(`{"folderPath":"/f/b","settings":{},"type":"Folder","virtual":false}`, last), true},
		{operation.ListFolder, page(strings.Replace(file, `"File"`, `"Link"`, 1), last), false},
		{operation.ListFolder, page(strings.Replace(file, `"size":2`, `"size":-1`, 1), last), false},
		{operation.ListFolder, page(strings.Replace(file, `"size":2,`, ``, 1), last), false},
		{operation.ListFolder, page(strings.Replace(file, `"lastModified":1`, `"lastModified":-1`, 1), last), false},
		{operation.ListFolder, page(strings.Replace(file, `/f/a`, `f/a`, 1), last), false},
		{operation.ListFolder, page(file, ``), false},
		{operation.ListFolder, `{"cursor":"c"` + last + `}`, false},
		{operation.ListFolder, `{"cursor":"","items":[],"isPaginationComplete":false}`, false},
		{operation.GetJob, strings.Replace(jobJSON, `"Succeeded"`, `"Resting"`, 1), true},
		{operation.GetJob, strings.Replace(jobJSON, `"Succeeded"`, `""`, 1), false},
		{operation.GetJob, strings.Replace(jobJSON, testJob, ``, 1), false},
		{operation.GetJob, strings.Replace(jobJSON, `"created":1615680311115`, `"created":-5`, 1), false},
		{operation.UploadFromURL, `{"accountId":"A623uY2","filePath":"/a","fileUrl":"u"}`, true},
		{operation.UploadFromURL, `{"accountId":"A623uY2","filePath":"a","fileUrl":"u"}`, false},
		{operation.UploadFromURL, `{"accountId":"A623uY2","filePath":"/a","etag":"a b","fileUrl":"u"}`, false},
		{operation.ProcessFileAndSave, `{"async":true,"jobId":"` + testJob + `","jobType":"NewJob"}`, true},
		{operation.ProcessFileAndSave, `{"async":true,"jobId":"` + testJob + `"}`, false},
		{operation.ProcessFileAndSave, `{"async":false,"fileUrl":"u"}`, false},
		{operation.ProcessFileAndSave, `{}`, false},
		{operation.ListRecentJobs, `{}`, false},
		{operation.ListRecentJobs, `{"items":[{}]}`, false},
		{operation.ListRecentJobs, `{"items":[]}`, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			err := workCalls(t.Context(), mustClient(t, testKey, respond(200, test.body)))[test.op]()
			if test.good && err != nil || !test.good && !errors.Is(err, ErrProtocol) {
				t.Errorf("%s of %s: %v", test.op, test.body, err)
			}
		})
	}
}

// TestWorkArguments has what is refused before anything is sent.
func TestWorkArguments(t *testing.T) {
	t.Parallel()
	c := mustClient(t, testKey, withTransport(func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, io.EOF
	}))
	ctx := t.Context()
	put := func(opt FolderOption) error { _, err := c.PutFolder(ctx, "/f", opt); return err }
	list := func(path string, opts ...ListOption) error {
		for _, err := range c.ListFolder(ctx, path, opts...) {
			var broken *ListError
			if !errors.As(err, &broken) || broken.Cursor != "" {
				t.Errorf("%v is no ListError", err)
			}
			return err
		}
		return nil
	}
	scope := func(scope PermissionScope, names ...string) error {
		return put(WithPublicPermissions([]PublicPermission{{Scope: ScopeThis, DownloadFile: []string{"raw"}}, {Scope: scope, DownloadFile: names}}))
	}
	for _, test := range []struct {
		field string
		err   error
	}{
		{"source", c.CopyFile(ctx, FileCopy{Source: "a", Destination: "/b"})},
		{"destination", c.CopyFile(ctx, FileCopy{Source: "/a", Destination: "/b/"})},
		{"destination", c.CopyFile(ctx, FileCopy{Source: "/a", Destination: "/../b"})},
		{"tags[1]", c.CopyFile(ctx, FileCopy{Source: "/a", Destination: "/b", Tags: []string{"t", "a b"}})},
		{"tags", c.CopyFile(ctx, FileCopy{Source: "/a", Destination: "/b", Tags: make([]string, 26)})},
		{"metadata", c.CopyFile(ctx, FileCopy{Source: "/a", Destination: "/b", Metadata: map[string]any{"a": make(chan int)}})},
		{"folderPath", second(c.GetFolderDetails(ctx, "/a/"))},
		{"folderPath", second(c.GetFolderDetails(ctx, ""))},
		{"folderPath", second(c.PutFolder(ctx, "/a/"))},
		{"description", put(WithDescription(" x"))},
		{"description", put(WithDescription(strings.Repeat("x", 101)))},
		{"publicPermissions[1].scope", scope("All", "raw")},
		{"publicPermissions[1].downloadFile", scope(ScopeThis, make([]string, 11)...)},
		{"publicPermissions[1].downloadFile[1]", scope(ScopeThis, "*", "a*b")},
		{"storageLayer", put(WithStorageLayer(&gen.StorageLayerUpdate{}))},
		{"folderPath", list("a")},
		{"pageSize", list("/", WithPageSize(0))},
		{"pageSize", list("/", WithPageSize(1001), WithRecursive())},
		{"overriddenStorage", second(c.CopyFolder(ctx, FolderCopy{Source: "/a", Destination: "/b", OverriddenStorage: true}))},
		{"source", second(c.CopyFolder(ctx, FolderCopy{Source: "/a/", Destination: "/b"}))},
		{"folderPath", second(c.DeleteFolder(ctx, FolderDeletion{}))},
		{"files[1].source", second(firstJob(c.CopyFiles(ctx, slices.Values([]FileCopy{{Source: "/a", Destination: "/b"}, {}}))))},
		{"files[2]", second(firstJob(c.DeleteFiles(ctx, slices.Values([]string{"/a", "/b", "c"}))))},
		{"folders[0].destination", second(firstJob(c.CopyFolders(ctx, slices.Values([]FolderCopy{{Source: "/a"}}))))},
		{"folders[0].folderPath", second(firstJob(c.DeleteFolders(ctx, slices.Values([]FolderDeletion{{}}))))},
		{"url", second(c.UploadFromURL(ctx, "ftp://example.com/a"))},
		{"url", second(c.UploadFromURL(ctx, "/a"))},
		{"url", second(c.UploadFromURL(ctx, "https://example.com/a b"))},
		{"url", second(c.UploadFromURL(ctx, "https://example.com?a=b"))},
		{"url", second(c.UploadFromURL(ctx, "https://example.com/"+strings.Repeat("a", 8192)))},
		{"fetchTimeout", second(c.UploadFromURL(ctx, "https://example.com/", WithFetchTimeout(31*time.Second)))},
		{"path", second(c.UploadFromURL(ctx, "https://example.com/", WithPath("/a"), WithFolder("/b")))},
		{"filePath", second(c.ProcessFileAndSave(ctx, "image", "a", nil))},
		{"preset", second(c.ProcessFileAndSave(ctx, "raw", "/a", nil))},
		{"preset", second(c.ProcessFileAndSave(ctx, "a/b", "/a", nil))},
		{"w", second(c.ProcessFileAndSave(ctx, "image", "/a", []cdn.Option{cdn.Width(-1)}))},
		{"w", second(c.ProcessFileAndSave(ctx, "thumbnail", "/a", []cdn.Option{cdn.Width(1)}))},
		{"version", second(c.ProcessFileAndSave(ctx, "image", "/a", []cdn.Option{cdn.Version("1")}))},
		{"cache-ttl-404", second(c.ProcessFileAndSave(ctx, "image", "/a", []cdn.Option{cdn.CacheTTL404(time.Hour)}))},
		{"meta-a", second(c.ProcessFileAndSave(ctx, "image", "/a", []cdn.Option{cdn.Meta("a", "b")}))},
		{"params", second(c.ProcessFileAndSave(ctx, "image", "/a", []cdn.Option{cdn.QueryBang(), cdn.Width(1)}))},
		{"extendedParams", second(c.ProcessFileAndSave(ctx, "image", "/a", nil, WithExtendedParams(gen.TransformationGroup{{Name: "a"}})))},
		{"extendedParams", second(c.ProcessFileAndSave(ctx, "image", "/a", nil, WithExtendedParams(gen.TransformationGroup{{Name: "a", Value: strings.Repeat("x", 400<<10)}})))},
		{"fileNameFallback", second(c.ProcessFileAndSave(ctx, "image", "/a", nil, WithFileNameFallback("a")))},
		{"pattern", second(c.ResetCache(ctx, "a", true, true))},
		{"pattern", second(c.ResetCache(ctx, "/*/a", true, true))},
		{"edge", second(c.ResetCache(ctx, "/*", false, false))},
		{"jobType", second(c.GetJob(ctx, "a-b", testJob))},
		{"jobType", second(c.Job("", testJob).Wait(ctx))},
		{"jobId", second(c.GetJob(ctx, "NewJob", ".."))},
		{"jobId", c.CancelJob(ctx, "NewJob", "a/b")},
		{"jobType", second(c.ListRecentJobs(ctx, "../x"))},
	} {
		wantArgumentError(t, test.err, test.field)
	}
}

func second[T any](_ T, err error) error { return err }

// Sequences of any length become jobs of the size that the API allows.
func TestBatches(t *testing.T) {
	t.Parallel()
	document, err := openapi3.NewLoader().LoadFromData(OpenAPI())
	must(t, err)
	limit := func(schema, property string) int {
		return int(*document.Components.Schemas[schema].Value.Properties[property].Value.MaxItems)
	}
	repeat := func(n int) iter.Seq[int] {
		return func(yield func(int) bool) {
			for i := range n {
				if !yield(i) {
					return
				}
			}
		}
	}
	for op, most := range map[string]int{
		operation.CopyFileBatch:     limit("CopyFileBatchRequest", "files"),
		operation.DeleteFileBatch:   limit("DeleteFileBatchRequest", "files"),
		operation.CopyFolderBatch:   limit("CopyFolderBatchRequest", "folders"),
		operation.DeleteFolderBatch: limit("DeleteFolderBatchRequest", "folders"),
	} {
		for _, n := range []int{0, 1, most, most + 1, 3 * most} {
			var sizes []int
			c := mustClient(t, testKey, withTransport(func(req *http.Request) (*http.Response, error) {
				var body map[string][]any
				must(t, json.NewDecoder(req.Body).Decode(&body))
				sizes = append(sizes, len(body["files"])+len(body["folders"]))
				return answer(req, 200, startJSON), nil
			}))
			started := 0
			for job, err := range map[string]func() iter.Seq2[*Job, error]{
				operation.CopyFileBatch: func() iter.Seq2[*Job, error] {
					return c.CopyFiles(t.Context(), mapped(repeat(n), func(i int) FileCopy { return FileCopy{Source: "/a", Destination: fmt.Sprint("/", i)} }))
				},
				operation.DeleteFileBatch: func() iter.Seq2[*Job, error] {
					return c.DeleteFiles(t.Context(), mapped(repeat(n), func(i int) string { return fmt.Sprint("/", i) }))
				},
				operation.CopyFolderBatch: func() iter.Seq2[*Job, error] {
					return c.CopyFolders(t.Context(), mapped(repeat(n), func(i int) FolderCopy { return FolderCopy{Source: "/a", Destination: fmt.Sprint("/", i)} }))
				},
				operation.DeleteFolderBatch: func() iter.Seq2[*Job, error] {
					return c.DeleteFolders(t.Context(), mapped(repeat(n), func(i int) FolderDeletion { return FolderDeletion{FolderPath: fmt.Sprint("/", i)} }))
				},
			}[op]() {
				must(t, err)
				if started++; job.ID != testJob || len(sizes) != started {
					t.Errorf("%s: job %d is %+v after %d requests", op, started, job, len(sizes))
				}
			}
			want := slices.Repeat([]int{most}, n/most)
			if n%most > 0 {
				want = append(want, n%most)
			}
			if !slices.Equal(sizes, want) {
				t.Errorf("%s of %d: batches %v, want %v", op, n, sizes, want)
			}
		}
	}
}

func mapped[T, U any](from iter.Seq[T], to func(T) U) iter.Seq[U] {
	return func(yield func(U) bool) {
		for item := range from {
			if !yield(to(item)) {
				return
			}
		}
	}
}

// A sequence that breaks off tells how much is done, and nothing is read ahead of it.
func TestBatchError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport, sent := script(t, ok(startJSON), ok(startJSON), status(429, "Retry-After", "1"), status(403))
		read := 0
		paths := func(yield func(string) bool) {
			for yield(fmt.Sprint("/", read)) {
				read++
			}
		}
		jobs := 0
		for _, err := range mustClient(t, testKey, transport).DeleteFiles(t.Context(), paths) {
			if err == nil {
				jobs++
				continue
			}
			var broken *BatchError
			if !errors.As(err, &broken) || broken.Started != 2000 || errors.Is(err, ErrOutcomeUnknown) {
				t.Errorf("%#v", err)
			}
			wantAPIError(t, err, operation.DeleteFileBatch, 403)
		}
		if jobs != 2 || *sent != 4 || read != 2999 {
			t.Errorf("%d jobs, %d requests, %d paths read", jobs, *sent, read)
		}
	})
	// Nothing in particular is an empty sequence.
	for range mustClient(t, testKey).DeleteFiles(t.Context(), nil) {
		t.Error("something was deleted")
	}
}

// TestListFolderPages goes through pages that are empty, breaks off, and goes on.
func TestListFolderPages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		page := func(cursor string, last bool, names ...string) roundTrip {
			items := []map[string]any{}
			for _, name := range names {
				items = append(items, map[string]any{"type": "File", "filePath": name, "fileUrl": "u", "lastModified": 1, "size": 2})
			}
			body, err := json.Marshal(map[string]any{"cursor": cursor, "isPaginationComplete": last, "items": items})
			must(t, err)
			return ok(string(body))
		}
		var cursors []string
		watch := func(next roundTrip) roundTrip {
			return func(req *http.Request) (*http.Response, error) {
				cursors = append(cursors, req.URL.Query().Get("cursor"))
				return next(req)
			}
		}
		var answers []roundTrip
		for _, next := range []roundTrip{
			page("1", false, "/a", "/b"), page("2", false), lost, page("3", false), page("4", false, "/c"), status(403),
			page("5", false), page("6", true, "/d"),
		} {
			answers = append(answers, watch(next))
		}
		transport, sent := script(t, answers...)
		c := mustClient(t, testKey, transport)
		var found []string
		cursor := ""
		for range 2 {
			for entry, err := range c.ListFolder(t.Context(), "/", WithCursor(cursor)) {
				if err != nil {
					var broken *ListError
					if !errors.As(err, &broken) {
						t.Fatal(err)
					}
					wantAPIError(t, err, operation.ListFolder, 403)
					cursor = broken.Cursor
					break
				}
				found = append(found, entry.Path)
			}
		}
		if got, want := strings.Join(found, " "), "/a /b /c /d"; got != want {
			t.Errorf("found %s, want %s", got, want)
		}
		if got, want := strings.Join(cursors, ","), ",1,2,2,3,4,4,5"; got != want || *sent != len(answers) {
			t.Errorf("cursors %s, want %s", got, want)
		}
	})
}

// A list that does not go on ends with an error instead of going on forever.
func TestListFolderThatDoesNotGoOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := mustClient(t, testKey, respond(200, `{"cursor":"c","isPaginationComplete":false,"items":[]}`))
		for _, err := range c.ListFolder(t.Context(), "/") {
			if !errors.Is(err, ErrProtocol) {
				t.Errorf("error %v", err)
			}
		}
	})
}

// TestJobWait follows a job to its ends.
func TestJobWait(t *testing.T) {
	t.Parallel()
	state := func(status, more string) roundTrip {
		return ok(strings.Replace(jobJSON, `"status":"Succeeded"`, `"status":"`+status+`"`+more, 1))
	}
	for _, test := range []struct {
		name    string
		answers []roundTrip
		status  JobStatus // of the JobError; empty for none
		code    string
	}{
		{"at once", []roundTrip{state("Succeeded", "")}, "", ""},
		{"all statuses", []roundTrip{
			state("Created", ""), state("Pending", `,"error":null`), state("Resting", ""), lost, state("Rollback", ""), state("Succeeded", ""),
		}, "", ""},
		{"failed", []roundTrip{
			state("Running", ""),
			state("Failed", `,"error":{"code":"some_code","message":"It \u001b[31mfailed with `+testKey+`.","details":[1],"timestamp":"2024-11-14T15:19:29.471Z"}`),
		}, JobStatusFailed, "some_code"},
		{"failed without a reason", []roundTrip{state("Failed", "")}, JobStatusFailed, ""},
		{"cancelled", []roundTrip{state("Cancelling", ""), state("Cancelled", `,"error":null`)}, JobStatusCancelled, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				transport, sent := script(t, test.answers...)
				summary, err := mustClient(t, testKey, transport).Job("NewJob", testJob).Wait(t.Context())
				if *sent != len(test.answers) {
					t.Errorf("%d requests, want %d", *sent, len(test.answers))
				}
				if summary == nil || summary.ID != testJob || fmt.Sprint(summary.Summary) != "map[n:12345678901234567]" {
					t.Fatalf("summary %+v", summary)
				}
				var failed *JobError
				switch {
				case test.status == "" && err != nil:
					t.Errorf("error %v", err)
				case test.status == "":
					return
				case !errors.As(err, &failed) || failed.Status != test.status || failed.Code != test.code || failed.ID != testJob:
					t.Fatalf("error %#v", err)
				}
				if test.code != "" && (string(failed.Details) != "[1]" || failed.Time.Year() != 2024) {
					t.Errorf("error %+v", failed)
				}
				if !reflect.DeepEqual(failed.Summary, summary.Summary) {
					t.Errorf("summary %v of the error", failed.Summary)
				}
				wantNoSecret(t, "the error", err.Error()+fmt.Sprintf("%+v", failed), testKey)
				if strings.ContainsRune(err.Error(), 0x1b) {
					t.Errorf("%q holds a control character", err)
				}
			})
		})
	}
}

// The questions come at once, and then less and less often, up to every 10 s.
func TestJobWaitBacksOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked []time.Time
		running := strings.Replace(jobJSON, "Succeeded", "Running", 1)
		c := mustClient(t, testKey, withTransport(func(req *http.Request) (*http.Response, error) {
			asked = append(asked, time.Now())
			return answer(req, 200, running), nil
		}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		began := time.Now()
		summary, err := c.Job("NewJob", testJob).Wait(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || summary == nil || summary.Status != JobStatusRunning {
			t.Errorf("%+v, %v", summary, err)
		}
		if took := time.Since(began); took != time.Hour || !asked[0].Equal(began) {
			t.Errorf("ended after %v, asked first after %v", took, asked[0].Sub(began))
		}
		if n := len(asked); n < 360 || n > 730 {
			t.Errorf("asked %d times in an hour", n)
		}
		if wait := asked[1].Sub(asked[0]); wait < firstPoll/2 || wait > firstPoll {
			t.Errorf("asked again after %v", wait)
		}
	})
}

// The names of types and statuses are those of package gen, which are those of openapi.yaml.
func TestJobNames(t *testing.T) {
	var known []gen.JobType
	for _, jobType := range JobTypes() {
		known = append(known, gen.JobType(jobType))
	}
	if !slices.Equal(known, gen.JobTypes()) {
		t.Errorf("types %v, want %v", known, gen.JobTypes())
	}
	for status, want := range map[JobStatus]gen.JobStatus{
		JobStatusCreated: gen.JobStatusCreated, JobStatusPending: gen.JobStatusPending, JobStatusRunning: gen.JobStatusRunning,
		JobStatusRollback: gen.JobStatusRollback, JobStatusFailed: gen.JobStatusFailed, JobStatusSucceeded: gen.JobStatusSucceeded,
		JobStatusCancelling: gen.JobStatusCancelling, JobStatusCancelled: gen.JobStatusCancelled,
	} {
		if string(status) != string(want) || status.Final() != want.Final() {
			t.Errorf("%s is not %s", status, want)
		}
	}
}

// What the calls return encodes to JSON and back without loss.
func TestWorkJSON(t *testing.T) {
	t.Parallel()
	c := mustClient(t, testKey, withTransport(func(req *http.Request) (*http.Response, error) {
		switch {
		case strings.Contains(req.URL.Path, "/jobs/"):
			return answer(req, 200, strings.Replace(jobJSON, `"summary"`, `"error":{"code":"c","message":"m","details":{"a":1},"timestamp":"2024-11-14T15:19:29.471Z"},"summary"`, 1)), nil
		case strings.HasSuffix(req.URL.Path, "/list"):
			return answer(req, 200, `{"cursor":"c","isPaginationComplete":true,"items":[
				{"filePath":"/f/a","fileUrl":"u","lastModified":1615680311115,"size":2,"type":"File"},
				{"folderPath":"/f/b","settings":{"publicPermissions":[],"storageLayer":{"type":"InternalStorageV2"}},"type":"Folder","virtual":true}]}`), nil
		}
		return answer(req, 200, folderJSON), nil
	}))
	job, err := c.GetJob(t.Context(), "NewJob", testJob)
	must(t, err)
	folder, err := c.GetFolderDetails(t.Context(), "/f")
	must(t, err)
	for _, value := range []any{job, folder} {
		sameInJSON(t, value)
	}
	for entry, err := range c.ListFolder(t.Context(), "/f") {
		must(t, err)
		sameInJSON(t, &entry)
	}
}

func sameInJSON(t *testing.T, value any) {
	t.Helper()
	data, err := json.Marshal(value)
	must(t, err)
	again := reflect.New(reflect.TypeOf(value).Elem()).Interface()
	must(t, json.Unmarshal(data, again))
	if !reflect.DeepEqual(value, again) {
		t.Errorf("%+v became %+v by %s", value, again, data)
	}
}

// What the calls return and the errors they end with show their facts in a log.
func TestWorkInLogs(t *testing.T) {
	t.Parallel()
	job := JobSummary{Type: "NewJob", ID: testJob, Status: JobStatusFailed, Failure: &JobFailure{Code: "a_code", Message: "A message."}}
	for want, value := range map[string]any{
		"v.jobType=NewJob v.jobId=" + testJob + " v.jobStatus=Failed v.code=a_code": job,
		"v.folderPath=/f v.virtual=true":                                            FolderDetails{FolderPath: "/f", Virtual: true},
		`v.msg="NewJob ` + testJob + `: failed: a_code: A message." v.jobType=NewJob v.jobId=` + testJob + " v.jobStatus=Failed v.code=a_code": job.Err(),
		`v.msg="ProcessFile: NewJob ` + testJob + ` is running" v.jobType=NewJob v.jobId=` + testJob + " v.jobStatus=Running": &NotReadyError{
			Job: &Job{Type: "NewJob", ID: testJob}, Status: JobStatusRunning,
		},
		`v.msg="CopyFile: 409 Conflict" v.started=100 v.operation=CopyFile v.status=409`: &BatchError{
			Started: 100, Err: &APIError{Operation: "CopyFile", Status: 409},
		},
		`v.msg="ListFolder: 500 Internal Server Error" v.cursor=c v.operation=ListFolder v.status=500`: &ListError{
			Cursor: "c", Err: &APIError{Operation: "ListFolder", Status: 500},
		},
		`v.msg="EOF (the call may have been carried out all the same)" v.outcomeUnknown=true`: &outcomeUnknown{io.EOF},
	} {
		var text strings.Builder
		handler := slog.NewTextHandler(&text, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
				return slog.Attr{}
			}
			return a
		}})
		slog.New(handler).Info("", "v", value)
		if got := strings.TrimSpace(text.String()); got != want {
			t.Errorf("logged %s, want %s", got, want)
		}
	}
}
