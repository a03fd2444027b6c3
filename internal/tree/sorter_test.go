package tree

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drain reads all records of a sorter.
func drain(s *sorter) ([]record, error) {
	m, err := s.merge(context.Background())
	if err != nil {
		return nil, err
	}
	var all []record
	for {
		r, err := m.next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, record{bytes.Clone(r.key), bytes.Clone(r.tie), bytes.Clone(r.value)})
	}
}

// Whatever the memory and the width of a merge, the result is that of a stable
// sort in memory, of which the last record of each name is kept.
func TestSorterIsAStableSort(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("ab\x00é")), 0, 4, -1)
		count := rapid.IntRange(0, 200).Draw(t, "count")
		s := newSorter(dir, rapid.IntRange(1, 500).Draw(t, "memory"))
		s.width = rapid.IntRange(2, 5).Draw(t, "width")
		defer s.close()
		var want []record
		for i := range count {
			r := record{
				key:   []byte(text.Draw(t, "key")),
				tie:   []byte(rapid.SampledFrom([]string{"", "t", "u"}).Draw(t, "tie")),
				value: fmt.Append(nil, i),
			}
			want = append(want, r)
			if err := s.add(r); err != nil {
				t.Fatal(err)
			}
		}
		slices.SortStableFunc(want, record.compare)
		slices.Reverse(want)
		want = slices.CompactFunc(want, func(a, b record) bool { return a.compare(b) == 0 })
		slices.Reverse(want)

		got, err := drain(s)
		if err != nil {
			t.Fatal(err)
		}
		equal := func(a, b record) bool { return a.compare(b) == 0 && bytes.Equal(a.value, b.value) }
		if !slices.EqualFunc(got, want, equal) {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
	wantEmpty(t, dir)
}

// What comes in order is written once, as one run, and is not merged.
func TestSorterWritesAscendingRecordsAsOneRun(t *testing.T) {
	for _, c := range []struct {
		name      string
		ascending bool
	}{{"ascending", true}, {"descending", false}} {
		t.Run(c.name, func(t *testing.T) {
			s := newSorter(t.TempDir(), 1000)
			defer s.close()
			written := 0
			for i := range 10_000 {
				if !c.ascending {
					i = 10_000 - i
				}
				r := record{key: fmt.Appendf(nil, "%08d", i)}
				written += len(appendRecord(nil, r))
				if err := s.add(r); err != nil {
					t.Fatal(err)
				}
			}
			if one := len(s.runs) == 1; one != c.ascending {
				t.Errorf("%d runs", len(s.runs))
			}
			if int(s.size)+len(s.buffer) != written {
				t.Errorf("%d bytes in the file and %d in memory, of %d", s.size, len(s.buffer), written)
			}
		})
	}
}

// However many runs there are, a sorter has one file open, and two during a
// merge.
func TestSorterKeepsOneFile(t *testing.T) {
	s := newSorter(t.TempDir(), 100)
	s.width = 3
	for i := range 5000 {
		if err := s.add(record{key: fmt.Appendf(nil, "%d", (i*7919)%5000)}); err != nil {
			t.Fatal(err)
		}
	}
	first, runs := s.file, len(s.runs)
	got, err := drain(s)
	if err != nil || len(got) != 5000 {
		t.Fatalf("%d records, %v", len(got), err)
	}
	if runs < 100 || len(s.runs) > s.width {
		t.Errorf("%d runs merged to %d; not what this test is about", runs, len(s.runs))
	}
	if err := first.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the file of the first runs is still open: %v", err)
	}
	last := s.file
	s.close()
	if err := last.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the file of the last runs is still open: %v", err)
	}
}

func TestSorterReportsWhatFails(t *testing.T) {
	fill := func(s *sorter, n int) (err error) {
		for i := 0; i < n && err == nil; i++ {
			err = s.add(record{key: fmt.Appendf(nil, "%d", (i*7919)%1000)})
		}
		return err
	}
	t.Run("no directory", func(t *testing.T) {
		s := newSorter(t.TempDir()+"/none", 100)
		if err := fill(s, 1000); !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), "sort on disk: ") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("writing", func(t *testing.T) {
		s := newSorter(t.TempDir(), 100)
		fill(s, 100)
		s.file.Close()
		if err := fill(s, 100); !errors.Is(err, os.ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("reading", func(t *testing.T) {
		s := newSorter(t.TempDir(), 100)
		fill(s, 1000)
		s.file.Close()
		if _, err := drain(s); !errors.Is(err, os.ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a file that became shorter", func(t *testing.T) {
		s := newSorter(t.TempDir(), 100)
		defer s.close()
		fill(s, 1000)
		if all, err := drain(s); err != nil || len(all) != 1000 {
			t.Fatalf("%d records, %v", len(all), err)
		}
		for cut := int64(1); cut <= s.size; cut += 1 + cut/10 {
			if err := s.file.Truncate(s.size - cut); err != nil {
				t.Fatal(err)
			}
			if _, err := drain(s); !errors.Is(err, errDamaged) {
				t.Fatalf("%d bytes cut off: %v", cut, err)
			}
		}
	})
	t.Run("cancelled merge", func(t *testing.T) {
		dir := t.TempDir()
		s := newSorter(dir, 100)
		s.width = 2
		files := openFiles(t)
		fill(s, 1000)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.merge(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		s.close()
		wantEmpty(t, dir)
		if now := openFiles(t); now != files {
			t.Errorf("%d files were open, %d are", files, now)
		}
	})
}

// A file that somebody wrote into is reported, not believed.
func FuzzFileRun(f *testing.F) {
	f.Add(appendRecord(nil, record{[]byte("key"), []byte("tie"), []byte("value")}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 0})
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		s := newSorter(dir, 1)
		defer s.close()
		file, err := newTemporary(dir)
		if err != nil {
			t.Fatal(err)
		}
		s.file, s.runs = file, []span{{0, int64(len(data))}}
		if _, err := file.Write(data); err != nil {
			t.Fatal(err)
		}
		records, err := drain(s)
		var again []byte
		for _, r := range records {
			if e, err := parseEntry("x", r.value); err == nil && e.Path != "x" {
				t.Error(e)
			}
			again = appendRecord(again, r)
		}
		if err != nil && !errors.Is(err, errDamaged) && !strings.Contains(err.Error(), "overflows") {
			t.Error(err)
		}
		if len(again) > len(data) {
			t.Errorf("%d bytes of records in %d", len(again), len(data))
		}
	})
}
