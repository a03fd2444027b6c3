package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	bytescale "github.com/c88edac7/bytescale-go"
)

// testState returns checkpoints below home and the notes that they print.
func testState(t *testing.T, home string) (*checkpoints, *[]string) {
	t.Helper()
	notes := &[]string{}
	env := func(name string) string {
		if name == "XDG_STATE_HOME" {
			return home
		}
		return ""
	}
	state := newCheckpoints(env, testKey, func(format string, args ...any) { *notes = append(*notes, fmt.Sprintf(format, args...)) })
	state.none = func() bool { return false } // so that load looks for checkpoints
	return state, notes
}

const testCheckpointJSON = `{"version":1,"apiUrl":"https://api.bytescale.com","accountId":"A623uY2",` +
	`"uploadId":"Kd759aLFxttm69kZ","partCount":3,` +
	`"file":{"filePath":"/a","metadata":{"n":12345678901234567890}}}`

var testCheckpoint = func() (cp bytescale.Checkpoint) {
	if err := json.Unmarshal([]byte(testCheckpointJSON), &cp); err != nil {
		panic(err)
	}
	return cp
}()

func encoded(t *testing.T, cp *bytescale.Checkpoint) string {
	t.Helper()
	text, err := json.Marshal(cp)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func mustSlot(t *testing.T, c *checkpoints, id identity) *checkpointSlot {
	t.Helper()
	p := c.slot(id)
	if err := p.locate(true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.release)
	return p
}

// path is the full name of the slot's file.
func (s *checkpointSlot) path() string { return filepath.Join(s.all.dir, s.name) }

func mustSave(t *testing.T, p *checkpointSlot) {
	t.Helper()
	if err := p.save(testCheckpoint); err != nil {
		t.Fatal(err)
	}
}

// A checkpoint remains after its process has ended. When the upload is done, neither the
// checkpoint nor the lock remains.
func TestCheckpointLife(t *testing.T) {
	state, notes := testState(t, t.TempDir())
	id := identity{Source: "movie.mp4", Folder: "/a"}

	first := mustSlot(t, state, id)
	if found, err := first.load(); found != nil || err != nil {
		t.Fatalf("a checkpoint before any was saved: %v, %v", found, err)
	}
	mustSave(t, first)
	first.release() // as when the process ends

	second := mustSlot(t, state, id)
	found, err := second.load()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(encoded(t, &testCheckpoint), encoded(t, found)); diff != "" {
		t.Error(diff)
	}
	second.remove()
	second.release()

	left, err := os.ReadDir(state.dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if len(*notes) != 0 {
		t.Errorf("notes: %q", *notes)
	}
}

func TestCheckpointModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("permissions are not those of Unix here")
		return
	}
	state, _ := testState(t, t.TempDir())
	p := mustSlot(t, state, identity{Source: "a"})
	mustSave(t, p)
	for path, want := range map[string]os.FileMode{state.dir: 0o700, p.path(): 0o600, p.path() + ".lock": 0o600} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
}

// isEmpty is true only if there is certainly no checkpoint.
func TestCheckpointsToFind(t *testing.T) {
	home := t.TempDir()
	state, _ := testState(t, home)
	if !state.isEmpty() {
		t.Error("a directory that is not there holds checkpoints")
	}
	p := mustSlot(t, state, identity{Source: "a"})
	mustSave(t, p)
	p.release()
	if state.isEmpty() {
		t.Error("a checkpoint is not found")
	}
	if state, _ := testState(t, p.path()); state.isEmpty() {
		t.Error("a directory that cannot be read is taken for an empty one")
	}
}

// Uploads that differ in one property have different checkpoints.
func TestCheckpointIdentity(t *testing.T) {
	state, _ := testState(t, t.TempDir())
	seen := map[string]identity{}
	for _, id := range []identity{
		{Source: "a"}, {Source: "b"}, {Source: "a", APIURL: "x"}, {Source: "a", AccountID: "x"},
		{Source: "a", Tree: "x"}, {Source: "a", Folder: "x"}, {Source: "a", Name: "x"},
		{Source: "a", MIME: "x"}, {Source: "a", Metadata: "x"}, {Source: "a", Tags: []string{"x"}},
	} {
		p := mustSlot(t, state, id)
		if other, ok := seen[p.path()]; ok {
			t.Errorf("%+v and %+v share a checkpoint", id, other)
		}
		seen[p.path()] = id
	}
}

func TestCheckpointRefused(t *testing.T) {
	state, _ := testState(t, t.TempDir())
	id := identity{Source: "a"}
	sample := mustSlot(t, state, id)
	mustSave(t, sample)
	good, err := os.ReadFile(sample.path())
	if err != nil {
		t.Fatal(err)
	}
	sample.release()

	for _, test := range []struct{ name, content, want string }{
		{"empty", "", "damaged"},
		{"half", string(good[:len(good)/2]), "damaged"},
		{"no object", "[1]", "damaged"},
		{"of an earlier format", strings.Replace(string(good), `"format":2`, `"format":1`, 1), "another version"},
		{"wrong types", `{"format":2,"mac":7}`, "damaged"},
		{"no content", `{"format":2}`, "changed by somebody else"},
		{"changed", strings.Replace(string(good), `"folder":""`, `"folder":"/b"`, 1), "changed by somebody else"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := mustSlot(t, state, id)
			defer p.release()
			if err := os.WriteFile(p.path(), []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			found, err := p.load()
			if found != nil || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, %v; want an error with %q", found, err, test.want)
			}
			if _, err := os.Stat(p.path()); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("it is still there: %v", err)
			}
		})
	}
}

func TestCheckpointLocked(t *testing.T) {
	state, _ := testState(t, t.TempDir())
	id := identity{Source: "a"}
	first, second := mustSlot(t, state, id), mustSlot(t, state, id)
	mustSave(t, first)
	if _, err := second.load(); !errors.Is(err, errBusy) {
		t.Errorf("load while another holds it: %v", err)
	}
	if err := second.save(testCheckpoint); !errors.Is(err, errBusy) {
		t.Errorf("save while another holds it: %v", err)
	}
	second.remove()
	if _, err := os.Stat(first.path()); err != nil {
		t.Errorf("the other's checkpoint was removed: %v", err)
	}
	first.release()
	if found, err := second.load(); found == nil || err != nil {
		t.Errorf("load after the other ended: %v, %v", found, err)
	}
}

// If the state directory cannot be written, one note says so and nothing fails.
func TestCheckpointsUnusable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, home := range map[string]string{"below a file": file, "unknown": ""} {
		t.Run(name, func(t *testing.T) {
			state, notes := testState(t, home)
			for _, source := range []string{"a", "b"} {
				p := state.slot(identity{Source: source})
				if found, err := p.load(); found != nil || err != nil {
					t.Errorf("load: %v, %v", found, err)
				}
				mustSave(t, p)
				p.remove()
			}
			if len(*notes) != 1 || !strings.Contains((*notes)[0], "cannot keep checkpoints") {
				t.Errorf("notes: %q", *notes)
			}
		})
	}
}

func TestStateDir(t *testing.T) {
	root := t.TempDir()
	for _, test := range []struct {
		name, goos string
		env        map[string]string
		want       string
	}{
		{"XDG", "linux", map[string]string{"XDG_STATE_HOME": root, "HOME": "/h"}, root},
		{"a relative XDG is ignored", "linux", map[string]string{"XDG_STATE_HOME": "x", "HOME": root}, filepath.Join(root, ".local", "state")},
		{"home", "freebsd", map[string]string{"HOME": root}, filepath.Join(root, ".local", "state")},
		{"macOS", "darwin", map[string]string{"HOME": root}, filepath.Join(root, "Library", "Application Support")},
		{"Windows", "windows", map[string]string{"LocalAppData": root}, root},
		{"nothing set", "linux", nil, ""},
	} {
		got, err := stateDir(test.goos, func(name string) string { return test.env[name] })
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%s: %q, %v; want %q", test.name, got, err, test.want)
		}
	}
}

// Only one slot at a time has the lock, although each release removes the lock file.
func TestCheckpointLockIsExclusive(t *testing.T) {
	state, _ := testState(t, t.TempDir())
	if err := os.MkdirAll(state.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	var holders, taken atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 3000 {
				p := state.slot(identity{Source: "a"})
				if err := p.locate(true); err != nil {
					t.Error(err)
					return
				}
				if err := p.acquire(); errors.Is(err, errBusy) {
					continue
				} else if err != nil {
					t.Error(err)
					return
				}
				taken.Add(1)
				if n := holders.Add(1); n != 1 {
					t.Errorf("%d holders", n)
				}
				holders.Add(-1)
				p.release()
			}
		})
	}
	all.Wait()
	if taken.Load() == 0 {
		t.Error("nobody ever got the lock")
	}
}
