package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/c88edac7/bytescale-go/internal/fake"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

// whileWaiting runs a command against a fake service with the file /f/a.txt, and calls do when
// the command first asks about a job.
func whileWaiting(t *testing.T, ctx context.Context, options fake.Options, do func(*fake.Server), args ...string) (server *fake.Server, code int, errw string) {
	t.Helper()
	options.Keys = []string{testKey}
	server, err := fake.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	addFile(t, server, "/f/a.txt")
	var once sync.Once
	socket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/jobs/") {
			once.Do(func() { do(server) })
		}
		server.ServeHTTP(w, r)
	}))
	t.Cleanup(socket.Close)
	env := func(name string) string {
		return map[string]string{"BYTESCALE_API_KEY": testKey, "BYTESCALE_API_URL": socket.URL, "BYTESCALE_CDN_URL": socket.URL}[name]
	}
	var out, stderr bytes.Buffer
	code = run(ctx, args, env, strings.NewReader(""), &out, &stderr)
	return server, code, stderr.String()
}

func addFile(t *testing.T, server *fake.Server, path string) {
	t.Helper()
	if err := server.AddFile(store.File{AccountID: testAccount, Path: path}, []byte("hello")); err != nil {
		t.Error(err)
	}
}

// A folder stays if something was stored in it while it was copied, because that is not in the
// copy.
func TestMoveKeepsNewFiles(t *testing.T) {
	server, code, errw := whileWaiting(t, t.Context(), fake.Options{}, func(server *fake.Server) { addFile(t, server, "/f/new.txt") },
		"mv", "-r", "/f", "/g")
	want := "bytescale: /f: was copied to /g but not deleted: /f/new.txt was stored while the folder was copied; run the same command again when nothing writes to the folder\n"
	if code != exitFailed || errw != want {
		t.Errorf("exit code %d, printed %q", code, errw)
	}
	var paths []string
	files, err := server.Store().Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		paths = append(paths, file.Path)
	}
	if got := strings.Join(paths, " "); got != "/f/a.txt /f/new.txt /g/a.txt" {
		t.Errorf("stored: %s", got)
	}
}

// Who stops to wait for a job learns that it goes on.
func TestInterruptedWait(t *testing.T) {
	for _, args := range [][]string{{"cp", "-r", "/f", "/g"}, {"rm", "-r", "--yes", "/f"}, {"mv", "-r", "/f", "/g"}} {
		ctx, cancel := context.WithCancelCause(t.Context())
		_, code, errw := whileWaiting(t, ctx, fake.Options{JobSteps: 1}, func(*fake.Server) { cancel(stopped{os.Interrupt}) }, args...)
		want := regexp.MustCompile(`^bytescale: the job goes on without this command; to end it: bytescale job cancel \w+/\w{26}\nbytescale: interrupted\n$`)
		if code != 130 || !want.MatchString(errw) {
			t.Errorf("%v: exit code %d, printed %q", args, code, errw)
		}
	}
}
