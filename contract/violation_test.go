package contract

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestPointerCutsAndEscapes(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{"tip", "/tip"},
		{"größe", "/größe"},
		{"a/b~c", "/a~1b~0c"},
		{"a\nb\x1b[31m", `/a\nb\x1b[31m`},
		{"a\u202eb\u009b", `/a\u202eb\u009b`},
		{"a\xffb", `/a\xffb`},
		{strings.Repeat("ä", maxToken), "/" + strings.Repeat("ä", maxToken)},
		{strings.Repeat("ä", maxToken+1), "/" + strings.Repeat("ä", maxToken) + "…"},
	} {
		if got := pointer("", test.name); got != test.want {
			t.Errorf("%q: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestViolationsAreShortPrintableLines: the sender chooses the names of unknown properties and
// parameters.
func TestViolationsAreShortPrintableLines(t *testing.T) {
	name := strings.Repeat("x\n\x1b[2J\u202e", 1000)
	var found []Violation
	h := handlerOver(t, http.NotFoundHandler(), reportTo(&found))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request(t, "POST", uploads+"?"+url.QueryEscape(name)+"=1", `{"size":1,"`+strings.Repeat(`x\n\u001b[2J\u202e`, 1000)+`":1}`))
	if got := len(found); got != 2 {
		t.Fatalf("%d violations", got)
	}
	for _, v := range found {
		checkLine(t, v)
	}
	if w.Body.Len() > 4000 {
		t.Errorf("the answer has %d bytes", w.Body.Len())
	}
}

// checkLine checks that a violation is one short line of printable characters.
func checkLine(t *testing.T, v Violation) {
	t.Helper()
	line := v.String()
	if !utf8.ValidString(line) || strings.ContainsFunc(line, func(c rune) bool { return !unicode.IsPrint(c) }) {
		t.Errorf("%q is not printable", line)
	}
	if len(line) > 2000 {
		t.Errorf("%d bytes", len(line))
	}
}

func FuzzPointer(f *testing.F) {
	f.Add("a/b", "x\n\x1b", 3)
	f.Add("\xff", strings.Repeat("\u202e", 200), 100)
	f.Fuzz(func(t *testing.T, first, name string, depth int) {
		at := pointer("", first)
		for range min(depth, 200) {
			at = pointer(at, name)
		}
		checkLine(t, Violation{Pointer: at})
	})
}
