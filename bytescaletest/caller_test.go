package bytescaletest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/gen"
)

// account is that of DefaultKey.
const account = "A623uY2"

// caller is the generated client with a credential.
type caller struct {
	*gen.ClientWithResponses

	t   *testing.T
	srv *bytescaletest.Server
	web *http.Client
	key string
}

func newCaller(t *testing.T, key string, opts ...bytescaletest.Option) *caller {
	t.Helper()
	return callerOf(t, bytescaletest.NewServer(t, opts...), key)
}

func callerOf(t *testing.T, srv *bytescaletest.Server, key string) *caller {
	t.Helper()
	if key == "" {
		key = srv.Key()
	}
	web := srv.HTTPClient()
	client, err := gen.NewClientWithResponses(srv.URL(), gen.WithHTTPClient(web),
		gen.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+key)
			return nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	return &caller{client, t, srv, web, key}
}

// add stores files, each with its path for content.
func (a *caller) add(paths ...string) {
	for _, path := range paths {
		a.srv.AddFile(bytescale.FileDetails{
			FilePath: path, MIME: "text/plain", OriginalFileName: "o.txt", Tags: []string{"x"}, Metadata: map[string]any{"a": 1, "b": 2},
		}, []byte(path))
	}
}

// files lists the stored files.
func (a *caller) files() string {
	var paths []string
	for _, file := range a.srv.Files() {
		paths = append(paths, file.FilePath)
	}
	return strings.Join(paths, " ")
}

// answered is a result of the generated client.
type answered interface{ StatusCode() int }

// want checks how a call ended: with a status, and for a failure with a code.
func (a *caller) want(result answered, err error, body []byte, status int, code string) bool {
	a.t.Helper()
	switch {
	case err != nil:
		a.t.Error(err)
	case result.StatusCode() != status || answer{body: body}.code() != code:
		a.t.Errorf("got %d %s, want %d %s", result.StatusCode(), body, status, code)
	default:
		return true
	}
	return false
}

// list lists all pages of a folder, with what is asked for in the query.
func (a *caller) list(folder, query string) (items []string, pages int) {
	a.t.Helper()
	for cursor := ""; ; pages++ {
		values, err := url.ParseQuery(query)
		if err != nil {
			a.t.Fatal(err)
		}
		values.Set("folderPath", folder)
		if cursor != "" {
			values.Set("cursor", cursor)
		}
		got := a.get("/v2/accounts/" + account + "/folders/list?" + values.Encode())
		var page gen.ListFolderResponse
		if got.status != http.StatusOK || json.Unmarshal(got.body, &page) != nil {
			a.t.Fatalf("listing %s: %v", folder, got)
		}
		for _, item := range page.Items {
			value, err := item.ValueByDiscriminator()
			if err != nil {
				a.t.Fatal(err)
			}
			switch value := value.(type) {
			case gen.FileSummary:
				items = append(items, value.FilePath)
			case gen.FolderSummary:
				items = append(items, fmt.Sprintf("%s(%v)", value.FolderPath, value.Virtual))
			}
		}
		if page.IsPaginationComplete {
			return items, pages + 1
		}
		if cursor == page.Cursor {
			a.t.Fatalf("the cursor %q stays the same", cursor)
		}
		cursor = page.Cursor
	}
}

func (a *caller) get(path string) answer { return a.send(http.MethodGet, path, "") }

func (a *caller) send(method, path, body string) answer {
	a.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.srv.URL()+path, reader)
	if err != nil {
		a.t.Fatal(err)
	}
	if a.key != "-" {
		r.Header.Set("Authorization", "Bearer "+a.key)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	s := &session{t: a.t, web: a.web}
	return s.do(r, nil)
}

// job looks at a job.
func (a *caller) job(kind gen.JobType, id string) *gen.JobSummary {
	a.t.Helper()
	got, err := a.GetJobWithResponse(a.t.Context(), account, kind, id)
	if err != nil || got.StatusCode() != http.StatusOK {
		a.t.Fatalf("GetJob: %v, %v", got, err)
	}
	return got.JSON200
}
