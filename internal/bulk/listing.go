package bulk

import (
	"iter"
	"path"

	"github.com/c88edac7/bytescale-go/internal/tree"
)

// Reserve yields a listing with Skip set for the files whose names are reserved, so that they are
// neither copied nor extra.
func Reserve(listing tree.Listing, reserved func(name string) bool) tree.Listing {
	return func(yield func(tree.Entry, error) bool) {
		for e, err := range listing {
			if err == nil && e.Skip == nil && reserved(path.Base(e.Path)) {
				e = tree.Entry{Path: e.Path, Skip: &tree.SkipError{Path: e.Path, Reason: tree.Unfinished}}
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// WithoutExtras leaves the extra files out of actions, so that nothing is deleted.
func WithoutExtras(actions iter.Seq2[tree.Action, error]) iter.Seq2[tree.Action, error] {
	return func(yield func(tree.Action, error) bool) {
		for a, err := range actions {
			if a.Kind == tree.Extra {
				return // they come last
			}
			if !yield(a, err) {
				return
			}
		}
	}
}
