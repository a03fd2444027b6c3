package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// limited is a store whose limits can be set.
type limited interface {
	Store
	Limit(Limits)
}

func limitedStores(t *testing.T) map[string]limited {
	disk := openStore(t, t.TempDir())
	disk.temporary, disk.db.NoSync = true, true
	t.Cleanup(func() { disk.temporary = false })
	return map[string]limited{"memory": NewMemory(), "disk": disk}
}

// Uploads in progress are limited. Those that are done, deleted or expired make room.
func TestUploadLimit(t *testing.T) {
	for name, store := range limitedStores(t) {
		t.Run(name, func(t *testing.T) {
			store.Limit(Limits{Uploads: 3})
			at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
			begin := func(id string) error {
				return store.CreateUpload(Upload{ID: id, Parts: 1, PartSizes: []int64{1}, Created: at, File: File{AccountID: "A623uY2", Path: "/" + id}})
			}
			for _, id := range []string{"a", "b", "c"} {
				must(t, begin(id))
			}
			full := func(when string) {
				t.Helper()
				if err := begin("d"); !errors.Is(err, ErrTooManyUploads) {
					t.Errorf("%s: %v", when, err)
				}
			}
			full("three uploads")
			must(t, store.KeepPart("a", Part{Size: 0, ETag: "x"}, receive(t, store, "")))
			for range 2 { // publishing again makes no more room
				must(t, store.Publish("a", File{AccountID: "A623uY2", Path: "/a"}, true))
			}
			must(t, begin("e"))
			full("one done, one new")
			for range 2 {
				must(t, store.DeleteUpload("b"))
				must(t, store.DeleteUpload("a")) // it was done
			}
			must(t, begin("f"))
			full("one deleted, one new")
			at = at.Add(time.Hour)
			must(t, store.ExpireUploads(at))
			for _, id := range []string{"g", "h", "i"} {
				must(t, begin(id))
			}
			full("all expired, three new")
		})
	}
}

// Bytes are limited, and what is deleted or replaced makes room.
func TestByteLimit(t *testing.T) {
	for name, store := range limitedStores(t) {
		t.Run(name, func(t *testing.T) {
			store.Limit(Limits{Bytes: 4 << 20})
			content := strings.Repeat("x", 50_000)
			add := func(path string) error {
				receiver, err := store.Receive(int64(len(content)))
				if err != nil {
					return err
				}
				if _, err := io.WriteString(receiver, content); err != nil {
					receiver.Abandon()
					return err
				}
				return store.AddFile(File{AccountID: "A623uY2", Path: path, Size: int64(len(content))}, receiver, true)
			}
			stored := 0
			var err error
			for ; stored < 5000 && err == nil; stored++ {
				err = add(fmt.Sprintf("/%d", stored))
			}
			// The memory store counts only now and then.
			if !errors.Is(err, ErrFull) || !IsFull(err) || name == "disk" && (stored < 70 || stored > 84) {
				t.Fatalf("after %d files: %v", stored, err)
			}
			for i := range stored - 1 {
				must(t, store.DeleteFile("A623uY2", fmt.Sprintf("/%d", i)))
			}
			for range recountEvery { // until the memory store has noticed
				if err = add("/again"); err == nil {
					break
				}
			}
			for range 200 { // replaced over and over
				must(t, add("/again"))
			}
		})
	}
}

// Copies and folders need room as well, and deleting needs none.
func TestByteLimitOfChanges(t *testing.T) {
	for name, store := range limitedStores(t) {
		t.Run(name, func(t *testing.T) {
			const account, size = "A623uY2", 50_000
			store.Limit(Limits{Bytes: 4 << 20})
			must(t, store.AddFile(File{AccountID: account, Path: "/f", Size: size}, receive(t, store, strings.Repeat("x", size)), false))
			copied := func(i int) error {
				_, err := store.Apply(account, Changes{Copies: []Copy{{
					Source: "/f", Destination: fmt.Sprintf("/%d", i), Overwrite: true, Change: func(f File) File { return f },
				}}})
				return err
			}
			var err error
			var copies []string
			for i := 0; i < 5000 && err == nil; i++ {
				err = copied(i)
				copies = append(copies, fmt.Sprintf("/%d", i))
			}
			if !IsFull(err) || name == "disk" && (len(copies) < 70 || len(copies) > 84) {
				t.Fatalf("after %d copies: %v", len(copies), err)
			}
			noSettings := func(json.RawMessage) json.RawMessage { return nil }
			if err := store.PutFolder(account, "/folder", noSettings); !IsFull(err) {
				t.Errorf("a folder: %v", err)
			}
			if _, err := store.Apply(account, Changes{MakeFolders: []Folder{{Path: "/folder"}}}); !IsFull(err) {
				t.Errorf("a copied folder: %v", err)
			}
			_, err = store.Apply(account, Changes{DeleteFiles: copies})
			must(t, err)
			for range recountEvery { // until the memory store has noticed
				if err = store.PutFolder(account, "/folder", noSettings); err == nil {
					break
				}
			}
			for range 200 { // replaced over and over
				must(t, copied(0))
			}
		})
	}
}

// A store that is opened again knows what it has.
func TestLimitsAfterARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := openStore(t, dir)
	must(t, store.CreateUpload(Upload{ID: "a", Parts: 1, PartSizes: []int64{1}}))
	must(t, store.AddFile(File{AccountID: "A623uY2", Path: "/a", Size: 1 << 20}, receive(t, store, strings.Repeat("x", 1<<20)), false))
	must(t, store.Close())
	again := openStore(t, dir)
	again.Limit(Limits{Bytes: 2 << 20, Uploads: 1})
	if err := again.CreateUpload(Upload{ID: "b", Parts: 1, PartSizes: []int64{1}}); !errors.Is(err, ErrTooManyUploads) {
		t.Errorf("a second upload: %v", err)
	}
	receiver, err := again.Receive(-1)
	must(t, err)
	defer receiver.Abandon()
	if _, err := receiver.Write(make([]byte, 1<<20+1)); !errors.Is(err, ErrFull) {
		t.Errorf("a second MiB: %v", err)
	}
	if _, err := receiver.Write(make([]byte, 1<<19)); err != nil {
		t.Errorf("half a MiB: %v", err)
	}
}
