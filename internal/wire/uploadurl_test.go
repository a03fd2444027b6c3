package wire

import (
	"encoding/hex"
	"strings"
	"testing"
)

// FuzzVerbatimURL checks that the URL of a part is sent unchanged, except for bytes that must not
// stand in a request line.
func FuzzVerbatimURL(f *testing.F) {
	for _, rest := range []string{"/a%2Fb?X-Amz-Signature=a%2Bb+c&x", "/ä%2f'()!*", "//a//", "", "/a b?c d", "/[x]?{y}", "/a#b?c", "/%zz"} {
		f.Add(rest)
	}
	f.Fuzz(func(t *testing.T, rest string) {
		u, err := verbatimURL("https://storage.example.com/" + rest)
		if err != nil {
			return
		}
		want, _, _ := strings.Cut("/"+rest, "#")
		sent := u.RequestURI()
		for i := 0; i < len(sent); i++ {
			switch {
			case want == "":
				t.Fatalf("%q would be sent as %q", rest, sent)
			case sent[i] == want[0]:
			case sent[i] == '%' && strings.HasPrefix(sent[i+1:], hexOf(want[0])):
				i += 2
			default:
				t.Fatalf("%q would be sent as %q", rest, sent)
			}
			want = want[1:]
		}
		if want != "" && want != "?" {
			t.Fatalf("%q would be sent as %q", rest, sent)
		}
	})
}

func hexOf(c byte) string { return strings.ToUpper(hex.EncodeToString([]byte{c})) }
