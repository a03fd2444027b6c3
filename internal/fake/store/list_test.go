package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// listed writes down the entries of a listing.
func listed(t interface{ Fatal(...any) }, store Store, listing Listing) (text []string, last Position) {
	if listing.AccountID == "" {
		listing.AccountID = "A623uY2"
	}
	entries, err := store.List(listing)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		kind := "file"
		switch {
		case entry.Made != nil:
			kind = "made"
		case entry.Folder:
			kind = "folder"
		case entry.File.Path != entry.Path:
			kind = "wrong file"
		}
		text = append(text, kind+" "+entry.Path)
		last = entry.Position
	}
	return text, last
}

func addFile(t *testing.T, store Store, path string) {
	t.Helper()
	must(t, store.AddFile(File{AccountID: "A623uY2", Path: path, Metadata: []byte("{}")}, receive(t, store, ""), true))
}

func keep(settings json.RawMessage) json.RawMessage { return settings }

func TestList(t *testing.T) {
	for name, open := range map[string]func(*testing.T) Store{
		"memory": func(*testing.T) Store { return NewMemory() },
		"disk":   func(t *testing.T) Store { return openStore(t, t.TempDir()) },
	} {
		t.Run(name, func(t *testing.T) { testList(t, open(t)) })
	}
}

func testList(t *testing.T, store Store) {
	for _, path := range []string{"/a/b", "/a/b/c", "/a/b-c", "/a/b/d/e", "/a/z", "/other", "/ab"} {
		addFile(t, store, path)
	}
	must(t, store.AddFile(File{AccountID: "zzzzzzz", Path: "/a/of another", Metadata: []byte("{}")}, receive(t, store, ""), true))
	must(t, store.PutFolder("A623uY2", "/a/empty/deep", keep))
	for _, test := range []struct {
		listing Listing
		want    string
	}{
		{Listing{Folder: "/"}, "made /a, file /ab, file /other"},
		{Listing{Folder: "/a"}, "file /a/b, folder /a/b, file /a/b-c, made /a/empty, file /a/z"},
		{Listing{Folder: "/a", Descending: true}, "file /a/z, made /a/empty, file /a/b-c, folder /a/b, file /a/b"},
		{Listing{Folder: "/a", Recursive: true}, "file /a/b, file /a/b-c, file /a/b/c, file /a/b/d/e, made /a/empty, made /a/empty/deep, file /a/z"},
		{Listing{Folder: "/a/b"}, "file /a/b/c, folder /a/b/d"},
		{Listing{Folder: "/a/", Recursive: true}, ""},
		{Listing{Folder: "/missing"}, ""},
		{Listing{Folder: "/other"}, ""},
		{Listing{Folder: "/a", After: Position{Path: "/a/b"}}, "folder /a/b, file /a/b-c, made /a/empty, file /a/z"},
		{Listing{Folder: "/a", After: Position{"/a/b", true}}, "file /a/b-c, made /a/empty, file /a/z"},
		{Listing{Folder: "/a", After: Position{Path: "/a/c, which is not there"}}, "made /a/empty, file /a/z"},
		{Listing{Folder: "/a", After: Position{Path: "/a/c, which is not there"}, Descending: true}, "file /a/b-c, folder /a/b, file /a/b"},
		{Listing{Folder: "/a", After: Position{Path: "/a/z"}}, ""},
	} {
		test.listing.Limit = 100
		if got, _ := listed(t, store, test.listing); strings.Join(got, ", ") != test.want {
			t.Errorf("%+v:\n got %s\nwant %s", test.listing, strings.Join(got, ", "), test.want)
		}
	}

	// A folder goes with what is in it, unless it was made.
	must(t, store.PutFolder("A623uY2", "/made", keep))
	addFile(t, store, "/made/f")
	must(t, store.DeleteFile("A623uY2", "/made/f"))
	if got, _ := listed(t, store, Listing{Folder: "/", Limit: 100}); strings.Join(got, ", ") != "made /a, file /ab, made /made, file /other" {
		t.Errorf("an empty folder that was made: %v", got)
	}
	changed, err := store.Apply("A623uY2", Changes{
		DeleteFiles:   []string{"/a/b/d/e", "/a/b/d/x", "/a/b/c"},
		DeleteFolders: []string{"/a/empty", "/a/b", "/a"},
	})
	if err != nil || fmt.Sprint(changed) != "{[] [/a/b/d/e /a/b/c] [/a/empty /a]}" {
		t.Errorf("changed %v, %v", changed, err)
	}
	if got, _ := listed(t, store, Listing{Folder: "/a", Limit: 100}); strings.Join(got, ", ") != "file /a/b, file /a/b-c, folder /a/empty, file /a/z" {
		t.Errorf("after the deletions: %v", got)
	}
}

// Both stores list what a loop over everything finds, page by page, in either
// direction.
func TestListFindsEverything(t *testing.T) {
	disk, err := OpenTemporary()
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	stores := []Store{NewMemory(), disk}
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		account := strconv.Itoa(runs) // of this run alone
		path := rapid.Custom(func(t *rapid.T) string {
			return "/" + strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "a-", "b", "", "ü", "a\x00", "\U0010FFFF"}), 1, 4).Draw(t, "names"), "/")
		})
		files, made := map[string]bool{}, map[string]bool{}
		for range rapid.IntRange(0, 12).Draw(rt, "steps") {
			p := path.Draw(rt, "path")
			step := rapid.IntRange(0, 5).Draw(rt, "step")
			for _, store := range stores {
				switch step {
				case 0:
					_, err = store.Apply(account, Changes{DeleteFiles: []string{p}})
				case 1:
					_, err = store.Apply(account, Changes{DeleteFolders: []string{p}})
				case 2:
					err = store.PutFolder(account, p, keep)
				default:
					err = store.AddFile(File{AccountID: account, Path: p}, receive(rt, store, ""), true)
				}
				if err != nil {
					rt.Fatal(err)
				}
			}
			switch step {
			case 0:
				delete(files, p)
			case 1:
				delete(made, p)
			case 2:
				for ; p != ""; p = Parent(p) {
					made[p] = true
				}
			default:
				files[p] = true
			}
		}
		listing := Listing{
			AccountID: account, Folder: path.Draw(rt, "folder"), Recursive: rapid.Bool().Draw(rt, "recursive"),
			Descending: rapid.Bool().Draw(rt, "descending"), Limit: rapid.IntRange(1, 5).Draw(rt, "limit"),
		}
		if rapid.Bool().Draw(rt, "root") {
			listing.Folder = "/"
		}
		want := expected(files, made, listing)
		for _, store := range stores {
			var got []string
			for page := listing; ; {
				text, last := listed(rt, store, page)
				got = append(got, text...)
				if len(text) < page.Limit {
					break
				}
				page.After = last
			}
			if !slices.Equal(got, want) {
				rt.Fatalf("%T, %+v:\n got %q\nwant %q", store, listing, got, want)
			}
		}
	})
}

// expected lists by looking at everything.
func expected(files, made map[string]bool, l Listing) []string {
	folders := map[string]string{}
	for path := range files {
		for above := Parent(path); above != "" && above != "/"; above = Parent(above) {
			folders[above] = "folder"
		}
	}
	for path := range made {
		folders[path] = "made"
		for above := Parent(path); above != "" && above != "/"; above = Parent(above) {
			if folders[above] == "" {
				folders[above] = "folder"
			}
		}
	}
	type item struct {
		Position
		kind string
	}
	var items []item
	in := func(path string) bool {
		if l.Recursive {
			return path != l.Folder && strings.HasPrefix(path, Below(l.Folder))
		}
		return Parent(path) == l.Folder
	}
	for path := range files {
		if in(path) {
			items = append(items, item{Position{path, false}, "file"})
		}
	}
	for path, kind := range folders {
		if in(path) && (kind == "made" || !l.Recursive) {
			items = append(items, item{Position{path, true}, kind})
		}
	}
	slices.SortFunc(items, func(a, b item) int { return l.compare(a.Position, b.Position) })
	var text []string
	for _, item := range items {
		text = append(text, item.kind+" "+item.Path)
	}
	return text
}

// countedIndex counts the steps of its cursors.
type countedIndex struct {
	sortedKeys
	steps *int
}

type countedCursor struct {
	cursor
	steps *int
}

func (i countedIndex) cursor() cursor { return countedCursor{i.sortedKeys.cursor(), i.steps} }

func (c countedCursor) seek(key string) bool { *c.steps++; return c.cursor.seek(key) }
func (c countedCursor) next() bool           { *c.steps++; return c.cursor.next() }
func (c countedCursor) prev() bool           { *c.steps++; return c.cursor.prev() }

// A page takes as many steps wherever it is in a large folder, and whatever is in
// the folders below.
func TestListTakesAsManyStepsAnywhere(t *testing.T) {
	memory := NewMemory()
	const files, limit = 10_000, 100
	for i := range files {
		addFile(t, memory, fmt.Sprintf("/f/%05d", i))
		if i%10 == 0 {
			for j := range 10 {
				addFile(t, memory, fmt.Sprintf("/f/%05d/%d", i, j))
			}
		}
	}
	for _, after := range []string{"", "/f/00000", "/f/05000", "/f/09900"} {
		for _, recursive := range []bool{false, true} {
			for _, descending := range []bool{false, true} {
				steps := 0
				listing := Listing{AccountID: "A623uY2", Folder: "/f", Recursive: recursive, Descending: descending, After: Position{Path: after}, Limit: limit}
				listing.positions(countedIndex{&memory.children, &steps},
					countedCursor{newMemoryCursor(&memory.files), &steps}, countedCursor{newMemoryCursor(&memory.folders), &steps})
				if steps > limit+5 {
					t.Errorf("%d steps after %q, recursive %v, descending %v", steps, after, recursive, descending)
				}
			}
		}
	}
}

// Pages at the start, in the middle and at the end of a folder of 100,000 files.
func BenchmarkListPage(b *testing.B) {
	disk, err := OpenTemporary()
	if err != nil {
		b.Fatal(err)
	}
	defer disk.Close()
	for name, store := range map[string]Store{"memory": NewMemory(), "disk": disk} {
		const files = 100_000
		paths := make([]Copy, 0, files)
		if err := store.AddFile(File{AccountID: "A623uY2", Path: "/f/000000", Metadata: []byte("{}")}, receive(b, store, ""), true); err != nil {
			b.Fatal(err)
		}
		for i := 1; i < files; i++ {
			paths = append(paths, Copy{Source: "/f/000000", Destination: fmt.Sprintf("/f/%06d", i), Change: func(f File) File { return f }})
		}
		for chunk := range slices.Chunk(paths, 10_000) {
			if _, err := store.Apply("A623uY2", Changes{Copies: chunk}); err != nil {
				b.Fatal(err)
			}
		}
		for place, after := range map[string]string{"start": "", "middle": "/f/050000", "end": "/f/099800"} {
			b.Run(name+"/"+place, func(b *testing.B) {
				for b.Loop() {
					entries, err := store.List(Listing{AccountID: "A623uY2", Folder: "/f", After: Position{Path: after}, Limit: 100})
					if err != nil || len(entries) != 100 {
						b.Fatal(len(entries), err)
					}
				}
			})
		}
	}
}
