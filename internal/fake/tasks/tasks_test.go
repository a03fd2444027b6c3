package tasks

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/internal/fake/folders"
	"github.com/c88edac7/bytescale-go/internal/fake/jobs"
	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
)

const account = "A623uY2"

// target is a store with files, each with its path for content, and folders.
func target(t *testing.T, files string, made map[string]folders.Settings) Target {
	t.Helper()
	memory := store.NewMemory()
	for _, path := range strings.Fields(files) {
		received, err := memory.Receive(0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := received.Write([]byte(path)); err != nil {
			t.Fatal(err)
		}
		file := store.File{
			AccountID: account, Path: path, ETag: "of " + path, MIME: "text/plain", OriginalFileName: "o", Size: int64(len(path)),
			Metadata: json.RawMessage(`{"a":1,"b":2}`), Tags: []string{"x"},
		}
		if err := memory.AddFile(file, received, false); err != nil {
			t.Fatal(err)
		}
	}
	for path, settings := range made {
		if err := memory.PutFolder(account, path, func(json.RawMessage) json.RawMessage { return settings.Encode() }); err != nil {
			t.Fatal(err)
		}
	}
	return Target{Store: memory, Account: account}
}

// work does all of a task, n entries at a time. Between two steps it is written
// and read again, as after a restart.
func work[T any](t *testing.T, in Target, task T, n int) (summary string, err error) {
	t.Helper()
	for step := 0; ; step++ {
		if step > 1000 {
			t.Fatal("the task does not end")
		}
		w := any(&task).(jobs.Work)
		changes, err := w.Next(n)
		if err != nil {
			return "", err
		}
		changed, err := in.Store.Apply(account, changes)
		if err != nil {
			return "", err
		}
		done := w.Applied(changed)
		data, err := json.Marshal(w.Summary())
		if err != nil {
			t.Fatal(err)
		}
		if done {
			return string(data), nil
		}
		if data, err = json.Marshal(w); err != nil {
			t.Fatal(err)
		}
		var read T
		if err := json.Unmarshal(data, &read); err != nil {
			t.Fatal(err)
		}
		switch read := any(&read).(type) {
		case *FileCopies:
			read.Target = in
		case *FileDeletions:
			read.Target = in
		case *FolderCopies:
			read.Target = in
		case *FolderDeletions:
			read.Target = in
		}
		task = read
	}
}

// content lists all files and all folders that were made.
func content(t *testing.T, in Target) string {
	t.Helper()
	entries, err := in.Store.List(store.Listing{AccountID: account, Folder: "/", Recursive: true, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var text []string
	for _, entry := range entries {
		path := entry.Path
		if entry.Folder {
			path += "/"
		}
		text = append(text, path)
	}
	return strings.Join(text, " ")
}

func TestFileDeletions(t *testing.T) {
	for n := 1; n < 4; n++ {
		in := target(t, "/a /b /c", nil)
		summary, err := work(t, in, FileDeletions{Target: in, Paths: []string{"/a", "/missing", "/c", "/a"}}, n)
		if err != nil || summary != `{"deletions":["/a","/c"]}` || content(t, in) != "/b" {
			t.Errorf("%d at a time: %s, %v, %s", n, summary, err, content(t, in))
		}
	}
}

func TestFileCopies(t *testing.T) {
	for n := 1; n < 5; n++ {
		in := target(t, "/a /b", nil)
		summary, err := work(t, in, FileCopies{Target: in, Files: []FileCopy{
			{Source: "/a", Destination: "/c"},
			{Source: "/missing", Destination: "/d"},
			{Source: "/c", Destination: "/e", Data: Data{Metadata: &Metadata{}}},
			{Source: "/b", Destination: "/c", Overwrite: true},
		}}, n)
		want := `{"copies":[{"source":"/a","destination":"/c"},{"source":"/c","destination":"/e"},{"source":"/b","destination":"/c"}]}`
		if err != nil || summary != want || content(t, in) != "/a /b /c /e" {
			t.Errorf("%d at a time: %s, %v, %s", n, summary, err, content(t, in))
		}
		for path, etag := range map[string]string{"/c": "of /b", "/e": "of /a"} {
			file, err := in.Store.File(account, path)
			if err != nil || file.ETag != etag || file.MIME != "text/plain" || file.OriginalFileName != "o" || file.LastModified.IsZero() {
				t.Errorf("%s: %+v, %v", path, file, err)
			}
		}
	}
	in := target(t, "/a /b", nil)
	if summary, err := work(t, in, FileCopies{Target: in, Files: []FileCopy{{Source: "/a", Destination: "/b"}}}, 9); !errors.Is(err, store.ErrTaken) {
		t.Errorf("over another file: %s, %v", summary, err)
	}
}

func TestData(t *testing.T) {
	file := store.File{Metadata: json.RawMessage(`{"a":1,"b":2}`), Tags: []string{"x", "y"}}
	for _, test := range []struct {
		name           string
		data           Data
		metadata, tags string
	}{
		{"nothing", Data{}, `{"a":1,"b":2}`, "[x y]"},
		{"emptied", Data{&Metadata{}, &Tags{}}, `{}`, "[]"},
		{"replaced", Data{&Metadata{Value: json.RawMessage(`{"c":"<"}`)}, &Tags{Value: []string{"z"}}}, `{"c":"<"}`, "[z]"},
		{"merged", Data{&Metadata{true, json.RawMessage(`{"b":null,"c":12345678901234567}`)}, &Tags{true, []string{"y", "z"}}},
			`{"a":1,"b":null,"c":12345678901234567}`, "[x y z]"},
		{"merged with nothing", Data{&Metadata{Merge: true}, &Tags{Merge: true}}, `{"a":1,"b":2}`, "[x y]"},
	} {
		got, err := test.data.Of(file)
		if err != nil || string(got.Metadata) != test.metadata || fmt.Sprint(got.Tags) != test.tags {
			t.Errorf("%s: %s %v, %v", test.name, got.Metadata, got.Tags, err)
		}
	}
	for name, test := range map[string]struct {
		data Data
		code refusal.Code
	}{
		"metadata": {Data{Metadata: &Metadata{true, json.RawMessage(`{"c":"` + strings.Repeat("x", 2030) + `"}`)}}, refusal.MetadataTooLarge},
		"tags":     {Data{Tags: &Tags{true, strings.Fields(many(25))}}, refusal.TagsTooMany},
	} {
		var refused *refusal.Error
		if _, err := test.data.Of(file); !errors.As(err, &refused) || refused.Code != test.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func many(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "t%d ", i)
	}
	return text.String()
}

var external = folders.Settings{Storage: json.RawMessage(`{"type":"R2"}`)}

func TestFolderDeletions(t *testing.T) {
	whole := FolderDeletion{Path: "/f", Files: true, VirtualFolders: true, Recursive: true}
	for _, test := range []struct {
		name    string
		change  func(*FolderDeletion)
		left    string
		summary string
	}{
		{"everything", func(*FolderDeletion) {}, "/f/x/hidden /g", `{"deletions":["/f"],"files":3,"folders":4}`},
		{"one level", func(d *FolderDeletion) { d.Recursive = false }, "/f/b/c /f/v/ /f/v/d /f/v/e/ /f/x/ /f/x/hidden /g", `{"deletions":["/f"],"files":1,"folders":1}`},
		{"no files", func(d *FolderDeletion) { d.Files = false }, "/f/a /f/b/c /f/v/d /f/x/hidden /g", `{"deletions":["/f"],"files":0,"folders":4}`},
		{"no folders", func(d *FolderDeletion) { d.VirtualFolders = false }, "/f/ /f/v/ /f/v/e/ /f/x/ /f/x/hidden /g", `{"deletions":["/f"],"files":3,"folders":0}`},
		{"a missing one", func(d *FolderDeletion) { d.Path = "/missing" }, "/f/ /f/a /f/b/c /f/v/ /f/v/d /f/v/e/ /f/x/ /f/x/hidden /g", `{"deletions":["/missing"],"files":0,"folders":0}`},
	} {
		for n := 1; n < 8; n += 2 {
			in := target(t, "/f/a /f/b/c /f/v/d /f/x/hidden /g", map[string]folders.Settings{"/f/v/e": {}, "/f/x": external})
			deletion := whole
			test.change(&deletion)
			summary, err := work(t, in, FolderDeletions{Target: in, Folders: []FolderDeletion{deletion}}, n)
			if got := strings.TrimPrefix(content(t, in), "/ "); err != nil || got != test.left || summary != test.summary {
				t.Errorf("%s, %d at a time: %s, %v, %s", test.name, n, summary, err, got)
			}
		}
	}
	in := target(t, "/f/a /g/b /h/c", nil)
	summary, err := work(t, in, FolderDeletions{Target: in, Folders: []FolderDeletion{whole, {Path: "/g", Files: true}}}, 1)
	if err != nil || summary != `{"deletions":["/f","/g"],"files":2,"folders":0}` || content(t, in) != "/h/c" {
		t.Errorf("two folders: %s, %v, %s", summary, err, content(t, in))
	}
}

func TestFolderCopies(t *testing.T) {
	whole := FolderCopy{Source: "/f", Destination: "/to/g", Files: true, VirtualFolders: true, Recursive: true}
	for _, test := range []struct {
		name    string
		change  func(*FolderCopy)
		copied  string
		summary string
	}{
		{"everything", func(*FolderCopy) {}, "/to/ /to/g/ /to/g/a /to/g/b/c /to/g/v/ /to/g/v/e/ /to/g/x/", `"files":2,"folders":4`},
		{"one level", func(c *FolderCopy) { c.Recursive = false }, "/to/g/a", `"files":1,"folders":0`},
		{"no files", func(c *FolderCopy) { c.Files = false }, "/to/ /to/g/ /to/g/v/ /to/g/v/e/ /to/g/x/", `"files":0,"folders":4`},
		{"no folders", func(c *FolderCopy) { c.VirtualFolders = false }, "/to/g/a /to/g/b/c", `"files":2,"folders":0`},
		{"overridden storage", func(c *FolderCopy) { c.VirtualFolders, c.OverriddenStorage = false, true }, "/to/g/a /to/g/b/c /to/g/v/d", `"files":3,"folders":0`},
		{"from a folder that overrides it", func(c *FolderCopy) { c.Source = "/f/v" }, "/to/ /to/g/ /to/g/d /to/g/e/", `"files":1,"folders":2`},
		{"a missing one", func(c *FolderCopy) { c.Source = "/missing" }, "", `"files":0,"folders":0`},
	} {
		for n := 1; n < 8; n += 2 {
			in := target(t, "/f/a /f/b/c /f/v/d /f/x/hidden", map[string]folders.Settings{
				"/f": {Description: "d"}, "/f/v": {Storage: json.RawMessage(`{"type":"InternalStorageV2"}`)}, "/f/v/e": {}, "/f/x": external,
			})
			before := content(t, in)
			folder := whole
			test.change(&folder)
			summary, err := work(t, in, FolderCopies{Target: in, Folders: []FolderCopy{folder}}, n)
			got, unchanged := strings.CutPrefix(content(t, in), before)
			if err != nil || !unchanged || strings.TrimSpace(got) != test.copied || !strings.Contains(summary, test.summary) {
				t.Errorf("%s, %d at a time: %s, %v, %s", test.name, n, summary, err, got)
			}
			if made, _ := in.Store.Folders(account, "/to/g"); test.name == "everything" && folders.Of(made[0]).Description != "d" {
				t.Errorf("the settings are not copied: %+v", made)
			}
		}
	}
	in := target(t, "/f/a", nil)
	folder := whole
	folder.Destination = "/" + strings.Repeat("x", 511)
	var refused *refusal.Error
	if _, err := work(t, in, FolderCopies{Target: in, Folders: []FolderCopy{folder}}, 9); !errors.As(err, &refused) || refused.Code != refusal.PathInvalid {
		t.Errorf("too long a path: %v", err)
	}
}

func TestCopiesIntoExternalStorage(t *testing.T) {
	in := target(t, "/a", map[string]folders.Settings{"/x": external})
	var refused *refusal.Error
	if _, err := work(t, in, FileCopies{Target: in, Files: []FileCopy{{Source: "/a", Destination: "/x/a"}}}, 9); !errors.As(err, &refused) || refused.Code != refusal.StorageExternal {
		t.Errorf("got %v", err)
	}
}
