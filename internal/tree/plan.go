package tree

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Kind is what an action does. The values are words for programs to read.
type Kind string

// Kinds of actions.
const (
	Missing     Kind = "missing"      // copy: the destination does not have the file
	SizeDiffers Kind = "size-differs" // copy
	ETagDiffers Kind = "etag-differs" // copy
	Newer       Kind = "newer"        // copy: the source is newer
	Equal       Kind = "equal"        // do nothing
	Extra       Kind = "extra"        // delete, if extra files are to be deleted: the source does not have the file
	Skipped     Kind = "skipped"      // report: the file cannot be copied
)

// Copies reports whether the file is to be copied to the destination.
func (k Kind) Copies() bool {
	switch k {
	case Missing, SizeDiffers, ETagDiffers, Newer:
		return true
	}
	return false
}

// Action is what to do about one file.
type Action struct {
	Kind Kind
	Path string // of the file on both sides

	Source      Entry // zero for Extra
	Destination Entry // zero for Missing and Skipped

	Skip *SkipError // why, for Skipped
}

// Plan compares a source with a destination.
type Plan struct {
	Source, Destination Listing

	// Target is the kind of the destination.
	Target Target

	// Filter applies to both listings: what it leaves out is neither copied nor
	// extra.
	Filter Filter

	// TempDir is the directory for temporary files, in which long listings are
	// sorted. The default is [os.TempDir]. An entry takes some 100 bytes.
	TempDir string

	memory int // of each sorter; 0 is the default
}

// Actions yields one action for each entry of the source, and then an Extra for
// each file of the destination that the source does not have. It reads both
// listings to their ends before it yields the first action. The sequence ends
// with the first error of a listing, of a temporary file or of ctx.
//
// # When a file is copied
//
// A file is copied if the destination does not have it or has it with another
// size. If the sizes are equal and both sides know an ETag, the file is copied
// if the ETags differ. If not, it is copied if the source is newer, at a local
// destination by more than two seconds, because FAT keeps times in steps of two
// seconds. If a time is not known, only sizes count.
//
// # Names
//
// Paths are compared byte by byte. An entry of the source is skipped:
//
//   - if it has Skip set, for example because it is a symbolic link
//   - if the target cannot hold its name (see [Target.Check])
//   - if the target does not tell its name, or that of a directory above it,
//     from another one. The name that the destination has stays; otherwise the
//     first one in a fixed order is copied, however the listing is ordered
//   - if there is a directory of its name at the source or at the destination,
//     or if the destination has a file where a directory is needed. On the
//     service, a file and a directory may have the same name
//   - if the destination has something there that is skipped, such as a
//     symbolic link
//
// # What is extra
//
// A file of the destination is not extra if the source has an entry of its
// name, even one that is skipped, or an entry with Skip set for a directory
// above it. So something that cannot be read never turns into a deletion.
// Extras come last, so that a caller can stop before them if a copy failed.
func (p Plan) Actions(ctx context.Context) iter.Seq2[Action, error] {
	return func(yield func(Action, error) bool) {
		err := p.run(ctx, func(a Action) error {
			if !yield(a, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && err != errStopped {
			yield(Action{}, err)
		}
	}
}

// Copies yields an action for each entry of the source that the filter takes, Missing or
// Skipped, without a look at the destination. If the target tells all names apart, the
// actions come as the source does. Otherwise the source is read to its end first, as by
// [Plan.Actions], so that of the names that the target does not tell apart one is copied and
// the others are skipped.
func (p Plan) Copies(ctx context.Context) iter.Seq2[Action, error] {
	if !p.Target.tellsApart() {
		p.Destination = func(func(Entry, error) bool) {}
		return p.Actions(ctx)
	}
	return func(yield func(Action, error) bool) {
		for e, err := range p.Source {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(Action{}, fmt.Errorf("list source: %w", err))
				return
			}
			if p.Filter.takes(e) && !yield(p.copy(e), nil) {
				return
			}
		}
	}
}

// copy returns the action for an entry of the source if there is nothing at the destination.
func (p Plan) copy(e Entry) Action {
	if e.Skip == nil {
		e.Skip = p.Target.check(e.Path)
	}
	if e.Skip != nil {
		return Action{Kind: Skipped, Path: e.Path, Source: e, Skip: e.Skip.of(e.Path)}
	}
	return Action{Kind: Missing, Path: e.Path, Source: e}
}

// errStopped is returned by emit after the caller has stopped.
var errStopped = errors.New("stopped")

func (p Plan) run(ctx context.Context, emit func(Action) error) error {
	source, destination, extras := newSorter(p.TempDir, p.memory), newSorter(p.TempDir, p.memory), newSorter(p.TempDir, p.memory)
	defer source.close()
	defer destination.close()
	defer extras.close()
	c := &comparison{target: p.Target, extras: extras, emit: emit}
	var err error
	if c.source, err = p.list(ctx, source, p.Source, true); err != nil {
		return fmt.Errorf("list source: %w", err)
	}
	if c.destination, err = p.list(ctx, destination, p.Destination, false); err != nil {
		return fmt.Errorf("list destination: %w", err)
	}
	if err := c.run(); err != nil {
		return err
	}
	return emitExtras(ctx, extras, emit)
}

// list reads a listing to its end and returns its entries in order. Names that
// the destination cannot hold are marked in that of the source.
func (p Plan) list(ctx context.Context, s *sorter, listing Listing, check bool) (*cursor, error) {
	for e, err := range listing {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		if !p.Filter.takes(e) {
			continue
		}
		if check && e.Skip == nil {
			e.Skip = p.Target.check(e.Path)
		}
		if err := addEntry(s, p.Target, e); err != nil {
			return nil, err
		}
	}
	return newCursor(ctx, s)
}

// emitExtras emits the extras that a comparison has collected.
func emitExtras(ctx context.Context, extras *sorter, emit func(Action) error) error {
	c, err := newCursor(ctx, extras)
	if err != nil {
		return err
	}
	for c.ok {
		if err := emit(Action{Kind: Extra, Path: c.entry.Path, Destination: c.entry}); err != nil {
			return err
		}
		if err := c.next(); err != nil {
			return err
		}
	}
	return nil
}

// difference returns why a file that both sides have is copied, or Equal.
func difference(source, destination Entry, tolerance time.Duration) Kind {
	known := !source.ModTime.IsZero() && !destination.ModTime.IsZero()
	switch {
	case source.Size != destination.Size:
		return SizeDiffers
	case source.ETag != "" && destination.ETag != "":
		if source.ETag != destination.ETag {
			return ETagDiffers
		}
	case known && source.ModTime.After(destination.ModTime.Add(tolerance)):
		return Newer
	}
	return Equal
}
