package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"
)

func openStore(t *testing.T, dir string) *Disk {
	t.Helper()
	store, err := OpenDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// receive hands bytes to a store as a request would.
func receive(t interface{ Fatal(...any) }, store Store, content string) Receiver {
	receiver, err := store.Receive(int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(receiver, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	return receiver
}

// contentOf reads a whole file; an error stands for its bytes.
func contentOf(store Store, account, path string) string {
	file, content, err := store.Open(account, path)
	if err != nil {
		return "error: " + err.Error()
	}
	if content == nil {
		return "discarded"
	}
	defer content.Close()
	data := make([]byte, file.Size)
	if n, err := content.ReadAt(data, 0); n != len(data) || err != nil && err != io.EOF {
		return fmt.Sprintf("read %d bytes: %v", n, err)
	}
	return string(data)
}

// blobFiles lists the files in which a store keeps bytes.
func blobFiles(t interface{ Fatal(...any) }, dir string) []string {
	var names []string
	for _, sub := range []string{blobsName, incomingName} {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if entry.Name() != idName {
				names = append(names, filepath.Join(sub, entry.Name()))
			}
		}
	}
	return names
}

// The disk store does what the memory store does, whatever is asked in whatever
// order, with restarts in between, and never keeps a blob longer than its owner.
func TestDiskStoreAgreesWithMemoryStore(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(root, "")
		if err != nil {
			t.Fatal(err)
		}
		disk, err := OpenDisk(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { disk.Close() }()
		memory := NewMemory()

		// both does one thing to both stores.
		both := func(do func(Store) error) {
			want, got := do(memory), do(disk)
			if !errors.Is(got, want) {
				t.Fatalf("disk: %v, memory: %v", got, want)
			}
		}
		id := rapid.SampledFrom([]string{"upload1", "upload2", "upload"})
		path := rapid.SampledFrom([]string{"/a", "/b", "/a/b"})
		index := rapid.Int64Range(0, 2)
		text := rapid.SampledFrom([]string{"", "x", "long enough to read in pieces"})
		deletedSource := map[string]bool{}

		t.Repeat(map[string]func(*rapid.T){
			"create": func(t *rapid.T) {
				upload := Upload{ID: id.Draw(t, "id"), Created: time.Unix(rapid.Int64Range(0, 9).Draw(t, "created"), 0).UTC()}
				if _, err := memory.Upload(upload.ID); err == nil {
					t.Skip("ids are not used twice")
				}
				delete(deletedSource, upload.ID)
				both(func(s Store) error { return s.CreateUpload(upload) })
			},
			"keep": func(t *rapid.T) {
				upload, content := id.Draw(t, "id"), text.Draw(t, "content")
				part := Part{Index: index.Draw(t, "index"), Size: int64(len(content)), ETag: content}
				if known, err := memory.Upload(upload); err == nil && known.Done {
					if _, err := memory.Part(upload, part.Index); err != nil {
						t.Skip("a done upload has all its parts")
					}
				}
				both(func(s Store) error { return s.KeepPart(upload, part, receive(t, s, content)) })
			},
			"complete": func(t *rapid.T) {
				upload, part := id.Draw(t, "id"), index.Draw(t, "index")
				both(func(s Store) error { return s.CompletePart(upload, part) })
			},
			"publish": func(t *rapid.T) {
				upload, file, overwrite := id.Draw(t, "id"), path.Draw(t, "path"), rapid.Bool().Draw(t, "overwrite")
				if known, err := memory.Upload(upload); err == nil && known.Done {
					// The path of an upload is settled, and bytes that were given
					// away and deleted do not come back.
					if file = known.File.Path; deletedSource[upload] {
						t.Skip("nothing to publish")
					}
				}
				parts, _ := memory.Parts(upload)
				size := int64(0)
				for _, part := range parts {
					size += part.Size
				}
				both(func(s Store) error {
					return s.Publish(upload, File{AccountID: "A623uY2", Path: file, Size: size, Metadata: []byte("{}")}, overwrite)
				})
				forgetReplaced(memory, deletedSource)
			},
			"add": func(t *rapid.T) {
				file, content, overwrite := path.Draw(t, "path"), text.Draw(t, "content"), rapid.Bool().Draw(t, "overwrite")
				both(func(s Store) error {
					return s.AddFile(File{AccountID: "A623uY2", Path: file, Size: int64(len(content)), Metadata: []byte("{}")}, receive(t, s, content), overwrite)
				})
				forgetReplaced(memory, deletedSource)
			},
			"delete file": func(t *rapid.T) {
				file := path.Draw(t, "path")
				both(func(s Store) error { return s.DeleteFile("A623uY2", file) })
				forgetReplaced(memory, deletedSource)
			},
			"apply": func(t *rapid.T) {
				changes := Changes{
					DeleteFiles: rapid.SliceOfN(path, 0, 2).Draw(t, "files"), DeleteFolders: rapid.SliceOfN(path, 0, 2).Draw(t, "folders"),
				}
				for range rapid.IntRange(0, 3).Draw(t, "copies") {
					changes.Copies = append(changes.Copies, Copy{
						Source: path.Draw(t, "source"), Destination: path.Draw(t, "destination"), Overwrite: rapid.Bool().Draw(t, "overwrite"),
						Change: func(f File) File { f.ETag = "of " + f.Path; return f },
					})
				}
				if rapid.Bool().Draw(t, "make") {
					changes.MakeFolders = []Folder{{Path: path.Draw(t, "folder"), Settings: json.RawMessage(`7`)}}
				}
				if rapid.Bool().Draw(t, "job") {
					changes.Job = func(c Changed) Job {
						return Job{AccountID: "A623uY2", ID: "job", Summary: json.RawMessage(strconv.Itoa(len(c.DeletedFiles)))}
					}
				}
				want, wantErr := memory.Apply("A623uY2", changes)
				got, gotErr := disk.Apply("A623uY2", changes)
				if !errors.Is(gotErr, wantErr) || fmt.Sprint(got) != fmt.Sprint(want) {
					t.Fatalf("disk: %v, %v, memory: %v, %v", got, gotErr, want, wantErr)
				}
				forgetReplaced(memory, deletedSource)
			},
			"make folder": func(t *rapid.T) {
				folder, settings := path.Draw(t, "path"), json.RawMessage(`"`+text.Draw(t, "settings")+`"`)
				both(func(s Store) error {
					return s.PutFolder("A623uY2", folder, func(old json.RawMessage) json.RawMessage {
						if old != nil {
							return nil
						}
						return settings
					})
				})
			},
			"job": func(t *rapid.T) {
				job := Job{AccountID: "A623uY2", ID: id.Draw(t, "id"), Status: text.Draw(t, "status"), Task: json.RawMessage(`{}`)}
				both(func(s Store) error { return s.PutJob(job) })
			},
			"delete jobs": func(t *rapid.T) {
				ids := rapid.SliceOf(id).Draw(t, "ids")
				both(func(s Store) error { return s.DeleteJobs("A623uY2", ids) })
			},
			"delete upload": func(t *rapid.T) {
				upload := id.Draw(t, "id")
				both(func(s Store) error { return s.DeleteUpload(upload) })
			},
			"expire": func(t *rapid.T) {
				before := time.Unix(rapid.Int64Range(0, 9).Draw(t, "before"), 0)
				both(func(s Store) error { return s.ExpireUploads(before) })
			},
			"abandon": func(t *rapid.T) { receive(t, disk, "x").Abandon() },
			"restart": func(t *rapid.T) {
				if err := disk.Close(); err != nil {
					t.Fatal(err)
				}
				if disk, err = OpenDisk(dir); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				if got, want := describe(t, disk), describe(t, memory); got != want {
					t.Fatalf("disk:\n%s\nmemory:\n%s", got, want)
				}
				checkBlobs(t, disk)
			},
		})
	})
}

// forgetReplaced notes the done uploads whose file is not theirs any more.
func forgetReplaced(memory *Memory, deletedSource map[string]bool) {
	for id, upload := range memory.uploads {
		file, _ := memory.file("A623uY2", upload.File.Path)
		if upload.Done && (file == nil || file.upload != id) {
			deletedSource[id] = true
		}
	}
}

// checkBlobs holds the blobs on disk against their owners: each has one.
func checkBlobs(t interface {
	Errorf(string, ...any)
	Fatal(...any)
}, store *Disk) {
	owners := map[string]int{}
	known := map[string]bool{}
	err := store.db.View(func(tx *bbolt.Tx) error {
		return errors.Join(
			tx.Bucket(partBucket).ForEach(func(_, data []byte) error {
				var part storedPart
				err := json.Unmarshal(data, &part)
				owners[part.Blob.Name]++
				return err
			}),
			tx.Bucket(contentBucket).ForEach(func(_, data []byte) error {
				var content []blob
				err := json.Unmarshal(data, &content)
				for _, bytes := range content {
					owners[bytes.Name]++
				}
				return err
			}),
			tx.Bucket(blobBucket).ForEach(func(name, _ []byte) error {
				known[string(name)] = true
				return nil
			}),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	delete(owners, "") // discarded or given away
	for _, path := range blobFiles(t, store.dir) {
		name := filepath.Base(path)
		if filepath.Dir(path) != blobsName || owners[name] != 1 || !known[name] {
			t.Errorf("%s has %d owners, noted as owned: %v", path, owners[name], known[name])
		}
		delete(owners, name)
		delete(known, name)
	}
	if len(owners) > 0 || len(known) > 0 {
		t.Errorf("missing blobs: %v %v", owners, known)
	}
}

// describe writes down all that a store has to say.
func describe(t *rapid.T, store Store) string {
	var text strings.Builder
	for _, id := range []string{"upload", "upload1", "upload2"} {
		upload, err := store.Upload(id)
		parts, partsErr := store.Parts(id)
		fmt.Fprintf(&text, "%s: %v %d %v %q %v %v\n", id, upload.Done, upload.Completed, err, upload.File.Path, parts, partsErr)
		for index := range int64(3) {
			part, err := store.Part(id, index)
			fmt.Fprintf(&text, "%s %d: %v %v\n", id, index, part, err)
		}
	}
	files, err := store.Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		fmt.Fprintf(&text, "%+v: %s\n", file, contentOf(store, file.AccountID, file.Path))
	}
	for _, path := range []string{"/", "/a", "/b", "/a/b"} {
		made, err := store.Folders("A623uY2", path)
		fmt.Fprintf(&text, "folders of %s: %+v, %v\n", path, made, err)
		for _, recursive := range []bool{false, true} {
			entries, err := store.List(Listing{AccountID: "A623uY2", Folder: path, Recursive: recursive, Limit: 10})
			fmt.Fprintf(&text, "list of %s: ", path)
			for _, entry := range entries {
				fmt.Fprintf(&text, "%s %v %v, ", entry.Path, entry.Folder, entry.Made != nil)
			}
			fmt.Fprintf(&text, "%v\n", err)
		}
	}
	jobs, err := store.Jobs("")
	fmt.Fprintf(&text, "jobs: %v, %v\n", jobs, err)
	return text.String()
}

func TestDiskStoreSurvivesACrash(t *testing.T) {
	t.Parallel()
	dir, crashed := t.TempDir(), filepath.Join(t.TempDir(), "crashed")
	store := openStore(t, dir)
	key, err := store.SigningKey()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(
		store.CreateUpload(Upload{ID: "done", Parts: 2}),
		store.KeepPart("done", Part{Index: 1, Size: 5, ETag: "b"}, receive(t, store, "world")),
		store.KeepPart("done", Part{Index: 0, Size: 6, ETag: "a"}, receive(t, store, "hello ")),
		store.Publish("done", File{AccountID: "A623uY2", Path: "/done", Size: 11}, false),
		store.CreateUpload(Upload{ID: "begun", Parts: 2}),
		store.KeepPart("begun", Part{Index: 0, Size: 1, ETag: "a"}, receive(t, store, "x")),
		store.CompletePart("begun", 0),
	); err != nil {
		t.Fatal(err)
	}
	inFlight := receive(t, store, "half a part")

	// What is on disk at this moment is all that a killed process leaves, and a
	// crash between the move and the transaction leaves a blob of nobody.
	if err := os.CopyFS(crashed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	stray := filepath.Join(crashed, blobsName, strings.Repeat("a", blobNameLength))
	foreign := filepath.Join(crashed, blobsName, "notes.txt")
	if err := errors.Join(os.WriteFile(stray, nil, 0o600), os.WriteFile(foreign, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	inFlight.Abandon()

	again := openStore(t, crashed)
	if _, err := os.Stat(stray); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a blob of nobody was not swept: %v", err)
	}
	if err := os.Remove(foreign); err != nil {
		t.Errorf("a file that is not ours was swept: %v", err)
	}
	checkBlobs(t, again)
	if got := contentOf(again, "A623uY2", "/done"); got != "hello world" {
		t.Errorf("file: %q", got)
	}
	if parts, err := again.Parts("begun"); len(parts) != 1 || !parts[0].Completed {
		t.Errorf("parts: %v, %v", parts, err)
	}
	if sameKey, err := again.SigningKey(); !bytes.Equal(key, sameKey) || len(key) != signingKeyLength {
		t.Errorf("another signing key: %v", err)
	}
}

func TestDiskStoreHasOneProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	openStore(t, dir)
	store, err := OpenDisk(dir)
	if err == nil {
		store.Close()
		t.Fatal("opened twice")
	}
	if want := "another process is using it"; !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
		t.Errorf("%q does not say %q of %s", err, want, dir)
	}
}

func TestDiskStoreRefusesOtherDirectories(t *testing.T) {
	t.Parallel()
	full, file, newer, broken := t.TempDir(), filepath.Join(t.TempDir(), "file"), t.TempDir(), t.TempDir()
	if err := errors.Join(
		os.WriteFile(filepath.Join(full, "thesis.txt"), nil, 0o600),
		os.WriteFile(file, nil, 0o600),
		os.WriteFile(filepath.Join(broken, stateName), bytes.Repeat([]byte("x"), 1<<16), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	store := openStore(t, newer)
	if err := store.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(metaBucket).Put(versionKey, []byte("3")) }); err != nil {
		t.Fatal(err)
	}
	store.Close()

	for dir, want := range map[string]string{
		full:   "not empty",
		file:   "not a directory",
		newer:  `version "3"`,
		broken: stateName + " is damaged",
	} {
		if store, err := OpenDisk(dir); err == nil {
			store.Close()
			t.Errorf("%s was accepted, want %q", dir, want)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

func TestDiskStoreIsPrivate(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // permissions are inherited there
	}
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	store := openStore(t, dir)
	if err := store.AddFile(File{AccountID: "A623uY2", Path: "/a"}, receive(t, store, "x"), false); err != nil {
		t.Fatal(err)
	}
	receive(t, store, "y")
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// Readers that have a file open go on when it is deleted or replaced; its bytes
// go with the last of them.
func TestDiskStoreKeepsOpenFiles(t *testing.T) {
	t.Parallel()
	store := openStore(t, t.TempDir())
	file := File{AccountID: "A623uY2", Path: "/a", Size: 3}
	if err := store.AddFile(file, receive(t, store, "old"), false); err != nil {
		t.Fatal(err)
	}
	var readers [2]Content
	for i := range readers {
		var err error
		if _, readers[i], err = store.Open(file.AccountID, file.Path); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.AddFile(file, receive(t, store, "new"), true); err != nil {
		t.Fatal(err)
	}
	for i, reader := range readers {
		data := make([]byte, 3)
		if _, err := reader.ReadAt(data, 0); string(data) != "old" || err != nil && err != io.EOF {
			t.Errorf("reader %d: %q, %v", i, data, err)
		}
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
		if _, err := reader.ReadAt(data, 0); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("read after close: %v", err)
		}
		if err := reader.Close(); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("second close: %v", err)
		}
	}
	checkBlobs(t, store)
	if got := contentOf(store, file.AccountID, file.Path); got != "new" {
		t.Errorf("file: %q", got)
	}
}

// Any stretch of a file reads the same however its parts are cut.
func TestDiskContentReadsAcrossParts(t *testing.T) {
	t.Parallel()
	root := openStore(t, t.TempDir())
	uploads := 0
	rapid.Check(t, func(t *rapid.T) {
		uploads++
		id := fmt.Sprint("upload", uploads)
		if err := root.CreateUpload(Upload{ID: id}); err != nil {
			t.Fatal(err)
		}
		var whole string
		for index, content := range rapid.SliceOfN(rapid.StringN(0, 5, 10), 1, 6).Draw(t, "parts") {
			whole += content
			if err := root.KeepPart(id, Part{Index: int64(index)}, receive(t, root, content)); err != nil {
				t.Fatal(err)
			}
		}
		if err := root.Publish(id, File{AccountID: "A623uY2", Path: "/a", Size: int64(len(whole))}, true); err != nil {
			t.Fatal(err)
		}
		_, content, err := root.Open("A623uY2", "/a")
		if err != nil {
			t.Fatal(err)
		}
		defer content.Close()
		for range 5 {
			offset := rapid.Int64Range(0, int64(len(whole))+2).Draw(t, "offset")
			got := make([]byte, rapid.IntRange(0, len(whole)+2).Draw(t, "length"))
			want := make([]byte, len(got))
			n, err := content.ReadAt(got, offset)
			wantN, wantErr := strings.NewReader(whole).ReadAt(want, offset)
			if len(got) == 0 {
				wantErr = nil // a strings.Reader is stricter about nothing
			}
			if n != wantN || err != wantErr || !bytes.Equal(got, want) {
				t.Fatalf("at %d: %q, %d, %v; want %q, %d, %v", offset, got, n, err, want, wantN, wantErr)
			}
		}
	})
	if _, err := (&diskContent{}).ReadAt(nil, -1); err == nil {
		t.Error("read before the start")
	}
}

// A blob that lost bytes behind our back is an error, not zeros.
func TestDiskContentNoticesShortBlobs(t *testing.T) {
	t.Parallel()
	store := openStore(t, t.TempDir())
	if err := store.AddFile(File{AccountID: "A623uY2", Path: "/a", Size: 3}, receive(t, store, "abc"), false); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(store.dir, blobFiles(t, store.dir)[0]), 1); err != nil {
		t.Fatal(err)
	}
	if got, want := contentOf(store, "A623uY2", "/a"), "read 1 bytes: unexpected EOF"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Changes that wait for one transaction fail or succeed one by one.
func TestDiskStoreSharesTransactions(t *testing.T) {
	t.Parallel()
	store := openStore(t, t.TempDir())
	const callers = 64
	var group sync.WaitGroup
	results := make([]error, callers)
	store.commitMu.Lock() // all of them wait for this one
	for i := range callers {
		group.Go(func() {
			if i%2 == 0 {
				results[i] = store.CreateUpload(Upload{ID: fmt.Sprint(i)})
			} else {
				results[i] = store.CompletePart("unknown", 0)
			}
		})
	}
	for waiting := 0; waiting < callers; runtime.Gosched() {
		store.queueMu.Lock()
		waiting = len(store.queue)
		store.queueMu.Unlock()
	}
	before := store.db.Stats()
	store.commitMu.Unlock()
	group.Wait()
	for i, err := range results {
		if (err == nil) != (i%2 == 0) || err != nil && !errors.Is(err, ErrNotStored) {
			t.Errorf("change %d: %v", i, err)
		}
		if _, err := store.Upload(fmt.Sprint(i)); (err == nil) != (i%2 == 0) {
			t.Errorf("upload %d: %v", i, err)
		}
	}
	after := store.db.Stats()
	if writes := after.Sub(&before).TxStats.Write; writes > callers/2 {
		t.Errorf("%d writes for %d changes", writes, callers)
	}
}

// A transaction that fails leaves nothing, not even the bytes that came with it.
func TestDiskStoreUndoesFailedChanges(t *testing.T) {
	t.Parallel()
	store := openStore(t, t.TempDir())
	if err := store.KeepPart("unknown", Part{}, receive(t, store, "x")); !errors.Is(err, ErrNotStored) {
		t.Errorf("got %v", err)
	}
	broken := errors.New("broken")
	err := store.store(receive(t, store, "x"), func(tx *bbolt.Tx, _ *released, bytes blob) error {
		return errors.Join(ownBlob(tx, bytes), broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	checkBlobs(t, store)
}

func TestTemporaryStoreGoesAway(t *testing.T) {
	t.Parallel()
	store, err := OpenTemporary()
	if err != nil {
		t.Fatal(err)
	}
	if err := store.AddFile(File{AccountID: "A623uY2", Path: "/a", Size: 1}, receive(t, store, "x"), false); err != nil {
		t.Error(err)
	}
	if got := contentOf(store, "A623uY2", "/a"); got != "x" {
		t.Errorf("file: %q", got)
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(store.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory is still there: %v", err)
	}
}

// A directory of the first format, which had no index of folders, is taken over.
func TestDiskStoreReadsItsFirstFormat(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := openStore(t, dir)
	addFile(t, store, "/a/b/c")
	if err := store.db.Update(func(tx *bbolt.Tx) error {
		for _, bucket := range [][]byte{folderBucket, childBucket, jobBucket} {
			if err := tx.DeleteBucket(bucket); err != nil {
				return err
			}
		}
		return tx.Bucket(metaBucket).Put(versionKey, firstVersion)
	}); err != nil {
		t.Fatal(err)
	}
	store.Close()
	store = openStore(t, dir)
	if got, _ := listed(t, store, Listing{Folder: "/a", Limit: 9}); !slices.Equal(got, []string{"folder /a/b"}) {
		t.Errorf("got %v", got)
	}
}
