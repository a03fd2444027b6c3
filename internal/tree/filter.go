package tree

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Filter chooses files by their paths. The zero Filter takes every file.
//
// A file is left out if an exclude pattern matches it or a directory above it.
// If there are include patterns, a file is also left out unless one of them
// matches it or a directory above it. The order of patterns has no meaning.
//
// A pattern is matched segment by segment, and case counts:
//
//   - * stands for any characters of a segment, ? for one, [a-z] for one of a
//     range, and \ takes the next character literally, as in [path.Match].
//   - ** as a whole segment stands for any number of directories, also none.
//     At the end it stands for everything in the directory.
//   - A pattern without a slash matches a name at any depth: *.tmp.
//   - A pattern with a slash, at the beginning or inside, matches from the top
//     of the tree: /build, docs/*.md, **/testdata/*.bin.
//   - A slash at the end matches directories only: cache/.
type Filter struct {
	include, exclude []pattern
}

// NewFilter returns a filter, or an error that names the malformed pattern.
func NewFilter(include, exclude []string) (Filter, error) {
	var f Filter
	for _, list := range []struct {
		texts    []string
		patterns *[]pattern
	}{{include, &f.include}, {exclude, &f.exclude}} {
		for _, text := range list.texts {
			p, err := parsePattern(text)
			if err != nil {
				return Filter{}, fmt.Errorf("pattern %q: %w", text, err)
			}
			*list.patterns = append(*list.patterns, p)
		}
	}
	return f, nil
}

// Match reports whether the filter takes the file at path.
func (f Filter) Match(path string) bool {
	if len(f.exclude) == 0 && len(f.include) == 0 {
		return true
	}
	segments := strings.Split(path, "/")
	return !matchAny(f.exclude, segments, false) &&
		(len(f.include) == 0 || matchAny(f.include, segments, false))
}

// prunes reports whether the filter leaves out the whole directory at path.
func (f Filter) prunes(path string) bool {
	return len(f.exclude) > 0 && matchAny(f.exclude, strings.Split(path, "/"), true)
}

// takes is Match for an entry. What cannot be listed may be a directory that
// has files that match.
func (f Filter) takes(e Entry) bool {
	if e.Skip == nil || e.Skip.Reason == SymbolicLink || e.Skip.Reason == SpecialFile {
		return f.Match(e.Path)
	}
	return !f.prunes(e.Path)
}

// matchAny reports whether a pattern matches a path or a directory above it.
func matchAny(patterns []pattern, segments []string, directory bool) bool {
	return slices.ContainsFunc(patterns, func(p pattern) bool {
		for n := range segments {
			above := n+1 < len(segments)
			if (above || directory || !p.directory) && matchSegments(p.segments, segments[:n+1]) {
				return true
			}
		}
		return false
	})
}

// pattern is a pattern from the top of the tree.
type pattern struct {
	segments  []string
	directory bool // matches directories only
}

const anyDirectories = "**"

var (
	errEmptyPattern   = errors.New("is empty")
	errPatternSegment = errors.New(`has an empty segment, "." or ".."; paths have none of them`)
)

func parsePattern(text string) (pattern, error) {
	body, directory := strings.CutSuffix(text, "/")
	fromTop := strings.Contains(body, "/")
	body = strings.TrimPrefix(body, "/")
	if body == "" {
		return pattern{}, errEmptyPattern
	}
	var segments []string
	if !fromTop {
		segments = append(segments, anyDirectories)
	}
	segments = append(segments, strings.Split(body, "/")...)
	for _, segment := range segments {
		if segment == "" || segment == "." || segment == ".." {
			return pattern{}, errPatternSegment
		}
		if _, err := path.Match(segment, ""); err != nil {
			return pattern{}, err
		}
	}
	if segments[len(segments)-1] == anyDirectories {
		segments = append(segments, "*")
	}
	return pattern{segments, directory}, nil
}

// matchSegments reports whether a pattern matches a whole path. On a mismatch
// it goes back to the last "**" only, as one does for "*" in a name: an earlier
// one can gain nothing, so the time is at most the product of the lengths.
func matchSegments(pattern, segments []string) bool {
	p, s := 0, 0
	resumePattern, resumeSegment := -1, 0
	for s < len(segments) {
		switch {
		case p < len(pattern) && pattern[p] == anyDirectories:
			resumePattern, resumeSegment = p, s
			p++
		case p < len(pattern) && matchName(pattern[p], segments[s]):
			p++
			s++
		case resumePattern >= 0:
			resumeSegment++
			p, s = resumePattern+1, resumeSegment
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == anyDirectories {
		p++
	}
	return p == len(pattern)
}

func matchName(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil // patterns are checked when they are parsed
}
