package tree

import (
	"strings"
	"testing"
)

func TestFilter(t *testing.T) {
	list := func(patterns ...string) []string { return patterns }
	for _, c := range []struct {
		include, exclude []string
		takes, leaves    string // paths, separated by spaces
	}{
		{takes: "a a/b .hidden"},
		{exclude: list("*.tmp"), takes: "a tmp a.tmp2 d/a", leaves: "a.tmp d/a.tmp d/e/.tmp d.tmp/a"},
		{exclude: list("cache"), takes: "cached d/cache2", leaves: "cache cache/a d/cache d/cache/e/f"},
		{exclude: list("cache/"), takes: "cache d/cache", leaves: "cache/a d/cache/e/f"},
		{exclude: list("/cache"), takes: "d/cache", leaves: "cache cache/a"},
		{exclude: list("d/*.md"), takes: "a.md e/d/a.md d/e/a.md", leaves: "d/a.md d/x.md/a"},
		{exclude: list("/d/e/"), takes: "d/e e/d/e/f", leaves: "d/e/f"},
		{exclude: list("**/d/*.bin"), takes: "d/a d/e/a.bin", leaves: "d/a.bin x/d/a.bin x/y/d/a.bin"},
		{exclude: list("d/**"), takes: "d e/d/a", leaves: "d/a d/e/f"},
		{exclude: list("d/**/x"), takes: "d/y x", leaves: "d/x d/e/x d/e/f/x d/x/y"},
		{exclude: list("**"), leaves: "a a/b"},
		{exclude: list("**/"), takes: "a", leaves: "a/b"},
		{exclude: list("?"), takes: "ab", leaves: "a é d/a a/bc"},
		{exclude: list("[a-c]x"), takes: "dx", leaves: "ax d/cx"},
		{exclude: list(`\*`, `\[a]`), takes: "a x", leaves: "* [a]"},
		{exclude: list("*"), leaves: "a a/b .a"},
		{exclude: list("A"), takes: "a", leaves: "A"},
		{exclude: list("a/*/c"), takes: "a/c a/b/d/c", leaves: "a/b/c"},
		{include: list("*.jpg"), takes: "a.jpg d/e/a.jpg", leaves: "a a.jpg2"},
		{include: list("*.jpg", "*.png"), takes: "a.jpg a.png", leaves: "a"},
		{include: list("photos"), takes: "photos photos/a d/photos/e/f", leaves: "a"},
		{include: list("/photos/"), takes: "photos/a", leaves: "photos d/photos/a"},
		{include: list("*.jpg"), exclude: list("raw"), takes: "a.jpg", leaves: "raw/a.jpg a.png raw.png"},
		{include: list("a.jpg"), exclude: list("*.jpg"), leaves: "a.jpg"},
	} {
		f, err := NewFilter(c.include, c.exclude)
		if err != nil {
			t.Errorf("%q %q: %v", c.include, c.exclude, err)
			continue
		}
		for _, path := range strings.Fields(c.takes) {
			if !f.Match(path) {
				t.Errorf("include %q, exclude %q: leaves out %q", c.include, c.exclude, path)
			}
		}
		for _, path := range strings.Fields(c.leaves) {
			if f.Match(path) {
				t.Errorf("include %q, exclude %q: takes %q", c.include, c.exclude, path)
			}
		}
	}
}

func TestNewFilterNamesTheMalformedPattern(t *testing.T) {
	for _, pattern := range []string{"", "/", "[", "a/[b", `a\`, "//a", "a//b", "./a", "a/..", "a//"} {
		for _, lists := range [][2][]string{{{"ok", pattern}, nil}, {nil, {pattern}}} {
			_, err := NewFilter(lists[0], lists[1])
			if err == nil || !strings.Contains(err.Error(), "pattern") {
				t.Errorf("%q: %v", pattern, err)
			}
		}
	}
}

// A directory that a filter prunes holds no file that it takes.
func FuzzFilter(f *testing.F) {
	f.Add("*.tmp", "a/b.tmp")
	f.Add("d/**/x", "d/e/x/f")
	f.Add("**/**/a*b?[c-d]", "a/xaxbbc")
	f.Add(strings.Repeat("**/a/", 20)+"b", strings.Repeat("a/", 50))
	f.Fuzz(func(t *testing.T, pattern, path string) {
		filter, err := NewFilter(nil, []string{pattern})
		if err != nil {
			return
		}
		for i := range path {
			if path[i] == '/' && filter.prunes(path[:i]) && filter.Match(path) {
				t.Errorf("%q prunes %q and takes %q", pattern, path[:i], path)
			}
		}
		only, err := NewFilter([]string{pattern}, nil)
		if err != nil || only.Match(path) == filter.Match(path) {
			t.Errorf("%q: including and excluding %q have the same effect: %v", pattern, path, err)
		}
	})
}
