package tree

import (
	"context"
	"io"
	"strings"
)

// addEntry adds an entry to a sorter. The path is the tie, unless it can be had
// from the key.
func addEntry(s *sorter, target Target, e Entry) error {
	var space [64]byte
	value, err := appendEntry(space[:0], e)
	if err != nil {
		return err
	}
	folded := target.fold(e.Path)
	r := record{key: []byte(keyOf(folded)), value: value}
	if folded != e.Path {
		r.tie = []byte(e.Path)
	}
	return s.add(r)
}

// cursor reads the entries of a sorter.
type cursor struct {
	records *merged
	ok      bool // false at the end
	key     string
	entry   Entry
}

func newCursor(ctx context.Context, s *sorter) (*cursor, error) {
	records, err := s.merge(ctx)
	if err != nil {
		return nil, err
	}
	c := &cursor{records: records}
	return c, c.next()
}

func (c *cursor) next() error {
	r, err := c.records.next()
	if err == io.EOF {
		*c = cursor{records: c.records}
		return nil
	}
	if err != nil {
		return err
	}
	path := string(r.tie)
	c.ok, c.key = true, string(r.key)
	if path == "" {
		path = pathOf(c.key)
	}
	c.entry, err = parseEntry(path, r.value)
	return err
}

// at reports whether the cursor is at a key.
func (c *cursor) at(key string) bool { return c.ok && c.key == key }

// in reports whether the cursor is in the directory with a key. Behind a file
// of the directory's name, it is there unless the directory is empty or read.
func (c *cursor) in(directory string) bool { return c.ok && strings.HasPrefix(c.key, directory) }

// firstSegments returns the first n segments of a path that has more.
func firstSegments(path string, n int) string {
	end := -1
	for range n {
		end += 1 + strings.IndexByte(path[end+1:], '/')
	}
	return path[:end]
}
