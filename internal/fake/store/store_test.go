package store

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Both stores keep the promises of the interface.
func TestStores(t *testing.T) {
	for name, open := range map[string]func(*testing.T) Store{
		"memory": func(*testing.T) Store { return NewMemory() },
		"disk":   func(t *testing.T) Store { return openStore(t, t.TempDir()) },
	} {
		t.Run(name, func(t *testing.T) { testStore(t, open) })
	}
}

func wantOpen(t *testing.T, store Store, want int) {
	t.Helper()
	if open, err := store.OpenUploads(); open != want || err != nil {
		t.Errorf("%d uploads in progress, %v; want %d", open, err, want)
	}
}

func testStore(t *testing.T, open func(*testing.T) Store) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	file := func(path, etag string, size int64) File {
		return File{AccountID: "A623uY2", Path: path, ETag: etag, MIME: "a/b", LastModified: at, Metadata: []byte(`{}`), Size: size}
	}
	begin := func(t *testing.T, store Store, id, path string) {
		t.Helper()
		must(t, store.CreateUpload(Upload{ID: id, File: file(path, "", 6), PartSizes: []int64{3}, Parts: 2, Created: at}))
	}
	keep := func(t *testing.T, store Store, id string, index int64, etag, content string) {
		t.Helper()
		must(t, store.KeepPart(id, Part{Index: index, Size: int64(len(content)), ETag: etag}, receive(t, store, content)))
	}

	t.Run("parts", func(t *testing.T) {
		store := open(t)
		begin(t, store, "one", "/f")
		if _, err := store.Part("one", 0); !errors.Is(err, ErrNotStored) {
			t.Errorf("a part that never came: %v", err)
		}
		if err := store.CompletePart("one", 0); !errors.Is(err, ErrNotStored) {
			t.Errorf("completing it: %v", err)
		}
		keep(t, store, "one", 1, "b", "def")
		keep(t, store, "one", 0, "a", "abc")
		must(t, store.CompletePart("one", 1))
		must(t, store.CompletePart("one", 1))
		keep(t, store, "one", 1, "b", "def") // the same again
		wantParts(t, store, "one", 1, []Part{{0, 3, "a", false}, {1, 3, "b", true}})
		keep(t, store, "one", 1, "c", "xyz") // something else
		wantParts(t, store, "one", 0, []Part{{0, 3, "a", false}, {1, 3, "c", false}})

		wantOpen(t, store, 1)
		must(t, store.Publish("one", file("/f", "whole", 6), false))
		wantOpen(t, store, 0)
		wantParts(t, store, "one", 2, []Part{{0, 3, "a", true}, {1, 3, "c", true}})
		if upload, err := store.Upload("one"); err != nil || !upload.Done || upload.File.ETag != "whole" {
			t.Errorf("upload %+v, %v", upload, err)
		}
		if got := contentOf(store, "A623uY2", "/f"); got != "abcxyz" {
			t.Errorf("content %q", got)
		}
	})

	t.Run("uploads", func(t *testing.T) {
		store := open(t)
		begin(t, store, "old", "/f")
		must(t, store.CreateUpload(Upload{ID: "new", File: file("/g", "", 6), PartSizes: []int64{3}, Parts: 2, Created: at.Add(time.Hour)}))
		keep(t, store, "old", 0, "a", "abc")
		wantOpen(t, store, 2)
		must(t, store.ExpireUploads(at.Add(time.Minute)))
		wantOpen(t, store, 1)
		if _, err := store.Upload("old"); !errors.Is(err, ErrNotStored) {
			t.Errorf("an expired upload: %v", err)
		}
		if _, err := store.Upload("new"); err != nil {
			t.Errorf("a newer upload: %v", err)
		}
		must(t, store.DeleteUpload("new"))
		must(t, store.DeleteUpload("new"))
		for _, err := range []error{
			store.KeepPart("new", Part{Size: 3}, receive(t, store, "abc")),
			store.CompletePart("new", 0), store.Publish("new", file("/g", "x", 6), true),
			second(store.Part("new", 0)), second(store.Parts("new")), second(store.Upload("new")),
		} {
			if !errors.Is(err, ErrNotStored) {
				t.Errorf("an upload that is gone: %v", err)
			}
		}
	})

	t.Run("files", func(t *testing.T) {
		store := open(t)
		must(t, store.AddFile(file("/f", "1", 3), receive(t, store, "one"), false))
		if err := store.AddFile(file("/f", "2", 3), receive(t, store, "two"), false); !errors.Is(err, ErrTaken) {
			t.Errorf("adding to a path that is taken: %v", err)
		}
		begin(t, store, "up", "/f")
		keep(t, store, "up", 0, "a", "abc")
		keep(t, store, "up", 1, "b", "def")
		if err := store.Publish("up", file("/f", "3", 6), false); !errors.Is(err, ErrTaken) {
			t.Errorf("publishing to a path that is taken: %v", err)
		}
		if upload, _ := store.Upload("up"); upload.Done || upload.Completed != 0 {
			t.Errorf("after the refusal: %+v", upload)
		}
		if got := contentOf(store, "A623uY2", "/f"); got != "one" {
			t.Errorf("content %q", got)
		}
		must(t, store.Publish("up", file("/f", "3", 6), true))
		must(t, store.Publish("up", file("/f", "4", 6), false)) // its own file
		if got := contentOf(store, "A623uY2", "/f"); got != "abcdef" {
			t.Errorf("content %q", got)
		}
		must(t, store.AddFile(file("/f", "5", 4), receive(t, store, "five"), true))
		must(t, store.AddFile(file("/empty", "6", 0), receive(t, store, ""), false))
		must(t, store.AddFile(file("/discarded", "7", 9), nil, false))
		files, err := store.Files()
		must(t, err)
		if diff := cmp.Diff([]File{file("/discarded", "7", 9), file("/empty", "6", 0), file("/f", "5", 4)}, files); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
		for path, want := range map[string]string{"/f": "five", "/empty": "", "/discarded": "discarded"} {
			if got := contentOf(store, "A623uY2", path); got != want {
				t.Errorf("%s is %q, want %q", path, got, want)
			}
		}
		_, content, err := store.Open("A623uY2", "/f")
		must(t, err)
		defer content.Close()
		must(t, store.DeleteFile("A623uY2", "/f"))
		if data := make([]byte, 4); second(content.ReadAt(data, 0)) != nil && string(data) != "five" {
			t.Errorf("a reader sees %q after the file is deleted", data)
		}
		for _, err := range []error{store.DeleteFile("A623uY2", "/f"), second(store.File("A623uY2", "/f")), second(store.File("B623uY2", "/empty"))} {
			if !errors.Is(err, ErrNotStored) {
				t.Errorf("a file that is gone: %v", err)
			}
		}
	})

	t.Run("abandoned", func(t *testing.T) {
		store := open(t)
		received := receive(t, store, "abc")
		received.Abandon()
		received.Abandon()
		taken := receive(t, store, "def")
		must(t, store.AddFile(file("/f", "1", 3), taken, false))
		taken.Abandon() // too late
		if got := contentOf(store, "A623uY2", "/f"); got != "def" {
			t.Errorf("content %q", got)
		}
	})
}

func wantParts(t *testing.T, store Store, id string, completed int64, want []Part) {
	t.Helper()
	parts, err := store.Parts(id)
	must(t, err)
	if diff := cmp.Diff(want, parts); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if upload, err := store.Upload(id); err != nil || upload.Completed != completed {
		t.Errorf("%d parts are completed, want %d; %v", upload.Completed, completed, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func second[T any](_ T, err error) error { return err }

// Memory reads as one, whatever the pieces.
func TestSegments(t *testing.T) {
	var all segments
	for _, piece := range []string{"ab", "", "c", "defg"} {
		all = all.add([]byte(piece))
	}
	const text = "abcdefg"
	for start := range len(text) + 1 {
		for length := range len(text) + 2 {
			buffer := make([]byte, length)
			n, err := all.ReadAt(buffer, int64(start))
			want := text[start:min(start+length, len(text))]
			if string(buffer[:n]) != want || (err == nil) != (n == length) {
				t.Errorf("%d bytes at %d: %q, %v", length, start, buffer[:n], err)
			}
		}
	}
}
