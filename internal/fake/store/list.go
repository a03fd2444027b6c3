package store

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// Listing selects what to list.
type Listing struct {
	AccountID string
	Folder    string
	// Recursive lists the files and the virtual folders at all levels below the
	// folder, instead of everything directly in it.
	Recursive  bool
	Descending bool
	After      Position // zero is the start
	Limit      int      // the most entries to list, at least 1
}

// Position is that of an entry in a listing. Entries are sorted by the bytes of
// their paths, and a file comes before a folder of the same path.
type Position struct {
	Path   string
	Folder bool
}

func (p Position) compare(other Position) int {
	if c := cmp.Compare(p.Path, other.Path); c != 0 || p.Folder == other.Folder {
		return c
	}
	if other.Folder {
		return -1
	}
	return 1
}

// Entry is a file or a folder in a listing.
type Entry struct {
	Position
	File File // unless Folder is set
	// Made is the folder that was made with PutFolder; nil if only what is in the
	// folder makes it exist.
	Made *Folder
}

// positions returns the positions of a listing, at most its limit of them.
// children is the index, files and folders are the paths by account.
func (l *Listing) positions(children sortedKeys, files, folders cursor) []Position {
	if !l.Recursive {
		return l.childPositions(children)
	}
	paths := func(c cursor, folder bool) []Position {
		below := Below(l.Folder)
		rest, _ := strings.CutPrefix(l.After.Path, below)
		return l.take(func(yield func(Position) bool) {
			for name := range scan(c, pathKey(l.AccountID, below), rest, l.Descending) {
				if path := below + name; path != l.Folder && !yield(Position{path, folder}) {
					return
				}
			}
		})
	}
	both := append(paths(files, false), paths(folders, true)...)
	slices.SortFunc(both, l.compare)
	return both[:min(len(both), l.Limit)]
}

// childPositions returns the positions of what lies directly in the folder.
func (l *Listing) childPositions(children sortedKeys) []Position {
	prefix := childPrefix(l.AccountID, l.Folder)
	return l.take(func(yield func(Position) bool) {
		for path := range scan(children.cursor(), prefix, l.After.Path, l.Descending) {
			found := children.kind(prefix + path)
			for _, folder := range l.inOrder(false, true) {
				if (folder && found&isFolder != 0 || !folder && found&isFile != 0) && !yield(Position{path, folder}) {
					return
				}
			}
		}
	})
}

// inOrder returns two values, in the order of the listing.
func (l *Listing) inOrder(first, second bool) [2]bool {
	if l.Descending {
		return [2]bool{second, first}
	}
	return [2]bool{first, second}
}

func (l *Listing) compare(a, b Position) int {
	if l.Descending {
		return b.compare(a)
	}
	return a.compare(b)
}

// take collects positions after that of the listing, up to its limit.
func (l *Listing) take(all iter.Seq[Position]) []Position {
	var taken []Position
	for position := range all {
		if l.After.Path != "" && l.compare(position, l.After) <= 0 {
			continue
		}
		if taken = append(taken, position); len(taken) == l.Limit {
			break
		}
	}
	return taken
}
