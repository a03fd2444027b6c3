package cdn_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/c88edac7/bytescale-go/cdn"
)

// FuzzRoundTrip builds a URL and reads it with the standard library: the same path
// and the same pairs come back. What is refused is refused for one of the stated
// reasons. The signed form is valid and means the same.
func FuzzRoundTrip(f *testing.F) {
	f.Add("/a b/ü!'()*~+?#&=%.txt", "text", "a b/ü!'()*~+?#&=%", "artifact", "/x y", false, false)
	f.Add("/😀\t\n\\", "a", "/x!y/../z", "a b/!", "1+2 ;,", true, false)
	f.Add("/a/%2e%2e/b", "%zz", "[]{}|^`\"<>", "sig", "1.a.b", false, true)
	f.Add("/a/../b", "", "\xff", "exp", "inf", true, true)
	f.Fuzz(func(t *testing.T, path, name1, value1, name2, value2 string, javaScript, questionBang bool) {
		l := cdn.Links{AccountID: "1234abc", JavaScript: javaScript}
		options := []cdn.Option{cdn.Param(name1, value1), cdn.Version(value2), cdn.Param(name2, value2)}
		if questionBang {
			options = append(options, cdn.QueryBang())
		}
		built, err := l.Image(path, options...)
		if err != nil {
			checkRefusal(t, err, path, name1, value1, name2, value2)
			return
		}
		want := [][2]string{{name1, value1}, {name2, value2}, {"version", value2}}
		checkParsed(t, built, path, want, questionBang)
		if questionBang {
			return
		}
		signed, err := newKey(t, "BMCyGyFk", secret).Sign(built, time.Unix(1_748_204_711, 0))
		if err != nil {
			reserved := []string{"exp", "sig", "enc"}
			if !errors.Is(err, cdn.ErrTooLong) && !slices.Contains(reserved, name1) && !slices.Contains(reserved, name2) {
				t.Errorf("Sign(%s): %v", built, err)
			}
			return
		}
		if _, err := cdn.Verify(signed, time.Unix(0, 0), newKey(t, "BMCyGyFk", secret)); err != nil {
			t.Errorf("Verify(%s): %v", signed, err)
		}
		unsigned, _, _ := strings.Cut(signed, "&sig=1.")
		checkParsed(t, unsigned, path, append(want, [2]string{"exp", "1748204711"}), false)
	})
}

func checkRefusal(t *testing.T, err error, path string, texts ...string) {
	t.Helper()
	segments := strings.Split(path, "/")
	empty := texts[0] == "" || texts[2] == ""
	invalid := slices.ContainsFunc(append(texts, path), func(s string) bool { return !utf8.ValidString(s) })
	if !strings.HasPrefix(path, "/") || empty || invalid || errors.Is(err, cdn.ErrTooLong) ||
		slices.Contains(segments, ".") || slices.Contains(segments, "..") {
		return
	}
	t.Errorf("%q %q: %v", path, texts, err)
}

// checkParsed reads a URL as a server written in Go would.
func checkParsed(t *testing.T, built, path string, want [][2]string, questionBang bool) {
	t.Helper()
	for i := range len(built) {
		if built[i] <= ' ' || built[i] > '~' {
			t.Fatalf("%s has the byte %#x", built, built[i])
		}
	}
	if questionBang {
		before, after, _ := strings.Cut(built, "!")
		built = before + "?" + after
	}
	u, err := url.Parse(built)
	if err != nil {
		t.Fatal(err)
	}
	if got := u.Path; got != "/1234abc/image"+path || u.Host != "upcdn.io" || u.Fragment != "" {
		t.Errorf("%s names %q", built, got)
	}
	var got [][2]string
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		decodedName, err1 := url.QueryUnescape(name)
		decodedValue, err2 := url.QueryUnescape(value)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatalf("%s: %v", built, err)
		}
		got = append(got, [2]string{decodedName, decodedValue})
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s\ngot  %q\nwant %q", built, got, want)
	}
}

// FuzzVerify: no URL from outside makes Verify panic, and none that was not signed
// is valid.
func FuzzVerify(f *testing.F) {
	f.Add("https://upcdn.io/W142hJk/raw/example.jpg?exp=1748204711&sig=1.BMCyGyFk.-CHIEOAxI1LtFnvCAiYz-SH25mk3jv8-kmYFDSeSdfE")
	f.Add("https://upcdn.io/?sig=1.BMCyGyFk.")
	f.Add("://?&=&sig")
	key := newKey(f, "BMCyGyFk", secret)
	f.Fuzz(func(t *testing.T, address string) {
		id, err := cdn.Verify(address, time.Unix(0, 0), key)
		if (err == nil) != (id == "BMCyGyFk") {
			t.Errorf("%q: %q, %v", address, id, err)
		}
		if err == nil && !strings.HasSuffix(address, "://upcdn.io/W142hJk/raw/example.jpg?exp=1748204711&sig=1.BMCyGyFk.-CHIEOAxI1LtFnvCAiYz-SH25mk3jv8-kmYFDSeSdfE") {
			t.Errorf("%q is valid", address)
		}
	})
}
