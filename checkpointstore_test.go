package bytescale_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

const (
	resumablePart = 10_000
	resumableSize = 5*resumablePart + 1
	resumeKey     = "the film"
)

// resumable is a service with a store, and clients that log what they do.
type resumable struct {
	t      *testing.T
	server *bytescaletest.Server
	store  bytescale.CheckpointStore
	data   []byte

	mu     sync.Mutex
	events []bytescale.Event
}

func newResumable(t *testing.T, store bytescale.CheckpointStore) *resumable {
	t.Helper()
	data := make([]byte, resumableSize)
	rand.NewChaCha8([32]byte{}).Read(data)
	return &resumable{
		t: t, data: data, store: store,
		server: bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithPartSize(resumablePart)),
	}
}

func (r *resumable) client(opts ...bytescale.ClientOption) *bytescale.Client {
	return r.server.Client(append(opts, bytescale.WithPutsInFlight(1), bytescale.WithObserver(func(e bytescale.Event) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.events = append(r.events, e)
	}))...)
}

// upload forgets the events and uploads with the store.
func (r *resumable) upload(ctx context.Context, c *bytescale.Client, source bytescale.Source, opts ...bytescale.UploadOption) (*bytescale.FileDetails, error) {
	r.mu.Lock()
	r.events = nil
	r.mu.Unlock()
	return c.Upload(ctx, source, append([]bytescale.UploadOption{bytescale.WithPath("/film.mp4"), bytescale.WithResume(r.store, resumeKey)}, opts...)...)
}

// interrupt uploads until two parts are confirmed.
func (r *resumable) interrupt(source bytescale.Source, opts ...bytescale.UploadOption) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	_, err := r.upload(ctx, r.client(), source, append(opts, bytescale.WithProgress(func(p bytescale.Progress) {
		if p.Confirmed >= 2*resumablePart {
			cancel()
		}
	}))...)
	var failed *bytescale.UploadError
	if !errors.As(err, &failed) || !errors.Is(err, context.Canceled) || failed.Checkpoint == nil {
		r.t.Fatalf("%v, want an interrupted upload with a checkpoint", err)
	}
	if _, err := r.store.Load(r.t.Context(), resumeKey); err != nil {
		r.t.Fatalf("the checkpoint was not saved: %v", err)
	}
}

// attempts counts the requests of an operation since the last upload began.
func (r *resumable) attempts(operation string) int {
	return len(r.of(bytescale.EventAttempt, operation))
}

func (r *resumable) of(kind bytescale.EventKind, operation string) (found []bytescale.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if e.Kind == kind && e.Operation == operation {
			found = append(found, e)
		}
	}
	return found
}

// isStored fails the test unless the file is stored whole, and store and locks are clean.
func (r *resumable) isStored(want []byte) {
	r.t.Helper()
	if file, ok := r.server.File("/film.mp4"); !ok || !bytes.Equal(file.Bytes(), want) {
		r.t.Errorf("stored: %v, %d bytes; want %d", ok, len(file.Bytes()), len(want))
	}
	r.isEmpty()
}

func (r *resumable) isEmpty() {
	r.t.Helper()
	if _, err := r.store.Load(context.Background(), resumeKey); !errors.Is(err, fs.ErrNotExist) {
		r.t.Errorf("a checkpoint is left: %v", err)
	}
	r.isUnlocked()
}

func (r *resumable) isUnlocked() {
	r.t.Helper()
	unlock, err := r.store.Lock(context.Background(), resumeKey)
	if err != nil {
		r.t.Errorf("the key is locked: %v", err)
		return
	}
	unlock()
}

// memoryStore is a CheckpointStore of another kind. The hooks, if set, replace its methods.
type memoryStore struct {
	mu      sync.Mutex
	entries map[string][]byte
	locked  map[string]bool

	load, save, remove, lock error
	saves, locks             int
}

func newMemoryStore() *memoryStore {
	return &memoryStore{entries: map[string][]byte{}, locked: map[string]bool{}}
}

func (s *memoryStore) Load(_ context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	content, ok := s.entries[key]
	if !ok && s.load == nil {
		return nil, fmt.Errorf("no row: %w", fs.ErrNotExist)
	}
	return content, s.load
}

func (s *memoryStore) Save(_ context.Context, key string, checkpoint []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saves++
	if s.save == nil {
		s.entries[key] = checkpoint
	}
	return s.save
}

func (s *memoryStore) Delete(ctx context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.remove == nil {
		delete(s.entries, key)
	}
	return errors.Join(s.remove, ctx.Err())
}

func (s *memoryStore) Lock(_ context.Context, key string) (func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.locks++
	if s.locked[key] {
		return nil, fmt.Errorf("row is locked: %w", bytescale.ErrCheckpointLocked)
	}
	if s.lock != nil {
		return nil, s.lock
	}
	s.locked[key] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.locked, key)
	}, nil
}

func newDir(t *testing.T) *bytescale.CheckpointDir {
	t.Helper()
	store, err := bytescale.NewCheckpointDir(filepath.Join(t.TempDir(), "checkpoints"))
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// An interrupted upload continues, whatever the source and the store.
func TestWithResume(t *testing.T) {
	t.Parallel()
	sources := map[string]func(r *resumable, path string) bytescale.Source{
		"File":  func(_ *resumable, path string) bytescale.Source { return bytescale.File(path) },
		"Bytes": func(r *resumable, _ string) bytescale.Source { return bytescale.Bytes(r.data) },
		"ReaderAt": func(r *resumable, _ string) bytescale.Source {
			return bytescale.ReaderAt(bytes.NewReader(r.data), resumableSize)
		},
		"Reader": func(r *resumable, _ string) bytescale.Source {
			return bytescale.Reader(bytes.NewReader(r.data), resumableSize)
		},
		"Stream": func(r *resumable, _ string) bytescale.Source { return bytescale.Stream(bytes.NewReader(r.data)) },
	}
	for name, source := range sources {
		for kind, store := range map[string]bytescale.CheckpointStore{"memory": newMemoryStore(), "directory": newDir(t)} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				r := newResumable(t, store)
				path := filepath.Join(t.TempDir(), "film.mp4")
				if err := os.WriteFile(path, r.data, 0o600); err != nil {
					t.Fatal(err)
				}
				r.interrupt(source(r, path))
				r.isUnlocked()
				file, err := r.upload(t.Context(), r.client(), source(r, path))
				if err != nil || file.Size != resumableSize || file.ETag == "" {
					t.Fatalf("%+v, %v", file, err)
				}
				r.isStored(r.data)
				if begins, puts := r.attempts("BeginMultipartUpload"), r.attempts("PutPart"); begins != 0 || puts > 4 {
					t.Errorf("%d uploads begun and %d parts sent; want 0 and the 4 that were missing", begins, puts)
				}
				if resumed := r.of(bytescale.EventResume, ""); len(resumed) != 1 || resumed[0].FilePath != "/film.mp4" || resumed[0].UploadID == "" {
					t.Errorf("events: %+v", resumed)
				}
			})
		}
	}
}

// Whatever is wrong with a checkpoint, the upload begins anew by itself, says why, and leaves
// nothing.
func TestWithResumeBeginsAnew(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(r *resumable, entry []byte) []byte // returns the entry to find
		client func(r *resumable) *bytescale.Client
		source func(r *resumable) bytescale.Source
		option bytescale.UploadOption
		reason error
		text   string
	}{
		{name: "empty", change: func(*resumable, []byte) []byte { return []byte{} }, reason: bytescale.ErrCheckpoint, text: "damaged"},
		{name: "cut short", change: func(_ *resumable, e []byte) []byte { return e[:len(e)/2] }, reason: bytescale.ErrCheckpoint, text: "damaged"},
		{name: "followed by more", change: func(_ *resumable, e []byte) []byte { return append(e, e...) }, reason: bytescale.ErrCheckpoint, text: "damaged"},
		{name: "of another type", change: func(*resumable, []byte) []byte { return []byte(`[1]`) }, reason: bytescale.ErrCheckpoint, text: "damaged"},
		{name: "null", change: func(*resumable, []byte) []byte { return []byte(`null`) }, reason: bytescale.ErrCheckpoint, text: "version"},
		{name: "zeros", change: func(*resumable, []byte) []byte { return make([]byte, 500) }, reason: bytescale.ErrCheckpoint, text: "damaged"},
		{name: "of another version", change: replaceIn(`"version":1`, `"version":7`), reason: bytescale.ErrCheckpoint, text: "7 is not known"},
		{name: "changed", change: replaceIn(`"partCount":6`, `"partCount":5`), reason: bytescale.ErrCheckpoint, text: "changed"},
		{name: "of another server", change: func(r *resumable, e []byte) []byte {
			return bytes.ReplaceAll(e, []byte(r.server.URL()), []byte("https://api.example.com"))
		}, reason: bytescale.ErrCheckpoint, text: "api.example.com"},
		{name: "of another API key", client: func(r *resumable) *bytescale.Client {
			c, err := bytescale.NewClient("secret_"+r.server.AccountID()+"another", bytescale.WithAPIURL(r.server.URL()),
				bytescale.WithCDNURL(r.server.URL()), bytescale.WithTransport(r.server.HTTPClient().Transport), bytescale.WithObserver(func(e bytescale.Event) {
					r.mu.Lock()
					defer r.mu.Unlock()
					r.events = append(r.events, e)
				}))
			if err != nil {
				r.t.Fatal(err)
			}
			return c
		}, reason: bytescale.ErrCheckpoint, text: "another API key"},
		{name: "of another key of the store", change: func(r *resumable, _ []byte) []byte {
			other := newMemoryStore()
			mine := r.store
			r.store = other
			ctx, cancel := context.WithCancel(r.t.Context())
			_, err := r.client().Upload(ctx, bytescale.Bytes(r.data), bytescale.WithPath("/film.mp4"), bytescale.WithResume(other, "another film"),
				bytescale.WithCheckpoint(func(bytescale.Checkpoint) error { cancel(); return nil }))
			r.store = mine
			if !errors.Is(err, context.Canceled) {
				r.t.Fatal(err)
			}
			return other.entries["another film"]
		}, reason: bytescale.ErrCheckpoint, text: "another key"},
		{name: "other options", option: bytescale.WithTags("new"), reason: bytescale.ErrCheckpoint, text: "other options"},
		{name: "other content", source: func(r *resumable) bytescale.Source { r.data[0]++; return bytescale.Bytes(r.data) }, reason: bytescale.ErrSourceChanged},
		{name: "a longer source", source: func(r *resumable) bytescale.Source {
			r.data = append(r.data, 1)
			return bytescale.Bytes(r.data)
		}, reason: bytescale.ErrSourceChanged},
		{name: "a stream of other content", source: func(r *resumable) bytescale.Source {
			r.data[0]++
			return bytescale.Reader(bytes.NewReader(r.data), resumableSize)
		}, reason: bytescale.ErrSourceChanged},
		{name: "forgotten by the service", change: func(r *resumable, e []byte) []byte {
			r.server.Fail(fault.Fault{Operation: "ListUploadParts", Kind: fault.Status, Status: http.StatusNotFound})
			return e
		}, reason: bytescale.ErrUploadUnknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store := newMemoryStore()
			r := newResumable(t, store)
			r.interrupt(bytescale.Bytes(r.data))
			if test.change != nil {
				store.entries[resumeKey] = test.change(r, bytes.Clone(store.entries[resumeKey]))
			}
			source, client := bytescale.Bytes(r.data), r.client()
			if test.source != nil {
				source = test.source(r)
			}
			if test.client != nil {
				client = test.client(r)
			}
			var shown bytescale.Progress
			_, err := r.upload(t.Context(), client, source, test.option, bytescale.WithProgress(func(p bytescale.Progress) { shown = p }))
			if err != nil {
				t.Fatal(err)
			}
			r.isStored(r.data)
			if n := r.attempts("BeginMultipartUpload"); n != 1 {
				t.Errorf("%d uploads begun", n)
			}
			said := r.of(bytescale.EventStartAfresh, "")
			if len(said) != 1 || !errors.Is(said[0].Err, test.reason) || !strings.Contains(said[0].Err.Error(), test.text) {
				t.Errorf("it said %v, want %v with %q", said, test.reason, test.text)
			}
			if shown.Confirmed != int64(len(r.data)) || shown.Total != shown.Confirmed {
				t.Errorf("progress ended at %+v", shown)
			}
		})
	}
}

func replaceIn(old, replaced string) func(*resumable, []byte) []byte {
	return func(r *resumable, entry []byte) []byte {
		changed := bytes.Replace(entry, []byte(old), []byte(replaced), 1)
		if bytes.Equal(changed, entry) {
			r.t.Fatalf("%s is not in %s", old, entry)
		}
		return changed
	}
}

// A checkpoint of 30 days is not continued from, because the service forgets uploads.
func TestOldCheckpointsAreNotUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			age   time.Duration
			lists int
		}{{29 * 24 * time.Hour, 1}, {31 * 24 * time.Hour, 0}} {
			r := newResumable(t, newMemoryStore())
			r.interrupt(bytescale.Bytes(r.data))
			time.Sleep(test.age)
			if _, err := r.upload(t.Context(), r.client(), bytescale.Bytes(r.data)); err != nil {
				t.Fatal(err)
			}
			if n := r.attempts("ListUploadParts"); n != test.lists {
				t.Errorf("after %v the service was asked %d times for the parts, want %d", test.age, n, test.lists)
			}
			r.isStored(r.data)
		}
	})
}

// Of two uploads with one key the second fails, before it sends a byte of the file, and does
// not disturb the first.
func TestWithResumeTwiceAtOnce(t *testing.T) {
	t.Parallel()
	for name, store := range map[string]bytescale.CheckpointStore{"memory": newMemoryStore(), "directory": newDir(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newResumable(t, store)
			var second error
			_, err := r.upload(t.Context(), r.client(), bytescale.Bytes(r.data), bytescale.WithCheckpoint(func(bytescale.Checkpoint) error {
				_, second = r.upload(t.Context(), r.client(), bytescale.Bytes(r.data))
				return nil
			}))
			if err != nil || !errors.Is(second, bytescale.ErrCheckpointLocked) {
				t.Errorf("%v and %v, want success and ErrCheckpointLocked", err, second)
			}
			r.isStored(r.data)

			// Neither has found a checkpoint: the second sees the lock when it has begun.
			unlock, err := store.Lock(t.Context(), resumeKey)
			if err != nil {
				t.Fatal(err)
			}
			defer unlock()
			var failed *bytescale.UploadError
			if _, err := r.upload(t.Context(), r.client(), bytescale.Bytes(r.data)); !errors.Is(err, bytescale.ErrCheckpointLocked) || !errors.As(err, &failed) {
				t.Errorf("%v, want an UploadError that is ErrCheckpointLocked", err)
			}
			if n := r.attempts("PutPart"); n != 0 {
				t.Errorf("%d parts sent", n)
			}
		})
	}
}

// A store that fails does not end the upload, and an event tells.
func TestWithResumeStoreFails(t *testing.T) {
	t.Parallel()
	down := errors.New("the database is down")
	for name, store := range map[string]*memoryStore{
		"load": {load: down}, "save": {save: down}, "delete": {remove: down}, "lock": {lock: down},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store.entries, store.locked = map[string][]byte{}, map[string]bool{}
			r := newResumable(t, store)
			if _, err := r.upload(t.Context(), r.client(), bytescale.Bytes(r.data)); err != nil {
				t.Fatal(err)
			}
			if said := r.of(bytescale.EventStoreFailure, ""); len(said) != 1 || !errors.Is(said[0].Err, down) {
				t.Errorf("it said %v", said)
			}
			if store.lock != nil && store.saves > 0 {
				t.Error("it saved without a lock")
			}
			store.load, store.remove, store.lock = nil, nil, nil
			if name == "delete" {
				// The next upload with the key finds that nothing is missing.
				if _, err := r.upload(t.Context(), r.client(), bytescale.Bytes(r.data)); err != nil || r.attempts("PutPart") != 0 {
					t.Errorf("%v, %d parts sent", err, r.attempts("PutPart"))
				}
			}
			r.isStored(r.data)
		})
	}
}

// A checkpoint is kept as long as it is of use, and no longer.
func TestWithResumeKeeps(t *testing.T) {
	t.Parallel()
	store := newMemoryStore()
	r := newResumable(t, store)
	r.server.Fail(fault.Fault{Operation: "GetUploadPart", Part: fault.Part(3), Kind: fault.Status, Status: http.StatusForbidden})
	if _, err := r.upload(t.Context(), r.client(), bytescale.Bytes(r.data)); err == nil {
		t.Fatal("it did not fail")
	}
	if len(store.entries) != 1 {
		t.Error("the checkpoint is gone after a failure that may pass")
	}
	r.isUnlocked()

	// The source changes during the resumed upload: what the service has is of no use.
	path := filepath.Join(t.TempDir(), "film.mp4")
	if err := os.WriteFile(path, r.data, 0o600); err != nil {
		t.Fatal(err)
	}
	store.entries = map[string][]byte{}
	r.interrupt(bytescale.File(path))
	changed := false
	_, err := r.upload(t.Context(), r.client(), bytescale.File(path), bytescale.WithProgress(func(p bytescale.Progress) {
		if p.Confirmed > 3*resumablePart && !changed {
			changed = true
			if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
				t.Error(err)
			}
		}
	}))
	if !errors.Is(err, bytescale.ErrSourceChanged) && !errors.Is(err, bytescale.ErrSourceSize) {
		t.Errorf("%v, want an error about the source", err)
	}
	r.isEmpty()
	if _, ok := r.server.File("/film.mp4"); ok {
		t.Error("a file is stored")
	}
}

// While an upload waited for nothing but the lock, another one may have ended what its
// checkpoint was about. The entry that is read under the lock counts.
func TestWithResumeReadsUnderTheLock(t *testing.T) {
	t.Parallel()
	store := &vanishing{memoryStore: newMemoryStore()}
	r := newResumable(t, store)
	r.interrupt(bytescale.Bytes(r.data))
	store.vanish = true
	if _, err := r.upload(t.Context(), r.client(), bytescale.Bytes(r.data)); err != nil {
		t.Fatal(err)
	}
	if begins, lists := r.attempts("BeginMultipartUpload"), r.attempts("ListUploadParts"); begins != 1 || lists != 0 {
		t.Errorf("%d uploads begun, asked %d times what is missing; want 1 and 0", begins, lists)
	}
	r.isStored(r.data)
}

// vanishing is a store whose entry is gone when its key is locked.
type vanishing struct {
	*memoryStore
	vanish bool
}

func (s *vanishing) Lock(ctx context.Context, key string) (func(), error) {
	if s.vanish {
		s.vanish = false
		if err := s.Delete(ctx, key); err != nil {
			return nil, err
		}
	}
	return s.memoryStore.Lock(ctx, key)
}

// An upload of a single part needs neither a checkpoint nor a lock.
func TestWithResumeSmallFiles(t *testing.T) {
	t.Parallel()
	store := newMemoryStore()
	r := newResumable(t, store)
	if _, err := r.upload(t.Context(), r.client(), bytescale.Bytes(r.data[:100])); err != nil {
		t.Fatal(err)
	}
	if store.saves != 0 || store.locks != 0 {
		t.Errorf("%d saves, %d locks", store.saves, store.locks)
	}
}

func TestWithResumeArguments(t *testing.T) {
	t.Parallel()
	r := newResumable(t, newMemoryStore())
	for _, option := range []bytescale.UploadOption{bytescale.WithResume(nil, "key"), bytescale.WithResume(r.store, "")} {
		var refused *bytescale.ArgumentError
		if _, err := r.client().Upload(t.Context(), bytescale.Bytes(nil), option); !errors.As(err, &refused) || refused.Field != "resume" {
			t.Errorf("%v, want an ArgumentError about resume", err)
		}
	}
	if _, err := bytescale.NewCheckpointDir(""); err == nil {
		t.Error("a directory without a name was accepted")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bytescale.NewCheckpointDir(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("%v, want an error that names the file", err)
	}
}

// The checkpoint in a store is that of WithCheckpoint, too, and shows no secret.
func TestStoredCheckpoint(t *testing.T) {
	t.Parallel()
	store := newMemoryStore()
	r := newResumable(t, store)
	var given bytescale.Checkpoint
	r.interrupt(bytescale.Bytes(r.data), bytescale.WithCheckpoint(func(c bytescale.Checkpoint) error { given = c; return nil }))
	entry := store.entries[resumeKey]
	for _, secret := range []string{r.server.Key(), "signature", resumeKey} {
		if bytes.Contains(entry, []byte(secret)) {
			t.Errorf("%q is in %s", secret, entry)
		}
	}
	var saved bytescale.Checkpoint
	if err := json.Unmarshal(entry, &saved); err != nil || saved.UploadID() != given.UploadID() {
		t.Errorf("%v, %v; want the one that WithCheckpoint got", saved.UploadID(), err)
	}
	if _, err := r.client().Resume(t.Context(), saved, bytescale.Bytes(r.data)); err != nil {
		t.Errorf("Resume: %v", err)
	}
}
