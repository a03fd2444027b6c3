package tree

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

func TestCheck(t *testing.T) {
	long := strings.Repeat
	for _, c := range []struct {
		target Target
		path   string
		want   Reason
	}{
		{Unix, "a", ""},
		{Unix, "a/b c/é\t\x01:?*\\", ""},
		{Unix, "a/\xff", ""},
		{Unix, "NUL/com1.txt /x.", ""},
		{Unix, ".../..a/.b", ""},
		{Unix, "", BadSegment},
		{Unix, "/a", BadSegment},
		{Unix, "a/", BadSegment},
		{Unix, "a//b", BadSegment},
		{Unix, ".", BadSegment},
		{Unix, "a/./b", BadSegment},
		{Unix, "..", BadSegment},
		{Unix, "a/../../b", BadSegment},
		{Unix, "a\x00b", BadCharacter},
		{Unix, "d/" + long("é", 127) + "x/f", ""},
		{Unix, "d/" + long("é", 128) + "/f", NameTooLong},
		{Unix, long("d/", 1000) + "f", ""},

		{MacOS, "a/b c/é\t\x01:?*\\", ""},
		{MacOS, "NUL/x.", ""},
		{MacOS, "a\xff", InvalidUTF8},
		{MacOS, "a\x00b", BadCharacter},
		{MacOS, long("é", 128), NameTooLong},
		{MacOS, "..", BadSegment},

		{Windows, "a/b c/é.txt", ""},
		{Windows, "..", BadSegment},
		{Windows, "a\xff", InvalidUTF8},
		{Windows, `a\b`, BadCharacter},
		{Windows, `..\..\b`, BadCharacter},
		{Windows, "c:", BadCharacter},
		{Windows, "c:/x", BadCharacter},
		{Windows, "file:stream", BadCharacter},
		{Windows, `a"`, BadCharacter},
		{Windows, "a<", BadCharacter},
		{Windows, "a>", BadCharacter},
		{Windows, "a|", BadCharacter},
		{Windows, "a?", BadCharacter},
		{Windows, "a*", BadCharacter},
		{Windows, "a\x1f", BadCharacter},
		{Windows, "a\x7f", ""},
		{Windows, "a.", BadEnding},
		{Windows, "a /b", BadEnding},
		{Windows, "...", BadEnding},
		{Windows, ".a", ""},
		{Windows, "CON", ReservedName},
		{Windows, "d/nul.tar.gz", ReservedName},
		{Windows, "Prn/x", ReservedName},
		{Windows, "aux .txt", ReservedName},
		{Windows, "COM1", ReservedName},
		{Windows, "com0.x", ReservedName},
		{Windows, "lpt9", ReservedName},
		{Windows, "COM¹", ReservedName},
		{Windows, "lpt³.txt", ReservedName},
		{Windows, "CONIN$", ReservedName},
		{Windows, "conout$.x", ReservedName},
		{Windows, "COM", ""},
		{Windows, "COM10", ""},
		{Windows, "COMA", ""},
		{Windows, "console", ""},
		{Windows, "NULL", ""},
		{Windows, long("é", 255), ""},
		{Windows, long("é", 256), NameTooLong},
		{Windows, long("😀", 127) + "x", ""},
		{Windows, long("😀", 128), NameTooLong},

		{Service("/f"), "a/b c/é\t:?*\\", ""},
		{Service("/f"), "NUL/x.", ""},
		{Service("/f"), "a\xff", InvalidUTF8},
		{Service("/f"), "a\nb", BadCharacter},
		{Service("/f"), "a\rb", BadCharacter},
		{Service("/f"), "a\u2028b", BadCharacter},
		{Service("/f"), "a\u2029b", BadCharacter},
		{Service("/f"), "a\x00b", BadCharacter},
		{Service("/f"), "a//b", BadSegment},
		{Service("/f"), "a/../b", BadSegment},
		{Service("/f"), long("é", 509), ""},
		{Service("/f/"), long("é", 509), ""},
		{Service("/f"), long("é", 510), PathTooLong},
		{Service("/"), long("é", 511), ""},
		{Service("/"), long("é", 512), PathTooLong},
		{Service(""), long("a/", 255) + "a", ""},
		{Service(""), long("a/", 256) + "a", PathTooLong},
	} {
		err := c.target.Check(c.path)
		var skip *SkipError
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%v %.40q: %v", c.target, c.path, err)
		case c.want != "" && (!errors.As(err, &skip) || skip.Reason != c.want || skip.Path != c.path):
			t.Errorf("%v %.40q: got %v, want %s", c.target, c.path, err, c.want)
		}
	}
}

func TestLocalIsTheSystem(t *testing.T) {
	want := map[string]Target{"windows": Windows, "darwin": MacOS, "ios": MacOS}[runtime.GOOS]
	if Local() != want {
		t.Errorf("got %v, want %v", Local(), want)
	}
}

// Every reason has a sentence, and no path can break the line of a message.
func TestSkipErrorIsOneLine(t *testing.T) {
	for _, reason := range []Reason{
		SymbolicLink, SpecialFile, Unreadable, TooDeep, Unfinished,
		BadSegment, InvalidUTF8, BadCharacter, BadEnding, ReservedName, NameTooLong, PathTooLong,
		NameCollision, IsDirectory, BelowFile, InTheWay,
	} {
		if sentences[reason] == "" {
			t.Errorf("%s has no sentence", reason)
		}
		text := (&SkipError{Path: "a\x1b[2J\nb", Reason: reason, Other: "c\rd"}).Error()
		if strings.ContainsFunc(text, unicode.IsControl) {
			t.Errorf("%q has control characters", text)
		}
	}
	if len(sentences) != 16 {
		t.Errorf("%d sentences", len(sentences))
	}
}

// fold ignores whatever case folding and decomposition by Unicode ignore, for
// every character that has case or parts.
func TestFoldIgnoresWhatUnicodeIgnores(t *testing.T) {
	full := func(text string) string { return norm.NFD.String(cases.Fold().String(norm.NFD.String(text))) }
	differ := 0
	for r := rune(1); r <= unicode.MaxRune; r++ {
		text := string(r)
		for _, other := range []string{full(text), string(unicode.ToUpper(r)), norm.NFC.String(text)} {
			if r == utf8.RuneError || other == text || r == 'ı' { // which is i in Turkish only
				continue
			}
			differ++
			if a, b := MacOS.fold(text), MacOS.fold(other); a != b {
				t.Errorf("macOS: %+q and %+q become %+q and %+q", text, other, a, b)
			}
			if a, b := Windows.fold(text), Windows.fold(other); a != b && strings.EqualFold(text, other) {
				t.Errorf("Windows: %+q and %+q become %+q and %+q", text, other, a, b)
			}
			if Unix.fold(text) == Unix.fold(other) {
				t.Errorf("Unix: %+q and %+q are the same", text, other)
			}
		}
	}
	if differ < 3000 {
		t.Errorf("only %d pairs", differ)
	}
}

func TestFold(t *testing.T) {
	for _, c := range []struct {
		target Target
		a, b   string
		same   bool
	}{
		{MacOS, "Straße/É", "STRASSE/e\u0301", true},
		{MacOS, "ﬁle", "FILE", true},
		{MacOS, "K", "\u212a", true}, // the sign for kelvin
		{MacOS, "a", "b", false},
		{MacOS, "x²", "x2", false},
		{MacOS, "é", "e", false},
		{Windows, "é", "É", true},
		{Windows, "é", "e\u0301", false},
		{Windows, "ß", "ss", false},
		{Windows, "\xff", "\xfe", false},
		{Unix, "a", "A", false},
		{Service("/"), "a", "A", false},
	} {
		if same := c.target.key(c.a) == c.target.key(c.b); same != c.same {
			t.Errorf("%v takes %q and %q for the same: %v", c.target, c.a, c.b, same)
		}
	}
}

// A directory's key comes right before the keys of what is in it, whatever
// characters names begin with, and a key gives its path back.
func TestKeyOrder(t *testing.T) {
	paths := []string{"a\x00", "a/b", "a\x01", "a/b/c", "a", "a ", "a/b\x00", "a-b", "a/b.c", "a0", "b"}
	want := []string{"a", "a/b", "a/b/c", "a/b\x00", "a/b.c", "a\x00", "a\x01", "a ", "a-b", "a0", "b"}
	slices.SortFunc(paths, func(a, b string) int { return strings.Compare(Unix.key(a), Unix.key(b)) })
	if !slices.Equal(paths, want) {
		t.Errorf("got %q, want %q", paths, want)
	}
	for _, path := range paths {
		if got := pathOf(Unix.key(path)); got != path {
			t.Errorf("%q became %q", path, got)
		}
	}
}

// A path that passes stays below its directory: by the rules of package
// filepath, and in a real directory, where a walk finds exactly it.
func FuzzCheck(f *testing.F) {
	for _, path := range []string{
		"a/b", "../a", "a/../..", "/a", `..\a`, "c:/a", "a/./b", "a//b", "NUL", "a.", "", "\xff", "a\x00", "é/ü",
		strings.Repeat("x", 256), strings.Repeat("x/", 256) + "y",
	} {
		f.Add(path)
	}
	root, err := os.OpenRoot(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { root.Close() })
	f.Fuzz(func(t *testing.T, p string) {
		for _, target := range []Target{Unix, MacOS, Windows, Service("/x")} {
			if err := target.Check(p); err == nil {
				checkInside(t, target, p)
			} else if strings.ContainsFunc(err.Error(), unicode.IsControl) {
				t.Errorf("%q has control characters", err)
			}
			if a, b := strings.Count(target.key(p), separator), strings.Count(p, "/"); a != b {
				t.Errorf("%v: the key of %q has %d separators", target, p, a)
			}
		}
		// A walk by package io/fs has no directories with other names.
		if Local().Check(p) == nil && strings.Count(p, "/") < 32 && utf8.ValidString(path.Dir(p)) {
			checkOnDisk(t, root, p)
		}
	})
}

func checkInside(t *testing.T, target Target, p string) {
	t.Helper()
	const top = "/top/directory"
	switch {
	case path.Clean(p) != p, path.IsAbs(p), p == ".", p == "..", strings.HasPrefix(p, "../"):
		t.Errorf("%v allows %q", target, p)
	case !strings.HasPrefix(path.Join(top, p), top+"/"):
		t.Errorf("%v lets %q leave", target, p)
	case target == Windows && strings.ContainsAny(p, `\:`):
		t.Errorf("%v allows %q", target, p)
	case target == Local() && !filepath.IsLocal(filepath.FromSlash(p)):
		t.Errorf("filepath does not allow %q", p)
	}
}

func checkOnDisk(t *testing.T, root *os.Root, p string) {
	t.Helper()
	top, _, _ := strings.Cut(p, "/")
	defer root.RemoveAll(top)
	if err := root.MkdirAll(path.Dir(p), 0o700); err != nil {
		t.Fatalf("%q: %v", p, err)
	}
	if err := root.WriteFile(p, nil, 0o600); err != nil {
		t.Fatalf("%q: %v", p, err)
	}
	wantList(t, Walk(root.FS(), Filter{}), map[string]string{p: ""})
}
