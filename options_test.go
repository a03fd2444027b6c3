package bytescale

import (
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/gen"
)

// TestClientOptions covers both ends of every range, and that allowed values are used.
func TestClientOptions(t *testing.T) {
	long := strings.Repeat("x", 255)
	for _, test := range []struct {
		name  string
		opt   ClientOption
		field string // empty if the option is good
		got   func(*clientSettings) any
		want  any
	}{
		{"puts 1", WithPutsInFlight(1), "", func(s *clientSettings) any { return s.puts }, 1},
		{"puts 256", WithPutsInFlight(256), "", func(s *clientSettings) any { return s.puts }, 256},
		{"puts 0", WithPutsInFlight(0), "putsInFlight", nil, nil},
		{"puts 257", WithPutsInFlight(257), "putsInFlight", nil, nil},
		{"calls 2", WithAPICallsInFlight(2), "", func(s *clientSettings) any { return s.calls }, 2},
		{"calls 1024", WithAPICallsInFlight(1024), "", func(s *clientSettings) any { return s.calls }, 1024},
		{"calls 1", WithAPICallsInFlight(1), "apiCallsInFlight", nil, nil},
		{"calls 1025", WithAPICallsInFlight(1025), "apiCallsInFlight", nil, nil},
		{"rate 0.1", WithAPIRate(0.1), "", func(s *clientSettings) any { return s.rate }, 0.1},
		{"rate 1e6", WithAPIRate(1e6), "", func(s *clientSettings) any { return s.rate }, 1e6},
		{"rate 0", WithAPIRate(0), "apiRate", nil, nil},
		{"rate negative", WithAPIRate(-1), "apiRate", nil, nil},
		{"rate too large", WithAPIRate(1e6 + 1), "apiRate", nil, nil},
		{"rate NaN", WithAPIRate(math.NaN()), "apiRate", nil, nil},
		{"rate infinite", WithAPIRate(math.Inf(1)), "apiRate", nil, nil},
		{"budget 1 MiB", WithBufferBudget(1 << 20), "", func(s *clientSettings) any { return s.budget }, int64(1 << 20)},
		{"budget huge", WithBufferBudget(1 << 40), "", func(s *clientSettings) any { return s.budget }, int64(1 << 40)},
		{"budget too small", WithBufferBudget(1<<20 - 1), "bufferBudget", nil, nil},
		{"user agent", WithUserAgent("my-service/1.2 (x)"), "", func(s *clientSettings) any { return s.userAgent }, "my-service/1.2 (x) bytescale-go"},
		{"user agent 255", WithUserAgent(long), "", func(s *clientSettings) any { return s.userAgent }, long + " bytescale-go"},
		{"user agent 256", WithUserAgent(long + "x"), "userAgent", nil, nil},
		{"user agent empty", WithUserAgent(""), "userAgent", nil, nil},
		{"user agent with a line break", WithUserAgent("a\r\nX: y"), "userAgent", nil, nil},
		{"user agent with space around", WithUserAgent(" a"), "userAgent", nil, nil},
		{"API URL", WithAPIURL("http://localhost:1/"), "", func(s *clientSettings) any { return s.apiURL.String() }, "http://localhost:1"},
		{"API URL bad", WithAPIURL("localhost"), "apiURL", nil, nil},
		{"CDN URL", WithCDNURL("http://localhost:1/"), "", func(s *clientSettings) any { return s.cdnURL.String() }, "http://localhost:1"},
		{"CDN URL bad", WithCDNURL("localhost"), "cdnURL", nil, nil},
		{"account bad", WithAccountID("A623uY"), "accountID", nil, nil},
		{"account not base58", WithAccountID("A623uY0"), "accountID", nil, nil},
		{"JWT nil", WithJWT(nil), "jwt", nil, nil},
		{"transport nil", WithTransport(nil), "transport", nil, nil},
		{"defaults", nil, "", func(s *clientSettings) any {
			return []any{s.puts, s.calls, s.rate, s.budget, s.apiURL.String(), s.cdnURL.String(), s.userAgent}
		}, []any{0, 0, 800.0, int64(64 << 20), "https://api.bytescale.com", "https://upcdn.io", "bytescale-go"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := NewClient(testKey, test.opt)
			if test.field != "" {
				wantArgumentError(t, err, test.field)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			settings, err := newClientSettings([]ClientOption{test.opt}, noEnvironment)
			if err != nil {
				t.Fatal(err)
			}
			if got := test.got(&settings); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestUserAgentIsSent(t *testing.T) {
	var got []string
	c := mustClient(t, testKey, WithUserAgent("me/1"), withTransport(func(req *http.Request) (*http.Response, error) {
		got = append(got, req.Header.Get("User-Agent"))
		return answer(req, 200, detailsJSON("/a"), "ETag", "e"), nil
	}))
	if _, err := c.GetFileDetails(t.Context(), "/a"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.api.PutPart(t.Context(), uploadURL(t, "https://s.example.com/"), 1, bodyOf("x")); err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if got[i] != "me/1 bytescale-go" {
			t.Errorf("User-Agent %q", got[i])
		}
	}
	if len(got) != 2 {
		t.Errorf("%d requests", len(got))
	}
}

// TestUploadOptions checks every option against the limits of openapi.yaml, and what it adds
// to the request.
func TestUploadOptions(t *testing.T) {
	x := func(n int) string { return strings.Repeat("ü", n) }
	ascii := func(n int) string { return strings.Repeat("x", n) }
	tags := func(n int) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprint("t", i)
		}
		return list
	}
	metadata := func(bytes int) map[string]any { return map[string]any{"k": ascii(bytes - len(`{"k":""}`))} }
	type opts = []UploadOption
	for _, test := range []struct {
		name  string
		opts  opts
		field string // of the ArgumentError; empty if the options are good
		want  string // the request for 5 bytes
	}{
		{"none", nil, "", `{"protocol":"1.1","size":5}`},
		{"nil", opts{nil}, "", `{"protocol":"1.1","size":5}`},

		{"folder", opts{WithFolder("/uploads/{UTC_DATE}")}, "", `{"path":{"folderPath":"/uploads/{UTC_DATE}"},"protocol":"1.1","size":5}`},
		{"relative folder", opts{WithFolder("a/b")}, "", `{"path":{"folderPath":"a/b"},"protocol":"1.1","size":5}`},
		{"root folder", opts{WithFolder("/")}, "", `{"path":{"folderPath":"/"},"protocol":"1.1","size":5}`},
		{"empty folder", opts{WithFolder("")}, "", `{"protocol":"1.1","size":5}`},
		{"folder 512", opts{WithFolder("/" + ascii(511))}, "", `{"path":{"folderPath":"/` + ascii(511) + `"},"protocol":"1.1","size":5}`},
		{"folder 513", opts{WithFolder("/" + x(512))}, "folder", ""},
		{"folder with a slash at its end", opts{WithFolder("/a/")}, "folder", ""},
		{"folder with ..", opts{WithFolder("/a/../b")}, "folder", ""},
		{"folder with a line break", opts{WithFolder("/a\nb")}, "folder", ""},
		{"folder not UTF-8", opts{WithFolder("/\xff")}, "folder", ""},

		{"name", opts{WithFileName("a{ORIGINAL_FILE_EXT}")}, "", `{"path":{"fileName":"a{ORIGINAL_FILE_EXT}"},"protocol":"1.1","size":5}`},
		{"name 512", opts{WithFileName(ascii(512))}, "", `{"path":{"fileName":"` + ascii(512) + `"},"protocol":"1.1","size":5}`},
		{"name 513", opts{WithFileName(x(513))}, "fileName", ""},
		{"name with a slash", opts{WithFileName("a/b")}, "fileName", ""},
		{"name ..", opts{WithFileName("..")}, "fileName", ""},
		{"fallback", opts{WithFileName("a"), WithFileNameFallback("b")}, "", `{"path":{"fileName":"a","fileNameFallback":"b"},"protocol":"1.1","size":5}`},
		{"fallback alone", opts{WithFileNameFallback("b")}, "fileNameFallback", ""},
		{"fallback with a slash", opts{WithFileName("a"), WithFileNameFallback("b/c")}, "fileNameFallback", ""},

		{"path", opts{WithPath("/a/{literal}.jpg")}, "", `{"path":"/a/{literal}.jpg","protocol":"1.1","size":5}`},
		{"relative path", opts{WithPath("a.jpg")}, "", `{"path":"a.jpg","protocol":"1.1","size":5}`},
		{"path 512", opts{WithPath("/" + ascii(511))}, "", `{"path":"/` + ascii(511) + `","protocol":"1.1","size":5}`},
		{"path 513", opts{WithPath("/" + x(512))}, "path", ""},
		{"path empty", opts{WithPath("")}, "path", ""},
		{"path with ..", opts{WithPath("/a/../b")}, "path", ""},
		{"path of a folder", opts{WithPath("/a/")}, "path", ""},
		{"path and folder", opts{WithPath("/a"), WithFolder("/b")}, "path", ""},
		{"path and name", opts{WithFileName("b"), WithPath("/a")}, "path", ""},

		{"tags", opts{WithTags("a", "b.,/=_+-"), WithTags("c")}, "", `{"protocol":"1.1","size":5,"tags":["a","b.,/=_+-","c"]}`},
		{"25 tags", opts{WithTags(tags(25)...)}, "", ""},
		{"26 tags", opts{WithTags(tags(26)...)}, "tags", ""},
		{"25 tags and 1", opts{WithTags(tags(25)...), WithTags("a")}, "tags", ""},
		{"tag of 255", opts{WithTags(ascii(255))}, "", `{"protocol":"1.1","size":5,"tags":["` + ascii(255) + `"]}`},
		{"tag of 256", opts{WithTags("a", ascii(256))}, "tags[1]", ""},
		{"tag empty", opts{WithTags("")}, "tags[0]", ""},
		{"tag with a space", opts{WithTags("a"), WithTags("b", "a b")}, "tags[2]", ""},

		{"metadata", opts{WithMetadata(map[string]any{"id": int64(12345678901234567), "x": "<&>"})}, "",
			`{"metadata":{"id":12345678901234567,"x":"<&>"},"protocol":"1.1","size":5}`},
		{"metadata empty", opts{WithMetadata(map[string]any{})}, "", `{"protocol":"1.1","size":5}`},
		{"metadata nil", opts{WithMetadata(nil)}, "", `{"protocol":"1.1","size":5}`},
		{"metadata 2048", opts{WithMetadata(metadata(2048))}, "", ""},
		{"metadata 2049", opts{WithMetadata(metadata(2049))}, "metadata", ""},
		{"metadata no JSON", opts{WithMetadata(map[string]any{"f": math.NaN()})}, "metadata", ""},
		{"metadata a function", opts{WithMetadata(map[string]any{"f": func() {}})}, "metadata", ""},

		{"mime", opts{WithMIME("text/plain; charset=utf-8")}, "", `{"mime":"text/plain; charset=utf-8","protocol":"1.1","size":5}`},
		{"mime 255", opts{WithMIME("a/" + ascii(253))}, "", `{"mime":"a/` + ascii(253) + `","protocol":"1.1","size":5}`},
		{"mime 256", opts{WithMIME("a/" + ascii(254))}, "mime", ""},
		{"mime too short", opts{WithMIME("a/")}, "mime", ""},
		{"mime empty", opts{WithMIME("a/b"), WithMIME("")}, "", `{"protocol":"1.1","size":5}`},
		{"mime without slash", opts{WithMIME("text")}, "mime", ""},
		{"mime of two lines", opts{WithMIME("text/plain;a=b\nc")}, "mime", ""},

		{"original name", opts{WithOriginalFileName("a/b?.txt")}, "", `{"originalFileName":"a/b?.txt","protocol":"1.1","size":5}`},
		{"original name 255", opts{WithOriginalFileName(ascii(255))}, "", `{"originalFileName":"` + ascii(255) + `","protocol":"1.1","size":5}`},
		{"original name 256", opts{WithOriginalFileName(x(256))}, "originalFileName", ""},
		{"original name empty", opts{WithOriginalFileName("a"), WithOriginalFileName("")}, "", `{"protocol":"1.1","size":5}`},
		{"original name of two lines", opts{WithOriginalFileName("a\nb")}, "originalFileName", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			settings, err := newUploadSettings(test.opts)
			if test.field != "" {
				wantArgumentError(t, err, test.field)
				if len(err.Error()) > 300 {
					t.Errorf("the error is %d bytes long", len(err.Error()))
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			request, err := settings.beginRequest(5, "")
			if err != nil {
				t.Fatal(err)
			}
			encoded, err := json.Marshal(request)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(encoded))
			if test.want != "" && got != test.want {
				t.Errorf("request %s, want %s", got, test.want)
			}
		})
	}
}

func TestOriginalFileNameOfTheSource(t *testing.T) {
	for _, test := range []struct{ name, option, want string }{
		{"movie.mp4", "", "movie.mp4"},
		{"movie.mp4", "other.mp4", "other.mp4"},
		{"", "", ""},
		{"two\nlines", "", ""}, // a file may be called so; the API cannot take it
		{"bad\xffutf8", "", ""},
	} {
		var opts []UploadOption
		if test.option != "" {
			opts = append(opts, WithOriginalFileName(test.option))
		}
		settings, err := newUploadSettings(opts)
		if err != nil {
			t.Fatal(err)
		}
		request, err := settings.beginRequest(1, test.name)
		if err != nil || request.OriginalFileName != test.want {
			t.Errorf("source %q, option %q: %q (%v), want %q", test.name, test.option, request.OriginalFileName, err, test.want)
		}
	}
}

// TestOptionsCopyTheirValues changes the caller's values after the call.
func TestOptionsCopyTheirValues(t *testing.T) {
	tags, metadata := []string{"a"}, map[string]any{"list": []any{"a"}}
	opts := []UploadOption{WithTags(tags...), WithMetadata(metadata)}
	settings, err := newUploadSettings(opts)
	if err != nil {
		t.Fatal(err)
	}
	metadata["list"].([]any)[0] = "changed"
	again, err := newUploadSettings(append(opts, WithTags("b")))
	if err != nil {
		t.Fatal(err)
	}
	if got := settings.metadata["list"].([]any)[0]; got != "a" {
		t.Errorf("metadata %v", settings.metadata)
	}
	if len(settings.tags) != 1 || len(again.tags) != 2 {
		t.Errorf("tags %v and %v: options are not independent of each other", settings.tags, again.tags)
	}
}

// Invalid options are refused before anything is sent.
func TestBadOptionsSendNothing(t *testing.T) {
	c := mustClient(t, testKey, withTransport(func(req *http.Request) (*http.Response, error) {
		t.Errorf("%s was sent", req.URL)
		return answer(req, 400, ""), nil
	}))
	_, err := c.Upload(context.Background(), Bytes([]byte("x")), WithMIME("nonsense"))
	wantArgumentError(t, err, "mime")
	for _, opt := range []DownloadOption{WithRange(-1, 1), WithRange(0, 0), WithRange(0, -2), WithRange(math.MaxInt64, 2)} {
		_, err := c.Download(t.Context(), "/a", opt)
		wantArgumentError(t, err, "range")
	}
}

// TestOptionNames holds the three packages with options to one rule: what returns an
// option is called With, and what is called With returns an option.
func TestOptionNames(t *testing.T) {
	for _, dir := range []string{".", "contract", "bytescaletest"} {
		found := 0
		for _, f := range exportedFunctions(t, dir) {
			if f.Recv != nil {
				continue
			}
			returnsOption := false
			if results := f.Type.Results; results != nil {
				for _, result := range results.List {
					name, ok := result.Type.(*ast.Ident)
					returnsOption = returnsOption || ok && strings.HasSuffix(name.Name, "Option")
				}
			}
			if with := strings.HasPrefix(f.Name.Name, "With"); with != returnsOption {
				t.Errorf("%s: %s: called With: %v; returns an option: %v", dir, f.Name, with, returnsOption)
			}
			if returnsOption {
				found++
			}
		}
		if found < 5 {
			t.Errorf("%s: only %d options were found: the test does not see them", dir, found)
		}
	}
}

// exportedFunctions returns the exported functions and methods that the files of a
// directory declare, without those of tests.
func exportedFunctions(t *testing.T, dir string) (functions []*ast.FuncDecl) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declared := range file.Decls {
			if f, ok := declared.(*ast.FuncDecl); ok && f.Name.IsExported() {
				functions = append(functions, f)
			}
		}
	}
	return functions
}

// TestFieldIsTheNameOfTheOption holds ArgumentError.Field to what its doc says.
func TestFieldIsTheNameOfTheOption(t *testing.T) {
	client := func(opts ...ClientOption) error { _, err := NewClient(testKey, opts...); return err }
	upload := func(opts ...UploadOption) error { _, err := newUploadSettings(opts); return err }
	download := func(opt DownloadOption) error { return opt.applyDownload(new(downloadSettings)) }
	list := func(opt ListOption) error { return opt.applyList(new(gen.ListFolderParams)) }
	folder := func(opt FolderOption) error { return opt(new(gen.PatchFolderSettings)) }
	dir := func(opt UploadDirOption) error { return second(newUploadDirSettings([]UploadDirOption{opt})) }
	refusals := map[string]error{
		"WithAPIURL":           client(WithAPIURL("x")),
		"WithCDNURL":           client(WithCDNURL("x")),
		"WithAccountID":        client(WithAccountID("x")),
		"WithTransport":        client(WithTransport(nil)),
		"WithMiddleware":       client(WithMiddleware(func(http.RoundTripper) http.RoundTripper { return nil })),
		"WithJWT":              client(WithJWT(nil)),
		"WithPutsInFlight":     client(WithPutsInFlight(0)),
		"WithAPICallsInFlight": client(WithAPICallsInFlight(0)),
		"WithAPIRate":          client(WithAPIRate(0)),
		"WithLimiter":          client(WithLimiter(nil)),
		"WithBufferBudget":     client(WithBufferBudget(0)),
		"WithUserAgent":        client(WithUserAgent("")),
		"WithFolder":           upload(WithFolder("a/")),
		"WithFileName":         upload(WithFileName("a/b")),
		"WithFileNameFallback": upload(WithFileNameFallback("a/b")),
		"WithPath":             upload(WithPath("")),
		"WithTags":             upload(WithTags(make([]string, 26)...)),
		"WithMetadata":         upload(WithMetadata(map[string]any{"f": math.NaN()})),
		"WithMIME":             upload(WithMIME("x")),
		"WithOriginalFileName": upload(WithOriginalFileName("a\nb")),
		"WithResume":           upload(WithResume(nil, "key")),
		"WithSingleRequest":    upload(WithSingleRequest(-1)),
		"WithReadTimeout":      upload(WithReadTimeout(0, nil)),
		"WithExpectedSHA256":   download(WithExpectedSHA256("ab")),
		"WithRange":            download(WithRange(-1, 0)),
		"WithPageSize":         list(WithPageSize(0)),
		"WithDescription":      folder(WithDescription(" ")),
		"WithFetchTimeout":     second(newURLUploadSettings([]URLUploadOption{WithFetchTimeout(0)})),
		"WithExtendedParams":   second(newSaveSettings([]SaveOption{WithExtendedParams(gen.TransformationGroup{{}})})),
		"WithStorageLayer":     folder(WithStorageLayer(new(gen.StorageLayerUpdate))),
		"WithInclude":          dir(WithInclude("")),
		"WithExclude":          dir(WithExclude("")),
		"WithShard":            dir(WithShard(1, 1)),
		"WithFilesInFlight":    dir(WithFilesInFlight(0)),
		"WithDelete":           dir(WithDelete()),
	}
	never := []string{ // are refused
		"WithBasicAuth", "WithObserver", "WithCDNAuth", "WithProgress", "WithCheckpoint", "WithSHA256", "WithCursor", "WithRecursive", "WithoutFiles",
		"WithoutVirtualFolders", "WithoutPhysicalFolders", "WithoutOverriddenStorage", "WithMerge", "WithMainFileOnly",
		"WithChangedOnly", "WithDryRun", "WithFileOptions", // the last one for single files only: TestDirFailures
		"WithRetryPolicy", "WithTimeouts", // whose fields have a default for every wrong value
		"WithPublicPermissions", // a permission in it is: "publicPermissions[1]"
	}
	_, refusals["WithOverwrite"] = mustClient(t, testKey).DownloadToWriterAt(t.Context(), "/a", new(os.File), WithOverwrite())
	for _, f := range exportedFunctions(t, ".") {
		option, with := strings.CutPrefix(f.Name.Name, "With")
		if !with || slices.Contains(never, f.Name.Name) {
			continue
		}
		initial := regexp.MustCompile(`^(API|CDN|JWT|MIME|SHA|[A-Z])`).FindString(option)
		t.Run(f.Name.Name, func(t *testing.T) {
			wantArgumentError(t, refusals[f.Name.Name], strings.ToLower(initial)+option[len(initial):])
		})
	}
}

func TestParseBaseURL(t *testing.T) {
	for _, test := range []struct{ base, want string }{
		{"https://api.bytescale.com", "https://api.bytescale.com"},
		{"http://127.0.0.1:8744/", "http://127.0.0.1:8744"},
		{"http://[::1]:8744", "http://[::1]:8744"},
		{"https://proxy.example.com/bytescale/", "https://proxy.example.com/bytescale"},
		{"https://proxy.example.com/a%2Fb/", "https://proxy.example.com/a%2Fb"},
		{"HTTPS://api.example.com", "https://api.example.com"},

		{"", ""},
		{"api.bytescale.com", ""},
		{"//api.bytescale.com", ""},
		{"ftp://api.bytescale.com", ""},
		{"https://", ""},
		{"https://:443", ""},
		{"https:api.bytescale.com", ""},
		{"https://user:password@api.bytescale.com", ""},
		{"https://user@api.bytescale.com", ""},
		{"https://api.bytescale.com?a=b", ""},
		{"https://api.bytescale.com?", ""},
		{"https://api.bytescale.com#a", ""},
		{"https://api.bytescale.com#", ""},
		{"https://api.bytescale.com:port", ""},
		{"https://user:password@api.bytescale.com:port", ""},
		{"https://api bytescale.com", ""},
		{"\x00", ""},
	} {
		got, err := parseBaseURL("apiURL", test.base)
		if test.want == "" {
			wantArgumentError(t, err, "apiURL")
			if strings.Contains(err.Error(), "password") && strings.Contains(test.base, "password@") && strings.Contains(err.Error(), "user:") {
				t.Errorf("%q: the error shows the password: %v", test.base, err)
			}
			continue
		}
		if err != nil || got.String() != test.want {
			t.Errorf("%q: %v (%v), want %q", test.base, got, err, test.want)
		}
	}
}

func FuzzParseBaseURL(f *testing.F) {
	for _, base := range []string{"https://api.bytescale.com", "http://a:1/b", "", "https://u:p@h", "http://[::1%25z]"} {
		f.Add(base)
	}
	f.Fuzz(func(t *testing.T, base string) {
		u, err := parseBaseURL("apiURL", base)
		if err != nil {
			return
		}
		if _, err := NewClient(testKey, WithAPIURL(base), WithCDNURL(base)); err != nil {
			t.Fatalf("%q is a base but makes no client: %v", base, err)
		}
		if u.User != nil || u.RawQuery != "" || u.Hostname() == "" {
			t.Fatalf("%q gave %#v", base, u)
		}
	})
}
