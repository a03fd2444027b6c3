package tree

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// listing yields entries.
func listing(entries ...Entry) Listing {
	return func(yield func(Entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

var noon = time.Date(2024, 5, 6, 12, 0, 0, 0, time.UTC)

// files makes entries from words: a path, or a path, "@" and the reason of a
// skip.
func files(words string) Listing {
	var entries []Entry
	for word := range strings.FieldsSeq(words) {
		path, reason, _ := strings.Cut(word, "@")
		e := Entry{Path: path, Size: 1, ModTime: noon}
		if reason != "" {
			e = Entry{Path: path, Skip: &SkipError{Path: path, Reason: Reason(reason)}}
		}
		entries = append(entries, e)
	}
	return listing(entries...)
}

// broken is a listing that ends with an error.
func broken(words string, err error) Listing {
	return func(yield func(Entry, error) bool) {
		for e := range files(words) {
			if !yield(e, nil) {
				return
			}
		}
		yield(Entry{}, err)
	}
}

// openFiles counts the open files of the process, on Linux.
func openFiles(t *testing.T) int {
	if runtime.GOOS != "linux" {
		return 0
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}

func sameEntry(a, b Entry) bool {
	if (a.Skip == nil) != (b.Skip == nil) || a.Skip != nil && *a.Skip != *b.Skip {
		return false
	}
	a.Skip, b.Skip = nil, nil
	return a.Size == b.Size && a.Path == b.Path && a.ETag == b.ETag && a.ModTime.Equal(b.ModTime)
}

func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the temporary directory: %v %v", left, err)
	}
}
