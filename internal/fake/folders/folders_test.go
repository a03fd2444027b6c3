package folders

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

const account = "A623uY2"

// world is a store with files and folders.
func world(t *testing.T, files []string, made map[string]Settings) store.Store {
	t.Helper()
	memory := store.NewMemory()
	for _, path := range files {
		received, err := memory.Receive(0)
		if err != nil {
			t.Fatal(err)
		}
		if err := memory.AddFile(store.File{AccountID: account, Path: path}, received, false); err != nil {
			t.Fatal(err)
		}
	}
	for path, settings := range made {
		if err := memory.PutFolder(account, path, func(json.RawMessage) json.RawMessage { return settings.Encode() }); err != nil {
			t.Fatal(err)
		}
	}
	return memory
}

func made(t *testing.T, from store.Store, path string) []store.Folder {
	t.Helper()
	folders, err := from.Folders(account, path)
	if err != nil {
		t.Fatal(err)
	}
	return folders
}

var (
	internal = json.RawMessage(`{"type":"InternalStorageV2"}`)
	external = json.RawMessage(`{"type":"R2"}`)
)

func TestInherit(t *testing.T) {
	private := []Permission{}
	from := world(t, nil, map[string]Settings{
		"/":        {Description: "root"},
		"/a":       {Public: &private, Storage: internal},
		"/a/b":     {Description: "no permissions"},
		"/a/b/c/d": {Storage: external},
	})
	got := Inherit(made(t, from, "/a/b/c/d/e"))
	if got.Public == nil || got.Public.Folder != "/a" || len(got.Public.Value) != 0 {
		t.Errorf("public: %+v", got.Public)
	}
	if got.Storage == nil || got.Storage.Folder != "/a/b/c/d" || string(got.Storage.Value) != string(external) {
		t.Errorf("storage: %+v", got.Storage)
	}
	if got := Inherit(made(t, from, "/other")); got.Public != nil || got.Storage != nil {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestIsPublic(t *testing.T) {
	all := func(scopes ...Scope) *[]Permission {
		permissions := []Permission{}
		for _, scope := range scopes {
			permissions = append(permissions, Permission{scope, []string{"*"}})
		}
		return &permissions
	}
	from := world(t, nil, map[string]Settings{
		"/all":       {Public: all(This, Children, Grandchildren)},
		"/all/none":  {Public: all()},
		"/children":  {Public: all(Children)},
		"/deep":      {Public: all(Grandchildren)},
		"/this":      {Public: all(This)},
		"/thumbs":    {Public: &[]Permission{{Children, []string{"thumb-*", "image"}}, {Grandchildren, []string{"raw"}}}},
		"/all/blank": {Description: "sets no permissions"},
	})
	for _, test := range []struct {
		file, transformation string
		want                 bool
	}{
		{"/unset/f", "raw", true},
		{"/all/f", "raw", true}, {"/all/x/f", "image", true}, {"/all/none/f", "raw", false}, {"/all/none/x/f", "raw", false},
		{"/all/blank/f", "raw", true},
		{"/children/f", "raw", true}, {"/children/x/f", "raw", false},
		{"/deep/f", "raw", false}, {"/deep/x/f", "raw", true}, {"/deep/x/y/f", "raw", true},
		{"/this/f", "raw", false}, {"/this", "raw", true}, // a file of the name of a folder
		{"/thumbs/f", "thumb-small", true}, {"/thumbs/f", "thumb-", true}, {"/thumbs/f", "image", true},
		{"/thumbs/f", "images", false}, {"/thumbs/f", "raw", false}, {"/thumbs/x/f", "raw", true}, {"/thumbs/x/f", "image", false},
		{"/thumbsf", "raw", true},
	} {
		folder := store.Parent(test.file)
		if test.file == "/this" {
			folder = "/"
		}
		if got := IsPublic(made(t, from, folder), test.file, test.transformation); got != test.want {
			t.Errorf("%s as %s: %v", test.file, test.transformation, got)
		}
	}
}

func TestScopeOf(t *testing.T) {
	for _, test := range []struct {
		folder, path string
		want         Scope
	}{
		{"/", "/", This}, {"/", "/f", Children}, {"/", "/a/f", Grandchildren},
		{"/a", "/a", This}, {"/a", "/a/f", Children}, {"/a", "/a/b/f", Grandchildren}, {"/a", "/a/", Children},
		{"/a", "/ab", ""}, {"/a", "/", ""}, {"/a/b", "/a", ""},
	} {
		if got := ScopeOf(test.folder, test.path); got != test.want {
			t.Errorf("%s in %s: %q", test.path, test.folder, got)
		}
	}
}

func TestIsInternal(t *testing.T) {
	from := world(t, nil, map[string]Settings{
		"/external":         {Storage: external},
		"/external/back":    {Storage: internal},
		"/external/mounted": {Storage: json.RawMessage(`{"type":"InternalStorageV2","mount":"/other"}`)},
		"/external/itself":  {Storage: json.RawMessage(`{"type":"InternalStorageV2","mount":"/external/itself"}`)},
	})
	for folder, want := range map[string]bool{
		"/": true, "/external": false, "/external/x": false, "/external/back": true, "/external/back/x": true,
		"/external/mounted": false, "/external/itself": true,
	} {
		if got := IsInternal(made(t, from, folder)); got != want {
			t.Errorf("%s: %v", folder, got)
		}
	}
}

// all lists every page of a query.
func all(t *testing.T, from store.Store, query Query) (paths []string, pages int) {
	t.Helper()
	query.Account = account
	for {
		page, err := List(from, query)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range page.Entries {
			paths = append(paths, entry.Path)
		}
		pages++
		if query.Cursor = page.Cursor; page.Complete {
			return paths, pages
		}
	}
}

func TestListFilters(t *testing.T) {
	from := world(t, []string{"/f/a", "/f/p/b", "/f/v/c", "/f/v/deep/d", "/f/x/hidden"}, map[string]Settings{
		"/f/v": {Storage: internal}, "/f/v/empty": {}, "/f/x": {Storage: external},
	})
	everything := Query{Folder: "/f", Limit: 100, Files: true, OverriddenStorage: true, PhysicalFolders: true, VirtualFolders: true}
	for _, test := range []struct {
		name   string
		change func(*Query)
		want   string
	}{
		{"everything", func(*Query) {}, "/f/a /f/p /f/v /f/x"},
		{"recursive", func(q *Query) { q.Recursive = true }, "/f/a /f/p/b /f/v /f/v/c /f/v/deep/d /f/v/empty /f/x"},
		{"no overridden storage", func(q *Query) { q.Recursive, q.OverriddenStorage = true, false }, "/f/a /f/p/b /f/v /f/v/empty /f/x"},
		{"overridden from within", func(q *Query) { q.Folder, q.Recursive, q.OverriddenStorage = "/f/v", true, false }, "/f/v/c /f/v/deep/d /f/v/empty"},
		{"no files", func(q *Query) { q.Files = false }, "/f/p /f/v /f/x"},
		{"no physical folders", func(q *Query) { q.PhysicalFolders = false }, "/f/a /f/v /f/x"},
		{"no virtual folders", func(q *Query) { q.VirtualFolders = false }, "/f/a /f/p"},
		{"dry run of one level", func(q *Query) { q.DryRun = true }, "/f/a"},
		{"dry run", func(q *Query) { q.DryRun, q.Recursive = true, true }, "/f/a /f/p/b /f/v /f/v/c /f/v/deep/d /f/v/empty /f/x"},
		{"files in external storage", func(q *Query) { q.Folder = "/f/x" }, ""},
		{"descending", func(q *Query) { q.Descending = true }, "/f/x /f/v /f/p /f/a"},
	} {
		query := everything
		test.change(&query)
		if got, _ := all(t, from, query); strings.Join(got, " ") != test.want {
			t.Errorf("%s: %v, want %s", test.name, got, test.want)
		}
		// The same page by page, whatever the size of the pages.
		for limit := 1; limit < 4; limit++ {
			query.Limit = limit
			if got, _ := all(t, from, query); strings.Join(got, " ") != test.want {
				t.Errorf("%s, %d at a time: %v, want %s", test.name, limit, got, test.want)
			}
		}
	}
}

// The limit counts what is looked at, so there are empty pages before the last.
func TestListHasEmptyPages(t *testing.T) {
	from := world(t, []string{"/f/a/1", "/f/b/1", "/f/c"}, nil)
	page, err := List(from, Query{Account: account, Folder: "/f", Limit: 2, Files: true})
	if err != nil || len(page.Entries) != 0 || page.Complete {
		t.Errorf("the first page: %+v, %v", page, err)
	}
	if paths, pages := all(t, from, Query{Folder: "/f", Limit: 2, Files: true}); fmt.Sprint(paths) != "[/f/c]" || pages != 2 {
		t.Errorf("%v in %d pages", paths, pages)
	}
}

func TestListCursors(t *testing.T) {
	from := world(t, []string{"/f/a", "/f/b", "/f/b/c", "/f/d"}, nil)
	query := Query{Account: account, Folder: "/f", Limit: 2, Files: true, PhysicalFolders: true}
	page, err := List(from, query)
	if err != nil {
		t.Fatal(err)
	}
	// What a cursor names may have gone meanwhile.
	if err := from.DeleteFile(account, "/f/b"); err != nil {
		t.Fatal(err)
	}
	query.Cursor = page.Cursor
	if got, _ := all(t, from, query); fmt.Sprint(got) != "[/f/b /f/d]" {
		t.Errorf("after the first page: %v", got)
	}
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	for _, cursor := range []string{"not base64!", encode("/g/a"), encode("/f"), encode("folder:/"), encode("/")} {
		query.Cursor = cursor
		if page, err := List(from, query); !errors.Is(err, ErrCursor) {
			t.Errorf("%q: %+v, %v", cursor, page, err)
		}
	}
	// Also the last and an empty page have a cursor, after which nothing comes.
	for _, folder := range []string{"/", "/f", "/f/b", "/empty", "/f/"} {
		query := Query{Account: account, Folder: folder, Limit: 100, Files: true, PhysicalFolders: true}
		page, err := List(from, query)
		if err != nil || !page.Complete || page.Cursor == "" {
			t.Errorf("%s: %+v, %v", folder, page, err)
		}
		query.Cursor = page.Cursor
		after, err := List(from, query)
		if err != nil || len(after.Entries) != 0 || !after.Complete || after.Cursor != page.Cursor {
			t.Errorf("after %s: %+v, %v", folder, after, err)
		}
	}
}
