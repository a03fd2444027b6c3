package bytescaleblob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
	"github.com/c88edac7/bytescale-go/cdn"
)

func newTestBucket(t *testing.T, srv *bytescaletest.Server, opts *Options) *blob.Bucket {
	t.Helper()
	bucket, err := OpenBucket(srv.Client(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bucket.Close() })
	return bucket
}

// A signed URL opens a file of a private folder, and its blob is read with the client's key.
func TestSignedURL(t *testing.T) {
	key, err := cdn.NewKey("BMCyGyFk", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	if err != nil {
		t.Fatal(err)
	}
	srv := bytescaletest.NewServer(t, bytescaletest.WithURLKeys(key))
	private := bytescale.WithPublicPermissions([]bytescale.PublicPermission{})
	if _, err := srv.Client().PutFolder(t.Context(), "/private", private); err != nil {
		t.Fatal(err)
	}
	bucket := newTestBucket(t, srv, &Options{Folder: "/private", URLKey: key})
	if err := bucket.WriteAll(t.Context(), "a b.txt", []byte("hello"), nil); err != nil {
		t.Fatal(err)
	}
	if got, err := bucket.ReadAll(t.Context(), "a b.txt"); err != nil || string(got) != "hello" {
		t.Errorf("read %q, %v", got, err)
	}
	signed, err := bucket.SignedURL(t.Context(), "a b.txt", &blob.SignedURLOptions{Expiry: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]int{signed: http.StatusOK, strings.Split(signed, "?")[0]: http.StatusForbidden} {
		response, err := srv.HTTPClient().Get(address)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: %s, want %d", address, response.Status, want)
		}
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		if _, err := bucket.SignedURL(t.Context(), "a", &blob.SignedURLOptions{Method: method}); gcerrors.Code(err) != gcerrors.Unimplemented {
			t.Errorf("%s: %v", method, err)
		}
	}
}

// Whatever the order of the service, pages are in order, whole, and of the size asked for.
func TestPages(t *testing.T) {
	for name, options := range map[string][]bytescaletest.Option{"ascending": nil, "descending": {bytescaletest.WithDescendingLists()}} {
		t.Run(name, func(t *testing.T) {
			srv := bytescaletest.NewServer(t, options...)
			var want []string
			for i := range 57 {
				key := fmt.Sprintf("d%d/%02d", i%3, i)
				want = append(want, key)
				srv.AddFile(bytescale.FileDetails{FilePath: "/r/" + key}, []byte{byte(i)})
			}
			slices.Sort(want)
			bucket := newTestBucket(t, srv, &Options{Folder: "/r"})
			for _, size := range []int{1, 10, 56, 57, 58} {
				var got []string
				for token := blob.FirstPageToken; token != nil; {
					page, next, err := bucket.ListPage(t.Context(), token, size, nil)
					if err != nil {
						t.Fatal(err)
					}
					if len(page) > size || next != nil && len(page) < size {
						t.Errorf("a page of %d, want %d", len(page), size)
					}
					for _, object := range page {
						got = append(got, object.Key)
					}
					token = next
				}
				if !slices.Equal(got, want) {
					t.Errorf("pages of %d: %q, want %q", size, got, want)
				}
			}
		})
	}
}

// Files that others have stored are found under their names.
func TestForeignFiles(t *testing.T) {
	srv := bytescaletest.NewServer(t)
	names := []string{"100%.txt", "a%20b.txt", "c d.txt", "ü.txt"}
	for _, name := range names {
		srv.AddFile(bytescale.FileDetails{FilePath: "/" + name, Metadata: map[string]any{"n": []any{1, "x"}}}, []byte(name))
	}
	bucket := newTestBucket(t, srv, nil)
	var listed []string
	for iterator := bucket.List(nil); ; {
		object, err := iterator.Next(t.Context())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, object.Key)
		if got, err := bucket.ReadAll(t.Context(), object.Key); err != nil || string(got) != object.Key {
			t.Errorf("%s: %q, %v", object.Key, got, err)
		}
	}
	if !slices.Equal(listed, names) {
		t.Errorf("listed %q, want %q", listed, names)
	}
	attributes, err := bucket.Attributes(t.Context(), "100%.txt")
	if err != nil || attributes.Metadata["n"] != `[1,"x"]` {
		t.Errorf("metadata %v, %v", attributes, err)
	}
}

func FuzzKeys(f *testing.F) {
	for _, key := range []string{"", "/", "a//b/", ".", "../x", "%", "%25", "%2E", "100%", "a\nb", "%0A"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		path := pathOf("/root", key)
		if got := keyOf("/root", path); got != key {
			t.Fatalf("%q: path %q, key %q", key, path, got)
		}
		for element := range strings.SplitSeq(path[1:], "/") {
			if element == "" || element == "." || element == ".." || strings.ContainsFunc(element, func(r rune) bool { return r < ' ' }) {
				t.Fatalf("%q: path %q", key, path)
			}
		}
		if folder := folderOf("/root", key); folder != "/root" && !strings.HasPrefix(path, folder+"/") {
			t.Fatalf("%q: path %q is not in %q", key, path, folder)
		}
	})
}

func TestErrorCodes(t *testing.T) {
	srv := bytescaletest.NewServer(t)
	srv.Fail(fault.Fault{Operation: "GetFileDetails", Kind: fault.Status, Status: http.StatusForbidden})
	bucket := newTestBucket(t, srv, nil)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, refused := bucket.Attributes(t.Context(), "a")
	_, missing := bucket.Attributes(t.Context(), "a")
	_, ended := bucket.Attributes(cancelled, "a")
	_, long := bucket.Attributes(t.Context(), strings.Repeat("x", 600))
	for _, test := range []struct {
		err  error
		want gcerrors.ErrorCode
	}{
		{refused, gcerrors.PermissionDenied}, {missing, gcerrors.NotFound}, {ended, gcerrors.Canceled}, {long, gcerrors.InvalidArgument},
	} {
		if got := gcerrors.Code(test.err); got != test.want {
			t.Errorf("%v: %v, want %v", test.err, got, test.want)
		}
	}
}

func TestURLOpener(t *testing.T) {
	srv := bytescaletest.NewServer(t)
	opener := &URLOpener{Client: srv.Client()}
	for address, want := range map[string]string{
		"bytescale:///uploads": "", "bytescale://A623uY2/uploads": "", "bytescale://": "", "bytescale:///uploads/": "",
		"bytescale://B623uY2/uploads": "the client is of account A623uY2", "bytescale:///a?x=1": `unknown parameter "x"`, "bytescale:///a/..": "..",
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		bucket, err := opener.OpenBucketURL(t.Context(), u)
		if err == nil {
			bucket.Close()
		}
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
	}
	u := &url.URL{Scheme: Scheme}
	if _, err := (&URLOpener{}).OpenBucketURL(t.Context(), u); err == nil {
		t.Error("opened without a client")
	}
	if _, err := OpenBucket(nil, nil); err == nil {
		t.Error("opened without a client")
	}
}

// The scheme is registered, and the client comes from the environment.
func TestEnvironment(t *testing.T) {
	srv := bytescaletest.NewServer(t)
	t.Setenv("BYTESCALE_API_KEY", srv.Key())
	t.Setenv("BYTESCALE_API_URL", srv.URL())
	t.Setenv("BYTESCALE_CDN_URL", srv.URL())
	bucket, err := blob.OpenBucket(t.Context(), "bytescale:///uploads")
	if err != nil {
		t.Fatal(err)
	}
	defer bucket.Close()
	if err := bucket.WriteAll(t.Context(), "a", []byte("hello"), nil); err != nil {
		t.Fatal(err)
	}
	if file, ok := srv.File("/uploads/a"); !ok || string(file.Bytes()) != "hello" {
		t.Error("not stored")
	}
	var client *bytescale.Client
	if bucket.As(&client) {
		client.CloseIdleConnections()
	}
}

// A writer that is given up stores nothing, and its writes end.
func TestGivenUp(t *testing.T) {
	srv := bytescaletest.NewServer(t)
	bucket := newTestBucket(t, srv, nil)
	ctx, cancel := context.WithCancel(t.Context())
	w, err := bucket.NewWriter(ctx, "a", &blob.WriterOptions{ContentType: "text/plain"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := w.Close(); !errors.Is(err, context.Canceled) && gcerrors.Code(err) != gcerrors.Canceled {
		t.Errorf("closed with %v", err)
	}
	if _, ok := srv.File("/a"); ok {
		t.Error("stored")
	}
}
