package pathvars

import (
	"errors"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
)

// The pair of tokens that the vendor documents, and the time behind them.
var documentedTime = time.UnixMilli(1665928937147)

func noneTaken(string) (bool, error) { return false, nil }

func newResolver(original string) pathResolver {
	return pathResolver{
		original: original,
		now:      documentedTime,
		digits:   func(n int) string { return strings.Repeat("x", n) },
		taken:    noneTaken,
	}
}

func TestPathVariables(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, template, original, want string }{
		{"no variables", "plain.txt", "", "plain.txt"},
		{"original name", "{ORIGINAL_FILE_NAME}", "my-file.jpg", "my-file"},
		{"original extension keeps its dot", "{ORIGINAL_FILE_EXT}", "my-file.jpg", ".jpg"},
		{"the last dot splits", "{ORIGINAL_FILE_NAME}|{ORIGINAL_FILE_EXT}", "a.tar.gz", "a.tar|.gz"},
		{"a leading dot only is no extension", "{ORIGINAL_FILE_NAME}|{ORIGINAL_FILE_EXT}", ".profile", ".profile|"},
		{"no original name", "[{ORIGINAL_FILE_NAME}{ORIGINAL_FILE_EXT}]", "", "[]"},
		{"date", "{UTC_DATE}", "", "2022-10-16"},
		{"time with milliseconds", "{UTC_TIME}", "", "14:02:17.147"},
		{"documented token", "{UTC_TIME_TOKEN}", "", "1km9SFvS"},
		{"documented inverse token", "{UTC_TIME_TOKEN_INVERSE}", "", "4mvUKdK2"},
		{"parts of the date", "{UTC_YEAR}{UTC_MONTH}{UTC_DAY}", "", "20221016"},
		{"parts of the time", "{UTC_HOUR}-{UTC_MINUTE}-{UTC_SECOND}-{UTC_MILLISECOND}", "", "14-02-17-147"},
		{"unique digits", "{UNIQUE_DIGITS_1}-{UNIQUE_DIGITS_20}", "", "x-" + strings.Repeat("x", 20)},
		{"too few digits are no variable", "{UNIQUE_DIGITS_0}", "", "{UNIQUE_DIGITS_0}"},
		{"too many digits are no variable", "{UNIQUE_DIGITS_21}", "", "{UNIQUE_DIGITS_21}"},
		{"padded digits are no variable", "{UNIQUE_DIGITS_04}", "", "{UNIQUE_DIGITS_04}"},
		{"unknown stays", "{FOO}", "", "{FOO}"},
		{"names are upper case", "{utc_year}", "", "{utc_year}"},
		{"obsolete names stay", "{UNIQUE_TOKEN_8}{ORIGINAL_FILE_NAME_EXT}", "a.b", "{UNIQUE_TOKEN_8}{ORIGINAL_FILE_NAME_EXT}"},
		{"escaped brace", `\{UTC_YEAR}`, "", "{UTC_YEAR}"},
		{"escaped brace before a variable", `\{{UTC_YEAR}}`, "", "{2022}"},
		{"a lone backslash stays", `a\b`, "", `a\b`},
		{"unclosed brace stays", "{UTC_YEAR", "", "{UTC_YEAR"},
		{"doubled braces", "{{UTC_YEAR}}", "", "{2022}"},
		{"values are not replaced again", "{ORIGINAL_FILE_NAME}", "{UTC_YEAR}.x", "{UTC_YEAR}"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := newResolver(test.original).expand(template{text: test.template}); got != test.want {
				t.Errorf("%q became %q, want %q", test.template, got, test.want)
			}
			if got := newResolver(test.original).expand(template{text: test.template, literal: true}); got != test.template {
				t.Errorf("switched off, %q became %q", test.template, got)
			}
		})
	}
}

func TestTimesAreUTC(t *testing.T) {
	t.Parallel()
	resolver := newResolver("")
	resolver.now = time.Date(2023, 1, 1, 0, 30, 0, 73e6, time.FixedZone("east", 3600))
	got := resolver.expand(template{text: "{UTC_DATE} {UTC_TIME}"})
	if want := "2022-12-31 23:30:00.073"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestResolvePath(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	const day = "/uploads/2022/10/16"
	const defaultName = "4mvUKdK2xx-example.jpg"
	long := strings.Repeat("ü", 511)

	for _, test := range []struct {
		name     string
		request  Request
		original string
		taken    string // one path that is taken
		want     string
		wantHit  bool
		wantErr  string // field or code

		folderOff, nameOff bool // variables switched off
	}{
		{name: "defaults", original: "example.jpg", want: day + "/" + defaultName},
		{name: "defaults without original name", want: day + "/4mvUKdK2xx-"},
		{name: "default name in a folder", request: Request{FolderPath: text("/f")}, original: "example.jpg", want: "/f/" + defaultName},
		{name: "name in the default folder", request: Request{FileName: text("n")}, want: day + "/n"},
		{name: "relative folder", request: Request{FolderPath: text("sub"), FileName: text("n")}, want: day + "/sub/n"},
		{name: "empty folder is the default one", request: Request{FolderPath: text(""), FileName: text("n")}, want: day + "/n"},
		{name: "root folder", request: Request{FolderPath: text("/"), FileName: text("n")}, want: "/n"},
		{name: "slash at the end", request: Request{FolderPath: text("/f/"), FileName: text("n")}, want: "/f/n"},
		{name: "folder variables off", request: Request{FolderPath: text(`/\{UTC_DAY}`), FileName: text("n")}, folderOff: true, want: `/\{UTC_DAY}/n`},
		{name: "name variables off", request: Request{FolderPath: text("/{UTC_DAY}"), FileName: text("{UTC_DAY}")}, nameOff: true, want: "/16/{UTC_DAY}"},

		{name: "whole path", request: Request{Literal: text("/a/{UTC_DAY}.txt")}, want: "/a/{UTC_DAY}.txt"},
		{name: "relative path", request: Request{Literal: text("a/b.txt")}, want: day + "/a/b.txt"},
		{name: "whole path taken", request: Request{Literal: text("/a")}, taken: "/a", want: "/a", wantHit: true},
		{name: "whole path climbs", request: Request{Literal: text("/a/../b")}, wantErr: "body.path"},
		{name: "dots in a name do not climb", request: Request{Literal: text("/a/..b/c..")}, want: "/a/..b/c.."},
		{name: "line break", request: Request{Literal: text("/a\nb")}, wantErr: "body.path"},
		{name: "not UTF-8", request: Request{Literal: text("/a\xff")}, wantErr: "body.path"},
		{name: "512 characters", request: Request{Literal: text("/" + long)}, want: "/" + long},
		{name: "513 characters", request: Request{Literal: text("//" + long)}, wantErr: "body.path"},

		{name: "taken, no fallback", request: Request{FolderPath: text("/f"), FileName: text("n")}, taken: "/f/n", want: "/f/n", wantHit: true},
		{name: "taken, fallback", request: Request{FolderPath: text("/f"), FileName: text("n"), FileNameFallback: text("{UTC_DAY}")}, taken: "/f/n", want: "/f/16"},
		{name: "both taken", request: Request{FolderPath: text("/f"), FileName: text("n"), FileNameFallback: text("n")}, taken: "/f/n", want: "/f/n", wantHit: true},
		{name: "fallback not needed", request: Request{FolderPath: text("/f"), FileName: text("n"), FileNameFallback: text("m")}, want: "/f/n"},
		{name: "digits run out", request: Request{FolderPath: text("/f"), FileName: text("{UNIQUE_DIGITS_1}")}, taken: "/f/x", wantErr: "path_exhausted"},
		{name: "digits run out, fallback", request: Request{FolderPath: text("/f"), FileName: text("{UNIQUE_DIGITS_1}"), FileNameFallback: text("m")}, taken: "/f/x", want: "/f/m"},
		{name: "digits in the folder count", request: Request{FolderPath: text("/{UNIQUE_DIGITS_1}"), FileName: text("n")}, taken: "/x/n", wantErr: "path_exhausted"},
		{name: "escaped digits are none", request: Request{FolderPath: text("/f"), FileName: text(`\{UNIQUE_DIGITS_1}`)}, taken: "/f/{UNIQUE_DIGITS_1}", want: "/f/{UNIQUE_DIGITS_1}", wantHit: true},

		{name: "slash in the name", request: Request{FileName: text("a/b")}, wantErr: "body.path.fileName"},
		{name: "a bad name is not saved by its fallback", request: Request{FileName: text("a/b"), FileNameFallback: text("c")}, wantErr: "body.path.fileName"},
		{name: "slash in the fallback", request: Request{FolderPath: text("/f"), FileName: text("n"), FileNameFallback: text("a/b")}, taken: "/f/n", wantErr: "body.path.fileNameFallback"},
		{name: "slash from a variable", original: "../../etc/passwd", wantErr: "body.path.fileName"},
		{name: "name climbs", request: Request{FolderPath: text("/f"), FileName: text("..")}, wantErr: "body.path"},
		{name: "folder climbs", request: Request{FolderPath: text("/f/.."), FileName: text("n")}, wantErr: "body.path.folderPath"},
		{name: "folder climbs through a variable", request: Request{FolderPath: text("/{ORIGINAL_FILE_NAME}"), FileName: text("n")}, original: "../x/..", wantErr: "body.path.folderPath"},
		{name: "too long after replacing", request: Request{FolderPath: text("/f"), FileName: text("{ORIGINAL_FILE_NAME}")}, original: long, wantErr: "body.path"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			resolver := newResolver(test.original)
			resolver.taken = func(path string) (bool, error) { return path == test.taken, nil }
			test.request.FolderVariables = !test.folderOff
			test.request.FileNameVariables = !test.nameOff
			got, hit, err := resolver.choose(test.request)
			if reason(err) != test.wantErr {
				t.Fatalf("got %q, %v; want the error to be about %q", got, err, test.wantErr)
			}
			if err == nil && (got != test.want || hit != test.wantHit) {
				t.Errorf("got %q, taken %v; want %q, taken %v", got, hit, test.want, test.wantHit)
			}
		})
	}
}

// reason tells the field that a refusal is about, or else its code.
func reason(err error) string {
	refused, ok := errors.AsType[*refusal.Error](err)
	if !ok {
		return ""
	}
	for field := range refused.Details {
		return field
	}
	return refused.Code.Name
}

func TestTakenPaths(t *testing.T) {
	t.Parallel()
	path := "/f"
	request := Request{Literal: &path}
	broken := errors.New("disk on fire")
	for _, test := range []struct {
		name         string
		mayOverwrite bool
		taken        bool
		takenErr     error
		want         error
	}{
		{"free", false, false, nil, nil},
		{"taken", false, true, nil, &refusal.Error{Code: refusal.FileExists}},
		{"taken, may be replaced", true, true, nil, nil},
		{"unknown", true, false, broken, broken},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := Resolve(request, documentedTime, always(test.mayOverwrite), func(string) (bool, error) {
				return test.taken, test.takenErr
			})
			if !reflect.DeepEqual(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if err == nil && got != path {
				t.Errorf("got %q, want %q", got, path)
			}
		})
	}
}

// With all but one of the 58 single digits taken, the last one is found.
func TestUniqueDigitsFindTheLastFreePath(t *testing.T) {
	t.Parallel()
	folder, name := "/f", "{UNIQUE_DIGITS_1}"
	request := Request{FolderPath: &folder, FileName: &name, FileNameVariables: true}
	got, err := Resolve(request, documentedTime, always(true), func(path string) (bool, error) { return path != "/f/k", nil })
	if got != "/f/k" || err != nil {
		t.Errorf("got %q, %v; want the free path", got, err)
	}
}

func TestResolvedPathsAreValid(t *testing.T) {
	t.Parallel()
	pieces := rapid.SampledFrom([]string{
		"/", "..", ".", "a", "ü", `\{`, "{", "}", "\n", "{UTC_DAY}", "{ORIGINAL_FILE_NAME}",
		"{ORIGINAL_FILE_EXT}", "{UNIQUE_DIGITS_3}", "{UNIQUE_DIGITS_99}", "{FOO}", strings.Repeat("y", 300),
	})
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) *string {
			if rapid.Bool().Draw(t, label+" given") {
				text := strings.Join(rapid.SliceOfN(pieces, 0, 6).Draw(t, label), "")
				return &text
			}
			return nil
		}
		wantValidOrRefused(t, Request{
			Literal: draw("literal"), FolderPath: draw("folder"), FileName: draw("name"), FileNameFallback: draw("fallback"),
			FolderVariables:   rapid.Bool().Draw(t, "folder variables"),
			FileNameVariables: rapid.Bool().Draw(t, "name variables"),
			OriginalFileName:  rapid.String().Draw(t, "original"),
		})
	})
}

// filePath is what the API allows for a path (FilePath in openapi.yaml), but for its length.
var filePath = regexp.MustCompile(`^/.*$`)

// wantValidOrRefused resolves a request, where the paths of even length are taken.
func wantValidOrRefused(t interface{ Fatalf(string, ...any) }, request Request) {
	taken := func(path string) (bool, error) { return len(path)%2 == 0, nil }
	path, err := Resolve(request, documentedTime, always(false), taken)
	if err != nil {
		if reason(err) == "" {
			t.Fatalf("not a refusal: %v", err)
		}
		return
	}
	if !filePath.MatchString(path) || !utf8.ValidString(path) || utf8.RuneCountInString(path) > 512 || climbs(path) {
		t.Fatalf("resolved to %q", path)
	}
	if hit, _ := taken(path); hit {
		t.Fatalf("%q is taken", path)
	}
}

// FuzzResolve: whatever a request asks for, the path is valid or the request is refused.
func FuzzResolve(f *testing.F) {
	for _, seed := range []string{"/a/b.txt", "../x", "{UTC_DATE}/{ORIGINAL_FILE_NAME}", `\{UNIQUE_DIGITS_2}`, "a\nb", "\xff", "{{UTC_DAY}}"} {
		f.Add(seed, seed, seed, seed, uint8(0b111110))
		f.Add(seed, seed, seed, "../"+seed, uint8(0b110110))
		f.Add(seed, seed, seed, "", uint8(0b111))
	}
	f.Fuzz(func(t *testing.T, first, name, fallback, original string, flags uint8) {
		given := func(bit int, text string) *string {
			if flags>>bit&1 == 0 {
				return nil
			}
			return &text
		}
		wantValidOrRefused(t, Request{
			Literal: given(0, first), FolderPath: given(1, first), FileName: given(2, name), FileNameFallback: given(3, fallback),
			FolderVariables: flags>>4&1 == 1, FileNameVariables: flags>>5&1 == 1, OriginalFileName: original,
		})
	})
}

func TestTimeTokensSortAsTimesDo(t *testing.T) {
	t.Parallel()
	times := rapid.Int64Range(0, inverseEpoch)
	rapid.Check(t, func(t *rapid.T) {
		a, b := times.Draw(t, "a"), times.Draw(t, "b")
		if len(timeToken(a)) != timeTokenLength {
			t.Fatalf("token %q of %d", timeToken(a), a)
		}
		if (a < b) != (timeToken(a) < timeToken(b)) {
			t.Fatalf("%d and %d do not sort as %q and %q", a, b, timeToken(a), timeToken(b))
		}
	})
}

func TestRandomBase58UsesTheWholeAlphabet(t *testing.T) {
	t.Parallel()
	text := RandomBase58(10_000)
	if len(text) != 10_000 {
		t.Fatalf("%d characters", len(text))
	}
	for _, digit := range base58Alphabet {
		if !strings.ContainsRune(text, digit) {
			t.Errorf("no %c among 10000 characters", digit)
		}
	}
}

func always(answer bool) func(string) bool { return func(string) bool { return answer } }
