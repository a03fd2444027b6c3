package bytescale

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/transfer"
)

// interrupted uploads data until the parts in keep are complete and returns the
// checkpoint, through JSON as another process would see it.
func interrupted(t testing.TB, c *Client, m *memoryService, source Source, keep ...int64) Checkpoint {
	t.Helper()
	broken := errors.New("power cut")
	m.fail = func(op string, index int64, _ int) error {
		if op == operation.CompleteUploadPart && !slices.Contains(keep, index) {
			return &APIError{Operation: op, Status: http.StatusForbidden}
		}
		return nil
	}
	var saved []byte
	if len(keep) == 0 {
		m.fail = func(op string, _ int64, _ int) error {
			if op == operation.PutPart {
				return &errs.SourceError{Err: broken}
			}
			return nil
		}
	}
	_, err := c.Upload(t.Context(), source, WithCheckpoint(func(cp Checkpoint) (err error) {
		saved, err = json.Marshal(cp)
		return err
	}))
	if err == nil {
		t.Fatal("the upload was not interrupted")
	}
	m.fail = nil
	var cp Checkpoint
	if err := json.Unmarshal(saved, &cp); err != nil {
		t.Fatal(err)
	}
	// Which other parts were complete before the failure is up to chance: make
	// it exactly those asked for.
	m.mu.Lock()
	clear(m.done)
	for _, index := range keep {
		m.done[index] = true
		m.parts[index] = nil
	}
	clear(m.calls)
	m.mu.Unlock()
	return cp
}

func TestResumeSendsWhatIsMissing(t *testing.T) {
	t.Parallel()
	data := content(5500)
	for name, source := range sources(t, data) {
		for _, keep := range [][]int64{{}, {0}, {5}, {0, 1, 2}, {1, 3}, {0, 1, 2, 3, 4}} {
			t.Run(fmt.Sprintf("%s/%v", name, keep), func(t *testing.T) {
				t.Parallel()
				c, m := newMemoryClient(1000, 2, 8)
				use := source()
				cp := interrupted(t, c, m, use, keep...)
				if name == "Reader" || name == "Stream" {
					use = source() // the next process reads it anew
				}
				for _, index := range keep {
					m.parts[index] = data[index*1000 : min(len(data), int(index+1)*1000)]
				}
				var last Progress
				file, err := c.Resume(t.Context(), cp, use, WithProgress(func(p Progress) { last = p }))
				if err != nil {
					t.Fatal(err)
				}
				if !m.exists() || !bytes.Equal(m.stored(), data) || file.ETag != "whole" {
					t.Errorf("stored %d bytes, want %d; %+v", len(m.stored()), len(data), file)
				}
				if puts := m.calls[operation.PutPart]; puts != 6-len(keep) {
					t.Errorf("%d PUTs, want %d: only what was missing", puts, 6-len(keep))
				}
				if m.calls[operation.BeginMultipartUpload] != 0 {
					t.Error("the upload was begun again")
				}
				if last.Confirmed != 5500 || last.Total != 5500 {
					t.Errorf("progress ended at %+v", last)
				}
			})
		}
	}
}

func TestResumeOfACompleteUpload(t *testing.T) {
	t.Parallel()
	data := content(2500)
	c, m := newMemoryClient(1000, 2, 8)
	cp := interrupted(t, c, m, Bytes(data), 0)
	m.done = map[int64]bool{0: true, 1: true, 2: true}
	file, err := c.Resume(t.Context(), cp, Bytes(data))
	if err != nil || file.ETag != "whole" {
		t.Errorf("%+v, %v; want the stored file", file, err)
	}
	if m.calls[operation.PutPart] != 0 {
		t.Error("bytes were sent")
	}
	// Without the right to read details, the etag stays empty.
	m.fail = func(op string, _ int64, _ int) error {
		if op == operation.GetFileDetails {
			return &APIError{Operation: op, Status: http.StatusForbidden}
		}
		return nil
	}
	if file, err = c.Resume(t.Context(), cp, Bytes(data)); err != nil || file.ETag != "" {
		t.Errorf("%+v, %v; want the stored file without an etag", file, err)
	}
}

// TestDetailsOfAnotherFile: what GetFileDetails tells may be of a file that was
// there before.
func TestDetailsOfAnotherFile(t *testing.T) {
	t.Parallel()
	for name, found := range map[string]transfer.File{
		"another size": {Size: 2499, ETag: "old", Modified: time.UnixMilli(0)},
		"older":        {Size: 2500, ETag: "old", Modified: time.UnixMilli(-1)},
	} {
		data := content(2500)
		c, m := newMemoryClient(1000, 2, 8)
		cp := interrupted(t, c, m, Bytes(data), 0)
		m.found = &found
		m.done = map[int64]bool{0: true, 1: true, 2: true}
		if file, err := c.Resume(t.Context(), cp, Bytes(data)); err != nil || file.ETag != "" {
			t.Errorf("%s: %+v, %v; want the stored file, its etag unknown", name, file, err)
		}

		// The service forgets the upload with the last completion, which failed.
		c, m = newMemoryClient(1000, 2, 8)
		m.found = &found
		m.fail = func(op string, _ int64, nth int) error {
			if op == operation.CompleteUploadPart && nth == 3 || op == operation.ListUploadParts {
				return &APIError{Operation: op, Status: http.StatusNotFound}
			}
			return nil
		}
		if _, err := c.Upload(t.Context(), Bytes(data)); !errors.Is(err, ErrUploadUnknown) {
			t.Errorf("%s: %v, want ErrUploadUnknown: the file is another", name, err)
		}
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	const hashed = 64 << 10 // bytes of the head, and as many of the tail
	const size = 3 * hashed
	of := func(change func([]byte)) fingerprint {
		data := content(size)
		change(data)
		in, err := Bytes(data).input(t.Context(), reading{})
		must(t, err)
		f, err := in.Identify(t.Context())
		must(t, err)
		return fingerprint(f)
	}
	same := of(func([]byte) {})
	for name, position := range map[string]int{
		"first byte": 0, "last byte of the head": hashed - 1,
		"first byte of the tail": size - hashed, "last byte": size - 1,
	} {
		if other := of(func(b []byte) { b[position]++ }); same.equal(other) {
			t.Errorf("%s: a change was not seen", name)
		}
	}
	later := same
	later.ModTime = time.Now()
	shorter := same
	shorter.Size--
	if same.equal(later) || same.equal(shorter) || !same.equal(of(func([]byte) {})) {
		t.Error("time and size must count, and the same must be equal")
	}
}

func TestResumeRefuses(t *testing.T) {
	t.Parallel()
	path := writeTemp(t, content(2500))
	c, m := newMemoryClient(1000, 2, 8)
	good := interrupted(t, c, m, File(path), 1)
	var argument *ArgumentError
	for field, change := range map[string]func(*checkpointState){
		"version":     func(s *checkpointState) { s.Version = 2 },
		"apiUrl":      func(s *checkpointState) { s.APIURL = "https://elsewhere.example.com" },
		"accountId":   func(s *checkpointState) { s.AccountID = "B623uY2" },
		"uploadId":    func(s *checkpointState) { s.UploadID = "../../files" },
		"source.size": func(s *checkpointState) { s.Source.Size, s.File.Size = -1, -1 },
		"partCount":   func(s *checkpointState) { s.PartCount = 0 },
	} {
		changed := good
		change(&changed.state)
		sealed := Checkpoint{changed.state}
		code, err := c.checkpointKey.code(sealed.state)
		must(t, err)
		sealed.state.Code = code
		_, err = c.Resume(t.Context(), sealed, File(path))
		if !errors.As(err, &argument) || argument.Field != "checkpoint."+field || !errors.Is(err, ErrCheckpoint) {
			t.Errorf("%s: %v, want an ArgumentError that is ErrCheckpoint", field, err)
		}
	}
	for name, change := range map[string]func(*checkpointState){
		"empty upload id":         func(s *checkpointState) { s.UploadID = "" },
		"sizes differ":            func(s *checkpointState) { s.File.Size++ },
		"more parts than bytes":   func(s *checkpointState) { s.PartCount = 2501 },
		"more parts than numbers": func(s *checkpointState) { s.PartCount = 1<<63 - 1 },
	} {
		changed := good
		change(&changed.state)
		changed.state.Code, _ = c.checkpointKey.code(changed.state)
		if _, err := c.Resume(t.Context(), changed, File(path)); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("%s: %v, want ErrCheckpoint", name, err)
		}
	}
	if _, err := c.Resume(t.Context(), Checkpoint{}, File(path)); !errors.Is(err, ErrCheckpoint) {
		t.Errorf("zero: %v, want ErrCheckpoint", err)
	}

	changed := content(2500)
	changed[0]++
	for name, source := range map[string]Source{
		"other head":              Bytes(changed),
		"another kind of source":  Bytes(content(2500)), // has no modification time
		"shorter":                 Bytes(content(2499)),
		"same content, new times": File(writeTemp(t, content(2500))),
	} {
		if name == "same content, new times" {
			now := time.Now().Add(time.Hour)
			must(t, os.Chtimes(path, now, now))
			source = File(path)
		}
		if _, err := c.Resume(t.Context(), good, source); !errors.Is(err, ErrSourceChanged) {
			t.Errorf("%s: %v, want ErrSourceChanged", name, err)
		}
	}

	cp := interrupted(t, c, m, Bytes(changed), 1)
	m.fail = func(op string, _ int64, _ int) error {
		return &APIError{Operation: op, Status: http.StatusNotFound}
	}
	if _, err := c.Resume(t.Context(), cp, Bytes(changed)); !errors.Is(err, ErrUploadUnknown) {
		t.Errorf("%v, want ErrUploadUnknown", err)
	}
	if m.exists() {
		t.Error("a file came into being")
	}
}

// A checkpoint that somebody changed is not believed, whatever was changed.
func TestCheckpointIsAuthenticated(t *testing.T) {
	t.Parallel()
	c, m := newMemoryClient(1000, 2, 8)
	data := content(2500)
	good := interrupted(t, c, m, Bytes(data), 1)
	saved, err := json.Marshal(good)
	must(t, err)

	for old, replaced := range map[string]string{
		good.File().FilePath: "/elsewhere.txt",
		`"size":2500`:        `"size":2499`,
		`"partCount":3`:      `"partCount":2`,
		good.state.Code:      "",
	} {
		changed := bytes.Replace(saved, []byte(old), []byte(replaced), 1)
		if bytes.Equal(changed, saved) {
			t.Fatalf("%s is not in %s", old, saved)
		}
		var cp Checkpoint
		must(t, json.Unmarshal(changed, &cp))
		if _, err := c.Resume(t.Context(), cp, Bytes(data)); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("%s: %v, want ErrCheckpoint", old, err)
		}
	}

	other, _ := newMemoryClient(1000, 2, 8)
	other.checkpointKey, err = newCheckpointKey("secret_A623uY2another")
	must(t, err)
	if _, err := other.Resume(t.Context(), good, Bytes(data)); !errors.Is(err, ErrCheckpoint) {
		t.Errorf("another key: %v, want ErrCheckpoint", err)
	}

	// A store may reorder and indent the JSON.
	var fields map[string]any
	must(t, json.Unmarshal(saved, &fields))
	reordered, err := json.MarshalIndent(fields, "", "  ")
	must(t, err)
	var cp Checkpoint
	must(t, json.Unmarshal(reordered, &cp))
	if _, err := c.Resume(t.Context(), cp, Bytes(data)); err != nil {
		t.Errorf("reordered: %v", err)
	}
}

// TestResumeStateMachine interrupts an upload at random, again and again: it ends
// with the whole file, and no complete part is ever sent twice.
func TestResumeStateMachine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		partSize := rapid.Int64Range(10, 50).Draw(rt, "partSize")
		data := content(rapid.IntRange(0, 400).Draw(rt, "size"))
		stream := rapid.Bool().Draw(rt, "stream")
		source := func() Source {
			if stream {
				return Reader(plain(data), int64(len(data)))
			}
			return Bytes(data)
		}
		c, m := newMemoryClient(partSize, 3, 8)
		var mu sync.Mutex
		lives := rapid.IntRange(0, 30).Draw(rt, "lives")
		m.fail = func(op string, index int64, _ int) error {
			mu.Lock()
			defer mu.Unlock()
			if op == operation.PutPart && m.done[index] {
				rt.Errorf("part %d is complete and was sent again", index)
			}
			if lives--; lives >= 0 {
				return nil
			}
			return &APIError{Operation: op, Status: http.StatusForbidden} // fatal everywhere but at storage
		}
		var cp *Checkpoint
		var shown Progress
		watch := func() ProgressOption {
			var before Progress
			return WithProgress(func(p Progress) {
				if p.Sent < before.Sent || p.Confirmed < before.Confirmed || p.InFlight < 0 || p.Confirmed+p.InFlight > p.Total {
					rt.Errorf("%+v after %+v", p, before)
				}
				before, shown = p, p
			})
		}
		_, err := c.Upload(t.Context(), source(), watch(), WithCheckpoint(func(saved Checkpoint) error {
			cp = &saved
			return nil
		}))
		for tries := 0; err != nil && cp != nil; tries++ {
			if tries == 100 {
				rt.Fatalf("no end: %v", err)
			}
			mu.Lock()
			lives = rapid.IntRange(15, 60).Draw(rt, "lives")
			mu.Unlock()
			_, err = c.Resume(t.Context(), *cp, source(), watch())
		}
		if err == nil && (!m.exists() || !bytes.Equal(m.stored(), data)) {
			rt.Fatalf("stored %q, want %q", m.stored(), data)
		}
		if size := int64(len(data)); err == nil && (shown.Confirmed != size || shown.Total != size || shown.InFlight != 0) {
			rt.Fatalf("%d bytes are stored and %+v was shown", size, shown)
		}
	})
}

func TestProgress(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 5500} {
		synctest.Test(t, func(t *testing.T) {
			data := content(size)
			c, m := newMemoryClient(1000, 3, 8)
			m.latency, m.speed = 30*time.Millisecond, 10_000
			m.fail = func(op string, index int64, nth int) error {
				if op == operation.PutPart && nth == 3 {
					return &APIError{Operation: op, Status: http.StatusServiceUnavailable}
				}
				return nil
			}
			var all []Progress
			busy, returned := false, false
			mustUpload(t, c, m, Bytes(data), data, WithProgress(func(p Progress) {
				if busy || returned {
					t.Error("calls overlap, or come after the return")
				}
				busy = true
				all = append(all, p)
				busy = false
			}))
			returned = true
			if len(all) == 0 || all[0].Confirmed != 0 || all[0].Total != int64(size) {
				t.Fatalf("size %d: progress began with %+v", size, all)
			}
			for i, p := range all[1:] {
				if p.Confirmed < all[i].Confirmed || p.Sent < all[i].Sent {
					t.Errorf("went back from %+v to %+v", all[i], p)
				}
				if p.InFlight < 0 || p.Confirmed+p.InFlight > p.Total || p.InFlight > p.Sent {
					t.Errorf("more than there is in flight: %+v", p)
				}
			}
			if last := all[len(all)-1]; last.Confirmed != int64(size) || last.Sent < int64(size) || last.InFlight != 0 {
				t.Errorf("ended with %+v", last)
			}
		})
	}
}

func FuzzCheckpoint(f *testing.F) {
	c, m := newMemoryClient(1000, 2, 8)
	good, err := json.Marshal(interrupted(f, c, m, Bytes(content(2500)), 1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"version":1,"partCount":-1}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, saved []byte) {
		var cp Checkpoint
		if json.Unmarshal(saved, &cp) != nil {
			return
		}
		c, m := newMemoryClient(1000, 2, 8)
		cp.state.Code, _ = c.checkpointKey.code(cp.state) // whoever has the key can make any checkpoint
		m.size = 2500
		file, err := c.Resume(t.Context(), cp, Bytes(content(2500)))
		if (err == nil) != (file != nil) {
			t.Errorf("%v, %v", file, err)
		}
		if err == nil && !bytes.Equal(m.stored(), content(2500)) {
			t.Error("a wrong file was stored")
		}
	})
}
