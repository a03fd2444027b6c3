package bytescale_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// TestFS has the standard library look for mistakes in the file system, whatever the order of
// the service's lists.
func TestFS(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]bytescaletest.Option{"ascending": nil, "descending": {bytescaletest.WithDescendingLists()}} {
		for _, root := range []string{"/", "/site"} {
			t.Run(name+" "+root, func(t *testing.T) {
				t.Parallel()
				srv := bytescaletest.NewServer(t, opts...)
				below := strings.TrimSuffix(root, "/")
				for path, content := range map[string]string{
					"/index.html": "<p>Hello.", "/a b/ü.txt": "x", "/docs/deep/deeper/c.txt": strings.Repeat("c", 100_000), "/docs/empty": "",
				} {
					srv.AddFile(bytescale.FileDetails{FilePath: below + path, MIME: "text/plain"}, []byte(content))
				}
				srv.AddFolder(bytescaletest.Folder{Path: below + "/made", Description: "Empty."})
				fsys := srv.Client().FS(t.Context(), root)
				if err := fstest.TestFS(fsys, "index.html", "a b/ü.txt", "docs/deep/deeper/c.txt", "docs/empty", "made"); err != nil {
					t.Error(err)
				}
				for _, name := range []string{"ReadDirFS", "StatFS", "ReadFileFS"} {
					ok := map[string]bool{"ReadDirFS": is[fs.ReadDirFS](fsys), "StatFS": is[fs.StatFS](fsys), "ReadFileFS": is[fs.ReadFileFS](fsys)}[name]
					if !ok {
						t.Errorf("it is no %s", name)
					}
				}
			})
		}
	}
}

func is[T any](value any) bool { _, ok := value.(T); return ok }

// An empty account is an empty directory.
func TestFSEmpty(t *testing.T) {
	t.Parallel()
	if err := fstest.TestFS(bytescaletest.NewServer(t).Client().FS(t.Context(), "/")); err != nil {
		t.Error(err)
	}
}

// TestFSNames has paths of the service that a file system cannot show.
func TestFSNames(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t)
	for _, path := range []string{"/both", "/both/inner.txt", "//slash.txt", "/./dot.txt", "/plain.txt"} {
		srv.AddFile(bytescale.FileDetails{FilePath: path}, []byte(path))
	}
	fsys := srv.Client().FS(t.Context(), "/")
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
		if entry.IsDir() {
			t.Errorf("%s is a directory", entry.Name())
		}
	}
	if !slices.Equal(names, []string{"both", "plain.txt"}) {
		t.Errorf("names %q", names)
	}
	if info, err := fs.Stat(fsys, "both"); err != nil || info.IsDir() {
		t.Errorf("%v, %v", info, err)
	}
}

func TestFSErrors(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t)
	srv.AddFile(bytescale.FileDetails{FilePath: "/site/a.txt"}, []byte("0123456789"))
	client := srv.Client()
	fsys := client.FS(t.Context(), "/site")
	open := func(fsys fs.FS, name string) error {
		f, err := fsys.Open(name)
		if err == nil {
			f.Close()
		}
		return err
	}
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	read := func(name string) error { _, err := fs.ReadFile(fsys, name); return err }
	list := func(name string) error { _, err := fs.ReadDir(fsys, name); return err }
	for _, test := range []struct {
		name string
		err  error
		want error
	}{
		{"missing", open(fsys, "b.txt"), fs.ErrNotExist},
		{"missing, also for the SDK", open(fsys, "b.txt"), fs.ErrNotExist},
		{"missing content", read("b.txt"), fs.ErrNotExist},
		{"missing directory", list("b"), fs.ErrNotExist},
		{"a file as a directory", list("a.txt"), nil},
		{"a directory as a file", read("."), nil},
		{"a name that is no name", open(fsys, "../a.txt"), fs.ErrInvalid},
		{"a name with a line break", open(fsys, "a\nb"), fs.ErrInvalid},
		{"a name that is too long", open(fsys, strings.Repeat("x", 600)), fs.ErrInvalid},
		{"a root that is no folder", open(client.FS(t.Context(), "site"), "."), fs.ErrInvalid},
		{"the end of the context", open(client.FS(ended, "/site"), "a.txt"), context.Canceled},
	} {
		var wrapped *fs.PathError
		if !errors.As(test.err, &wrapped) || test.want != nil && !errors.Is(test.err, test.want) {
			t.Errorf("%s: %v", test.name, test.err)
		}
	}
	if err := open(client.FS(ended, "/site"), "a.txt"); !strings.Contains(err.Error(), "enough") {
		t.Errorf("error %v", err)
	}
	srv.Fail(fault.Fault{Operation: "GetFileDetails", Kind: fault.Status, Status: 403})
	if err := open(fsys, "a.txt"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error %v", err)
	}
	srv.Fail(fault.Fault{Operation: "DownloadFile", Kind: fault.Status, Status: 403})
	if err := read("a.txt"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error %v", err)
	}
}

// TestFSFile reads a file here and there.
func TestFSFile(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t)
	srv.AddFile(bytescale.FileDetails{FilePath: "/a.txt"}, []byte("0123456789"))
	opened, err := srv.Client().FS(t.Context(), "/").Open("a.txt")
	if err != nil {
		t.Fatal(err)
	}
	file := opened.(io.ReadSeekCloser)
	if n := downloads(srv); n != 0 {
		t.Errorf("%d downloads before anything was read", n)
	}
	var got []string
	part := make([]byte, 3)
	for _, move := range []struct {
		offset int64
		whence int
	}{{0, io.SeekStart}, {0, io.SeekCurrent}, {-2, io.SeekEnd}, {-3, io.SeekCurrent}, {100, io.SeekStart}, {4, io.SeekStart}} {
		at, err := file.Seek(move.offset, move.whence)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.ReadFull(file, part)
		got = append(got, fmt.Sprint(at, " ", string(part[:n]), " ", err))
	}
	want := []string{"0 012 <nil>", "3 345 <nil>", "8 89 unexpected EOF", "7 789 <nil>", "100  EOF", "4 456 <nil>"}
	if !slices.Equal(got, want) {
		t.Errorf("read %q, want %q", got, want)
	}
	if n := downloads(srv); n != 4 {
		t.Errorf("%d downloads", n)
	}
	for _, move := range []struct {
		offset int64
		whence int
	}{{-1, io.SeekStart}, {0, 7}} {
		if _, err := file.Seek(move.offset, move.whence); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("Seek(%d, %d): %v", move.offset, move.whence, err)
		}
	}
	srv.AddFile(bytescale.FileDetails{FilePath: "/a.txt"}, []byte("another one, and longer"))
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Read(part); !errors.Is(err, bytescale.ErrFileChanged) {
		t.Errorf("a file of another size: %v", err)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{
		"Close": file.Close(), "Read": second(file.Read(part)), "Seek": second(file.Seek(0, 0)), "Stat": second(opened.Stat()),
	} {
		if !errors.Is(err, fs.ErrClosed) {
			t.Errorf("%s of a closed file: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func downloads(srv *bytescaletest.Server) (n int) {
	for _, exchange := range srv.Exchanges() {
		if exchange.Operation == "DownloadFile" {
			n++
		}
	}
	return n
}

// TestFSServes has net/http serve an account.
func TestFSServes(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t)
	putFiles(srv, "/site/index.html", "/site/docs/a.txt")
	site := httptest.NewServer(http.FileServerFS(srv.Client().FS(t.Context(), "/site")))
	defer site.Close()
	for _, test := range []struct {
		path, ranges string
		status       int
		body         string
	}{
		{"/", "", 200, "Hello."},
		{"/docs/a.txt", "", 200, "Hello."},
		{"/docs/a.txt", "bytes=1-3", 206, "ell"},
		{"/docs/", "", 200, "<a href=\"a.txt\">a.txt</a>"},
		{"/docs/none.txt", "", 404, ""},
		{"/%2e%2e/secret.txt", "", 404, ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, site.URL+test.path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if test.ranges != "" {
			req.Header.Set("Range", test.ranges)
		}
		resp, err := site.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != test.status || !strings.Contains(string(body), test.body) {
			t.Errorf("%s: %d %q %v, want %d %q", test.path, resp.StatusCode, body, err, test.status, test.body)
		}
	}
}

// A private folder needs the credentials at the CDN.
func TestFSPrivate(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t)
	srv.AddFolder(bytescaletest.Folder{Path: "/private", PublicPermissions: []bytescaletest.PublicPermission{}})
	putFiles(srv, "/private/a.txt")
	client := srv.Client()
	if _, err := fs.ReadFile(client.FS(t.Context(), "/private"), "a.txt"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("without credentials: %v", err)
	}
	data, err := fs.ReadFile(client.FS(t.Context(), "/private", bytescale.WithCDNAuth()), "a.txt")
	if err != nil || string(data) != "Hello." {
		t.Errorf("with credentials: %q, %v", data, err)
	}
}
