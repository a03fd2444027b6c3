package fake

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// brokenStore fails where it is told to, as a full disk does.
type brokenStore struct {
	*store.Memory
	broken string // name of the method
	err    error
}

func (b *brokenStore) fails(method string) error {
	if b.broken == method {
		return b.err
	}
	return nil
}

func (b *brokenStore) CreateUpload(u store.Upload) error {
	return errors.Join(b.fails("CreateUpload"), b.Memory.CreateUpload(u))
}

func (b *brokenStore) Upload(id string) (store.Upload, error) {
	u, err := b.Memory.Upload(id)
	return u, errors.Join(b.fails("Upload"), err)
}

func (b *brokenStore) ExpireUploads(at time.Time) error {
	return errors.Join(b.fails("ExpireUploads"), b.Memory.ExpireUploads(at))
}

func (b *brokenStore) Receive(size int64) (store.Receiver, error) {
	if err := b.fails("Receive"); err != nil {
		return nil, err
	}
	receiver, err := b.Memory.Receive(size)
	return brokenReceiver{receiver, b.fails("Write")}, err
}

type brokenReceiver struct {
	store.Receiver
	err error
}

func (b brokenReceiver) Write(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	return b.Receiver.Write(p)
}

func (b *brokenStore) KeepPart(id string, part store.Part, received store.Receiver) error {
	return errors.Join(b.fails("KeepPart"), b.Memory.KeepPart(id, part, received.(brokenReceiver).Receiver))
}

func (b *brokenStore) Part(id string, index int64) (store.Part, error) {
	part, err := b.Memory.Part(id, index)
	return part, errors.Join(b.fails("Part"), err)
}

func (b *brokenStore) Parts(id string) ([]store.Part, error) {
	parts, err := b.Memory.Parts(id)
	return parts, errors.Join(b.fails("Parts"), err)
}

func (b *brokenStore) CompletePart(id string, index int64) error {
	return errors.Join(b.fails("CompletePart"), b.Memory.CompletePart(id, index))
}

func (b *brokenStore) Publish(id string, file store.File, overwrite bool) error {
	if err := b.fails("Publish"); err != nil {
		return err
	}
	return b.Memory.Publish(id, file, overwrite)
}

func (b *brokenStore) AddFile(file store.File, received store.Receiver, overwrite bool) error {
	return errors.Join(b.fails("AddFile"), b.Memory.AddFile(file, received.(brokenReceiver).Receiver, overwrite))
}

func (b *brokenStore) File(account, path string) (store.File, error) {
	if err := b.fails("File"); err != nil {
		return store.File{}, err
	}
	return b.Memory.File(account, path)
}

func (b *brokenStore) Open(account, path string) (store.File, store.Content, error) {
	if err := b.fails("Open"); err != nil {
		return store.File{}, nil, err
	}
	return b.Memory.Open(account, path)
}

// A store that fails is a 500, and a full one a 507, in the form of the API or of
// storage. The answer says nothing about the machine; the owner of the server is told.
func TestStoreFailures(t *testing.T) {
	for _, failure := range []struct {
		err          error
		status       int
		api, storage string
	}{
		{errors.New("input/output error at /var/secret/place"), 500, `"code":"internal_error"`, "<Code>InternalError</Code>"},
		{&fs.PathError{Op: "write", Path: "/var/secret/place", Err: syscall.ENOSPC}, 507, `"code":"storage_full"`, "<Code>InsufficientStorage</Code>"},
		{fmt.Errorf("a secret limit: %w", store.ErrFull), 507, `"code":"storage_full"`, "<Code>InsufficientStorage</Code>"},
	} {
		testStoreFailures(t, failure.err, failure.status, failure.api, failure.storage)
	}
}

func testStoreFailures(t *testing.T, failure error, wantStatus int, wantAPI, wantStorage string) {
	cases := []struct{ method, operation string }{
		{"CreateUpload", "begin"}, {"ExpireUploads", "begin"}, {"File", "begin"},
		{"Upload", "put"}, {"Receive", "put"}, {"Write", "put"}, {"KeepPart", "put"},
		{"Upload", "get"}, {"Upload", "list"}, {"Parts", "list"},
		{"Upload", "complete 0"}, {"Part", "complete 0"}, {"CompletePart", "complete 0"},
		{"Parts", "complete 1"}, {"Publish", "complete 1"},
		{"Receive", "basic"}, {"Write", "basic"}, {"AddFile", "basic"}, {"File", "basic"},
		{"File", "details"}, {"Open", "download"},
	}
	for _, c := range cases {
		t.Run(fmt.Sprint(wantStatus, " ", c.method, " at ", c.operation), func(t *testing.T) {
			store := &brokenStore{Memory: store.NewMemory(), err: failure}
			failures := make(chan error, 1)
			core, err := New(Options{Store: store, PartSizes: []int64{3}, OnFailure: func(err error) { failures <- err }})
			must(t, err)
			server := httptest.NewServer(core)
			defer core.Close()
			defer server.Close()

			if c.method == "ExpireUploads" {
				store.broken = c.method // it is called at the first begin only
			}
			u := &rawUpload{t: t, url: server.URL}
			steps := []string{"begin", "get", "list", "put", "put 1", "complete 0", "list", "complete 1", "basic", "details", "download"}
			for _, step := range steps {
				if step == c.operation {
					store.broken = c.method
				}
				status, body := u.do(step)
				if step != c.operation {
					if status != 200 {
						t.Fatalf("%s: %d %s", step, status, body)
					}
					continue
				}
				wanted := wantAPI
				if strings.HasPrefix(step, "put") {
					wanted = wantStorage
				}
				if status != wantStatus || !strings.Contains(body, wanted) || strings.Contains(body, "secret") {
					t.Errorf("%s: %d %s", step, status, body)
				}
				select {
				case err := <-failures:
					if !strings.Contains(err.Error(), "secret") {
						t.Errorf("%s: told of %v", step, err)
					}
				default:
					t.Errorf("%s: nobody was told", step)
				}
				return
			}
		})
	}
}

// rawUpload does an upload of six bytes in two parts, and more, step by step.
type rawUpload struct {
	t       *testing.T
	url     string
	id      string
	signed  [2]string
	etags   [2]string
	fileURL string
}

func (u *rawUpload) do(step string) (int, string) {
	u.t.Helper()
	api := u.url + "/v2/accounts/A623uY2"
	switch step {
	case "begin":
		status, _, body := u.send("POST", api+"/uploads", `{"size":6,"protocol":"1.1","path":"/f"}`, "application/json")
		u.id = between(body, `"uploadId":"`, `"`)
		u.fileURL = between(body, `"fileUrl":"`, `"`)
		for i := range u.signed {
			if status == 200 {
				_, _, part := u.send("GET", fmt.Sprintf("%s/uploads/%s/parts/%d", api, u.id, i), "", "")
				u.signed[i] = strings.ReplaceAll(between(part, `"uploadUrl":"`, `"`), `\u0026`, "&")
			}
		}
		return status, body
	case "get":
		status, _, body := u.send("GET", api+"/uploads/"+u.id+"/parts/0", "", "")
		return status, body
	case "list":
		status, _, body := u.send("GET", api+"/uploads/"+u.id+"/parts", "", "")
		return status, body
	case "put", "put 1":
		part := len(step) / 5
		status, header, body := u.send("PUT", u.signed[part], "abc", "-")
		u.etags[part] = strings.Trim(header.Get("ETag"), `"`)
		return status, body
	case "complete 0", "complete 1":
		part := int(step[9] - '0')
		status, _, body := u.send("PUT", fmt.Sprintf("%s/uploads/%s/parts/%d", api, u.id, part), `{"etag":"`+u.etags[part]+`"}`, "application/json")
		return status, body
	case "basic":
		status, _, body := u.send("POST", api+"/uploads/binary?filePath=/g", "abc", "text/plain")
		return status, body
	case "details":
		status, _, body := u.send("GET", api+"/files/details?filePath="+url.QueryEscape("/f"), "", "")
		return status, body
	}
	status, _, body := u.send("GET", u.fileURL, "", "")
	return status, body
}

// send sends a request; contentType "-" is for storage, without credentials.
func (u *rawUpload) send(method, address, body, contentType string) (int, http.Header, string) {
	u.t.Helper()
	request, err := http.NewRequestWithContext(u.t.Context(), method, address, strings.NewReader(body))
	must(u.t, err)
	if contentType != "-" {
		request.Header.Set("Authorization", "Bearer secret_A623uY2test")
		if contentType != "" {
			request.Header.Set("Content-Type", contentType)
		}
	}
	response, err := http.DefaultClient.Do(request)
	must(u.t, err)
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	must(u.t, err)
	return response.StatusCode, response.Header, string(data)
}

func between(text, before, after string) string {
	_, rest, _ := strings.Cut(text, before)
	found, _, _ := strings.Cut(rest, after)
	return found
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	for _, options := range []Options{
		{PartSizes: []int64{-1}}, {PartSizes: []int64{1, 0}}, {Bandwidth: -1}, {APILatency: -1}, {URLLifetime: -1},
		{UploadLifetime: -1}, {MaxFileSize: -1}, {Keys: []string{"secret_A623uY2x", "x"}},
	} {
		if server, err := New(options); err == nil {
			t.Errorf("%+v was accepted", options)
			server.Close()
		}
	}
}

// After Close nothing reaches the store any more, even if the HTTP server
// still lets requests through.
func TestClosedServer(t *testing.T) {
	core, err := New(Options{})
	must(t, err)
	server := httptest.NewServer(core)
	defer server.Close()
	must(t, core.Close())
	must(t, core.Close())
	response, err := http.Get(server.URL)
	if err == nil {
		response.Body.Close()
		t.Errorf("answered %s", response.Status)
	}
}

func TestOrigins(t *testing.T) {
	for want, request := range map[string]struct{ origin, target string }{
		"http://service.test:1":  {"", "http://service.test:1/x"},
		"https://service.test":   {"", "https://service.test/x"},
		"https://elsewhere.test": {"https://elsewhere.test/", "http://service.test/x"},
	} {
		core, err := New(Options{Origin: request.origin})
		must(t, err)
		if got := core.originOf(httptest.NewRequest(http.MethodGet, request.target, nil)); got != want {
			t.Errorf("origin %q, want %q", got, want)
		}
		must(t, core.Close())
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
