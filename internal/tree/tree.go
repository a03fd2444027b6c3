// Package tree compares trees of files: local directories and folders of the
// service. A caller makes two listings, ranges over the actions of a [Plan] and
// carries them out. The package also walks local directories, checks names
// against what a destination can hold, filters, and divides files among
// machines. It neither copies nor deletes files, and it has no HTTP.
//
// # Memory
//
// A listing may have any number of entries, in any order. A long one is sorted
// in a temporary file. On Unix the file has no name, so that nothing is left
// behind however the process ends. A plan for a million files on each side
// takes some 20 MB of memory and 200 MB of disk.
//
// # Safety
//
// A plan yields no action before both listings have ended without an error, so
// that half a listing never makes a file look extra. A file whose name the
// destination cannot hold is skipped and reported; its name is never changed.
// A path that passes [Target.Check] stays below the directory that it is joined
// to.
package tree

import (
	"iter"
	"time"
)

// Entry is one file of a listing.
type Entry struct {
	Path    string    // relative to the top of the tree; segments are separated by slashes
	Size    int64     // in bytes
	ModTime time.Time // zero if it is not known
	ETag    string    // "" if it is not known

	// Skip is set if there is something at Path that cannot be copied, such as
	// a symbolic link or a directory that cannot be read. The entry then stands
	// for everything below Path too, and Size, ModTime and ETag mean nothing.
	Skip *SkipError
}

// Listing yields the files of one side, in any order. It ends with the first
// error. If it yields a path twice, the last entry counts.
type Listing = iter.Seq2[Entry, error]
