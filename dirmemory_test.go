//go:build memory

package bytescale_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/c88edac7/bytescale-go"
)

const (
	// dirHeapBound is what the heap of the process may take for a million files on each side.
	dirHeapBound = 64e6
	dirEntries   = 1_000_000
	dirsOfATree  = 1000
)

// noonOfTree is the time of all files, on both sides.
var noonOfTree = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// TestMemoryOfDirs compares a million files with a million stored ones, in a dry run through the
// public API. The service lists them in ascending or in descending order of their paths.
func TestMemoryOfDirs(t *testing.T) {
	all := []bytescale.DirOption{bytescale.WithChangedOnly(), bytescale.WithDelete(), bytescale.WithDryRun()}
	for _, descending := range []bool{false, true} {
		for name, test := range map[string]struct {
			stored   lister
			download bool
			want     map[string]int
		}{
			"equal":    {stored: lister{step: 1}, want: map[string]int{"equal": dirEntries}},
			"half":     {stored: lister{step: 2}, want: map[string]int{"equal": dirEntries / 2, "missing": dirEntries / 2, "extra": dirEntries / 2}},
			"download": {stored: lister{step: 1}, download: true, want: map[string]int{"missing": dirEntries}},
		} {
			t.Run(fmt.Sprintf("%s,descending=%v", name, descending), func(t *testing.T) {
				peak := new(heapPeak)
				test.stored.descending, test.stored.peak = descending, peak
				client, err := bytescale.NewClient("secret_A623uY2kEySeCrEt0123456789", bytescale.WithTransport(test.stored), bytescale.WithAPIRate(1e6))
				if err != nil {
					t.Fatal(err)
				}
				runtime.GC()
				files := client.UploadDir(t.Context(), generated{peak}, "/tree", asUpload(all)...)
				if test.download {
					files = client.DownloadDir(t.Context(), "/tree", filepath.Join(t.TempDir(), "missing"), asDownload(all)...)
				}
				got, n := map[string]int{}, 0
				for file, err := range files {
					if err != nil {
						t.Fatal(err)
					}
					got[file.Reason]++
					if n++; n%10_000 == 1 {
						peak.sample()
					}
				}
				if fmt.Sprint(got) != fmt.Sprint(test.want) {
					t.Errorf("%v, want %v", got, test.want)
				}
				t.Logf("peak of the heap %.1f MB, bound %.1f MB", float64(peak.bytes)/1e6, dirHeapBound/1e6)
				if peak.bytes > dirHeapBound {
					t.Errorf("the heap took %d bytes", peak.bytes)
				}
			})
		}
	}
}

// heapPeak is the most memory that the heap took from the system and did not give back.
type heapPeak struct {
	mu    sync.Mutex
	bytes uint64
}

func (p *heapPeak) sample() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes = max(p.bytes, m.HeapSys-m.HeapReleased)
}

// treePath returns the path of the n-th file of a tree. They are in ascending order.
func treePath(n int) string {
	return fmt.Sprintf("%04d/holiday-%07d.jpg", n/(dirEntries/dirsOfATree), n)
}

// generated is a file system of a million files that are nowhere.
type generated struct{ peak *heapPeak }

func (g generated) Open(name string) (fs.File, error) {
	g.peak.sample()
	if name == "." {
		return &generatedDir{name: name, end: dirsOfATree}, nil
	}
	n, err := strconv.Atoi(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	const each = dirEntries / dirsOfATree
	return &generatedDir{name: name, next: n * each, end: (n + 1) * each}, nil
}

// generatedDir is an open directory: the top, or one with files.
type generatedDir struct {
	name      string
	next, end int
}

func (d *generatedDir) Stat() (fs.FileInfo, error) { return generatedInfo{d.name, true}, nil }
func (d *generatedDir) Read([]byte) (int, error)   { return 0, io.EOF }
func (d *generatedDir) Close() error               { return nil }
func (d *generatedDir) entry(n int) generatedInfo {
	if d.name == "." {
		return generatedInfo{fmt.Sprintf("%04d", n), true}
	}
	return generatedInfo{strings.TrimPrefix(treePath(n), d.name+"/"), false}
}

func (d *generatedDir) ReadDir(most int) (entries []fs.DirEntry, err error) {
	for ; d.next < d.end && len(entries) < most; d.next++ {
		entries = append(entries, fs.FileInfoToDirEntry(d.entry(d.next)))
	}
	if len(entries) == 0 {
		err = io.EOF
	}
	return entries, err
}

type generatedInfo struct {
	name string
	dir  bool
}

func (i generatedInfo) Name() string       { return i.name }
func (i generatedInfo) Size() int64        { return 1000 }
func (i generatedInfo) ModTime() time.Time { return noonOfTree }
func (i generatedInfo) IsDir() bool        { return i.dir }
func (i generatedInfo) Sys() any           { return nil }
func (i generatedInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}

// lister is a service that lists a million files: with a step of 2, every other one of the tree,
// and as many others.
type lister struct {
	step       int
	descending bool
	peak       *heapPeak
}

func (l lister) path(n int) string {
	if l.descending {
		n = dirEntries - 1 - n
	}
	if n%l.step > 0 {
		return "/tree/" + treePath(n-n%l.step) + ".extra"
	}
	return "/tree/" + treePath(n)
}

func (l lister) RoundTrip(req *http.Request) (*http.Response, error) {
	l.peak.sample()
	query := req.URL.Query()
	begin, _ := strconv.Atoi(query.Get("cursor"))
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil || !strings.HasSuffix(req.URL.Path, "/folders/list") {
		return nil, fmt.Errorf("unexpected request %s", req.URL)
	}
	end := min(begin+limit, dirEntries)
	items := make([]map[string]any, 0, limit)
	for n := begin; n < end; n++ {
		path := l.path(n)
		items = append(items, map[string]any{
			"type": "File", "filePath": path, "fileUrl": "https://upcdn.io/A623uY2/raw" + path, "lastModified": noonOfTree.UnixMilli(), "size": 1000,
		})
	}
	body, err := json.Marshal(map[string]any{
		"cursor": strconv.Itoa(end), "isPaginationComplete": end == dirEntries, "items": items,
		"folder": map[string]any{"type": "Folder", "folderPath": "/tree"},
	})
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)), Request: req,
	}, nil
}
