package cdn_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/c88edac7/bytescale-go/cdn"
)

// secret is the bytes 00 to 1f.
const secret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func secretBytes(t testing.TB) []byte {
	t.Helper()
	decoded, err := base64.StdEncoding.DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

func newKey(t testing.TB, id, secret string) cdn.Key {
	t.Helper()
	key, err := cdn.NewKey(id, secret)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

type signature struct{ Text, Sig string }

func TestSignatureVectors(t *testing.T) {
	key := newKey(t, "BMCyGyFk", secret)
	vectors := readLines[signature](t, "testdata/signatures.jsonl")
	if len(vectors) != 6 {
		t.Errorf("%d vectors, want 6", len(vectors))
	}
	for _, v := range vectors {
		want := "https://" + v.Text + "&sig=" + v.Sig
		plain, exp, _ := strings.Cut("https://"+v.Text, "exp=")
		plain = plain[:len(plain)-1] // the delimiter
		got, err := key.SignForever(plain)
		now := time.Unix(1_700_000_000, 0)
		if exp != "inf" {
			var seconds int64
			if _, err := fmt.Sscan(exp, &seconds); err != nil {
				t.Fatal(err)
			}
			got, err = key.Sign(plain, time.Unix(seconds, 999))
			now = time.Unix(seconds-1, 0)
		}
		if err != nil || got != want {
			t.Errorf("got  %s, %v\nwant %s", got, err, want)
		}
		if id, err := cdn.Verify(want, now, newKey(t, "other", secret), key); id != "BMCyGyFk" || err != nil {
			t.Errorf("%s: %q, %v", want, id, err)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	key := newKey(t, "BMCyGyFk", secret)
	const exp int64 = 1_748_204_711
	expires := time.Unix(exp, 0)
	before := expires.Add(-time.Second)
	good, err := key.Sign("https://upcdn.io/W142hJk/image/example.jpg?w=800", expires)
	if err != nil {
		t.Fatal(err)
	}
	// resigned is a text that Sign would not make, with a good signature.
	resigned := func(text string) string {
		h := hmac.New(sha256.New, secretBytes(t))
		h.Write([]byte(text))
		return "https://" + text + "&sig=1.BMCyGyFk." + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
	}
	replaced := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in %s", old, good)
		}
		return strings.Replace(good, old, new, 1)
	}

	tests := []struct {
		name string
		url  string
		now  time.Time
		want error
	}{
		{"not signed", "https://upcdn.io/W142hJk/image/example.jpg?w=800", before, cdn.ErrNotSigned},
		{"no query", "https://upcdn.io/W142hJk/image/example.jpg", before, cdn.ErrNotSigned},
		{"relative", "/W142hJk/image/example.jpg", before, cdn.ErrNotSigned},
		{"empty", "", before, cdn.ErrNotSigned},
		{"version 2", replaced("sig=1.", "sig=2."), before, cdn.ErrMalformedSignature},
		{"no version", replaced("sig=1.", "sig="), before, cdn.ErrMalformedSignature},
		{"empty signature", good[:strings.Index(good, "sig=")+4], before, cdn.ErrMalformedSignature},
		{"four pieces", good + ".x", before, cdn.ErrMalformedSignature},
		{"padded", good + "=", before, cdn.ErrMalformedSignature},
		{"standard base64", replaced("sig=1.BMCyGyFk.", "sig=1.BMCyGyFk.+/")[:len(good)], before, cdn.ErrMalformedSignature},
		{"short MAC", good[:len(good)-4], before, cdn.ErrMalformedSignature},
		{"line break in the MAC", good + "\n", before, cdn.ErrMalformedSignature},
		{"loose last bits", good[:len(good)-1] + "B", before, cdn.ErrMalformedSignature},
		{"a second signature", good + "&" + good[strings.Index(good, "sig="):], before, cdn.ErrMalformedSignature},
		{"a second one, escaped", replaced("?", "?%73ig=1&"), before, cdn.ErrMalformedSignature},
		{"something after it", good + "&w=900", before, cdn.ErrMalformedSignature},
		{"an escaped name", replaced("&sig=", "&s%69g="), before, cdn.ErrMalformedSignature},
		{"a fragment", good + "#x", before, cdn.ErrMalformedSignature},
		{"unknown key", replaced("BMCyGyFk", "F91kfA1g"), before, cdn.ErrUnknownKey},
		{"another path", replaced("example", "examplf"), before, cdn.ErrWrongSignature},
		{"another account", replaced("W142hJk", "A623uY2"), before, cdn.ErrWrongSignature},
		{"another host", replaced("upcdn.io", "upcdn.to"), before, cdn.ErrWrongSignature},
		{"another port", replaced("upcdn.io", "upcdn.io:443"), before, cdn.ErrWrongSignature},
		{"another form", replaced("/image/", "/raw/"), before, cdn.ErrWrongSignature},
		{"another width", replaced("w=800", "w=801"), before, cdn.ErrWrongSignature},
		{"another spelling", replaced("example", "%65xample"), before, cdn.ErrWrongSignature},
		{"longer life", replaced("exp=17", "exp=19"), before, cdn.ErrWrongSignature},
		{"a parameter more", replaced("?", "?x=1&"), before, cdn.ErrWrongSignature},
		{"no expiry", resigned("upcdn.io/W142hJk/raw/example.jpg?w=1"), before, cdn.ErrNoExpiry},
		{"two expiries", resigned("upcdn.io/W142hJk/raw/example.jpg?exp=1&exp=inf"), before, cdn.ErrMalformedSignature},
		{"two expiries, one escaped", resigned("upcdn.io/W142hJk/raw/example.jpg?exp=inf&%65xp=1"), before, cdn.ErrMalformedSignature},
		{"expiry is a word", resigned("upcdn.io/W142hJk/raw/example.jpg?exp=Inf"), before, cdn.ErrMalformedSignature},
		{"expiry is negative", resigned("upcdn.io/W142hJk/raw/example.jpg?exp=-1"), before, cdn.ErrMalformedSignature},
		{"expiry is signed", resigned("upcdn.io/W142hJk/raw/example.jpg?exp=+1748204711"), before, cdn.ErrMalformedSignature},
		{"expiry is too large", resigned("upcdn.io/W142hJk/raw/example.jpg?exp=9223372036854775808"), before, cdn.ErrMalformedSignature},
		{"expiry is empty", resigned("upcdn.io/W142hJk/raw/example.jpg?exp="), before, cdn.ErrMalformedSignature},
		{"expired", good, expires, cdn.ErrExpired},
		{"expired long ago", good, expires.AddDate(10, 0, 0), cdn.ErrExpired},
		{"expired, and changed", replaced("w=800", "w=801"), expires, cdn.ErrWrongSignature},
		{"expired, in milliseconds", resigned(fmt.Sprintf("upcdn.io/W142hJk/raw/x?exp=%d", exp*1000)), expires, cdn.ErrExpired},

		{"valid", good, before, nil},
		{"over http", replaced("https:", "http:"), before, nil},
		{"milliseconds", resigned(fmt.Sprintf("upcdn.io/W142hJk/raw/x?exp=%d", exp*1000)), before, nil},
		{"forever", resigned("upcdn.io/W142hJk/raw/example.jpg?exp=inf"), expires.AddDate(1000, 0, 0), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			id, err := cdn.Verify(test.url, test.now, key)
			if !errors.Is(err, test.want) || (err == nil) != (id == "BMCyGyFk") {
				t.Errorf("%s\ngot  %q, %v\nwant %v", test.url, id, err, test.want)
			}
			if err != nil && strings.Contains(err.Error(), "upcdn") {
				t.Errorf("the error repeats the URL: %v", err)
			}
		})
	}
	if _, err := cdn.Verify(good, before); !errors.Is(err, cdn.ErrUnknownKey) {
		t.Errorf("without keys: %v", err)
	}
	if _, err := cdn.Verify(replaced("BMCyGyFk", ""), before, cdn.Key{}); !errors.Is(err, cdn.ErrUnknownKey) {
		t.Errorf("with the zero Key: %v", err)
	}
}

// Every byte that is changed makes the URL invalid.
func TestEveryByteCounts(t *testing.T) {
	key := newKey(t, "BMCyGyFk", secret)
	signed, err := key.Sign("https://upcdn.io/W142hJk/raw/example.jpg?version=1", time.Unix(1_748_204_711, 0))
	if err != nil {
		t.Fatal(err)
	}
	for i := len("https://"); i < len(signed); i++ {
		changed := []byte(signed)
		changed[i] ^= 1
		if id, err := cdn.Verify(string(changed), time.Unix(0, 0), key); err == nil {
			t.Errorf("byte %d: %s is valid for %q", i, changed, id)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	key := newKey(t, "BMCyGyFk", secret)
	const base = "https://upcdn.io/W142hJk/raw"
	for name, address := range map[string]string{
		"empty":                       "",
		"relative":                    "/W142hJk/raw/x",
		"without scheme":              "upcdn.io/W142hJk/raw/x",
		"another scheme":              "ftp://upcdn.io/W142hJk/raw/x",
		"no host":                     "https:///W142hJk/raw/x",
		"no path":                     "https://upcdn.io",
		"user":                        "https://user:hunter2@upcdn.io/W142hJk/raw/x",
		"host in capitals":            "https://UPCDN.io/W142hJk/raw/x",
		"default port":                "https://upcdn.io:443/W142hJk/raw/x",
		"default port of http":        "http://upcdn.io:80/W142hJk/raw/x",
		"fragment":                    base + "/x#y",
		"empty fragment":              base + "/x#",
		"space":                       base + "/a b",
		"not ASCII":                   base + "/ü",
		"quotation mark":              base + `/a"b`,
		"backslash":                   base + `/a\b`,
		"bad escape":                  base + "/a%zz",
		"cut escape":                  base + "/a?b=%2",
		"query bang":                  base + "/x!f=hls-h264",
		"empty query":                 base + "/x?",
		"exp":                         base + "/x?exp=1",
		"exp, escaped":                base + "/x?%65xp=1",
		"sig":                         base + "/x?sig=1.a.b",
		"enc":                         base + "/x?enc=1.a.b.c",
		"dots":                        base + "/../x",
		"escaped dots":                base + "/%2e%2E/x",
		"dot":                         base + "/./x",
		"too long with its signature": base + "/" + strings.Repeat("x", 950),
	} {
		signed, err := key.Sign(address, time.Unix(1_748_204_711, 0))
		var argument *cdn.ArgumentError
		if !errors.As(err, &argument) || argument.Field != "url" || signed != "" {
			t.Errorf("%s: %q, %v", name, signed, err)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := key.SignForever(base + "/" + strings.Repeat("x", 950)); !errors.Is(err, cdn.ErrTooLong) {
		t.Errorf("too long: %v", err)
	}
	if _, err := key.Sign(base+"/x", time.Time{}); err == nil || !strings.HasPrefix(err.Error(), "expires: ") {
		t.Errorf("zero time: %v", err)
	}
	if _, err := (cdn.Key{}).SignForever(base + "/x"); err == nil {
		t.Error("the zero Key signs")
	}
}

func TestNewKeyRefuses(t *testing.T) {
	for _, test := range []struct{ name, id, secret, field string }{
		{"no id", "", secret, "apiKeyID"},
		{"id with a dot", "a.b", secret, "apiKeyID"},
		{"id with a space", "a b", secret, "apiKeyID"},
		{"id with an ampersand", "a&b", secret, "apiKeyID"},
		{"long id", strings.Repeat("x", 65), secret, "apiKeyID"},
		{"no key", "a", "", "secureURLKey"},
		{"short key", "a", "AAECAwQFBgcICQoLDA0O", "secureURLKey"},
		{"white space", "a", secret + "\n", "secureURLKey"},
		{"line break inside", "a", secret[:10] + "\n" + secret[10:], "secureURLKey"},
		{"without padding", "a", strings.TrimRight(secret, "="), "secureURLKey"},
		{"base64url", "a", "__" + secret[2:], "secureURLKey"},
		{"an API key", "a", "secret_A623uY2xyz", "secureURLKey"},
	} {
		_, err := cdn.NewKey(test.id, test.secret)
		var argument *cdn.ArgumentError
		if !errors.As(err, &argument) || argument.Field != test.field {
			t.Errorf("%s: %v", test.name, err)
		} else if test.secret != "" && strings.Contains(err.Error(), test.secret) {
			t.Errorf("%s: the error repeats the key: %v", test.name, err)
		}
	}
}

// No way of printing, logging or encoding a key shows its bytes.
func TestKeyIsNeverShown(t *testing.T) {
	type holder struct {
		Key    cdn.Key
		hidden cdn.Key
		Inside map[string]cdn.Key
	}
	key := newKey(t, "BMCyGyFk", "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0") // "secretsecret…"
	h := holder{key, key, map[string]cdn.Key{"k": key}}
	var shown strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&shown, verb+" "+verb+" "+verb+"\n", key, h, &h)
	}
	encoded, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	shown.Write(encoded)
	slog.New(slog.NewJSONHandler(&shown, nil)).Info("x", "key", key, "holder", h)
	slog.New(slog.NewTextHandler(&shown, nil)).Info("x", "key", key, "holder", h)
	for _, leak := range []string{"secret", "c2VjcmV0", "115 101 99", "736563", "0x73"} {
		if strings.Contains(shown.String(), leak) {
			t.Errorf("%q is in\n%s", leak, shown.String())
		}
	}
	if got := fmt.Sprint(key); got != "cdn.Key(BMCyGyFk)" || key.ID() != "BMCyGyFk" {
		t.Errorf("%q, %q", got, key.ID())
	}
	if got := string(encoded); !strings.Contains(got, `"Key":"cdn.Key(BMCyGyFk)"`) {
		t.Errorf("JSON %s", got)
	}
}

// A signed URL is still valid after html/template has put it into a page and an
// HTTP client has sent it. A path and a query with every ASCII character that can
// be there are the hard case.
func TestSignedURLsSurvivePagesAndClients(t *testing.T) {
	var ascii strings.Builder
	for c := byte(' '); c <= '~'; c++ {
		ascii.WriteByte(c)
	}
	key := newKey(t, "BMCyGyFk", secret)
	valid := false
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := cdn.Verify("http://"+r.Host+r.RequestURI, time.Unix(0, 0), key)
		valid = err == nil
		if err != nil {
			t.Errorf("%s: %v", r.RequestURI, err)
		}
	}))
	defer srv.Close()

	plain, err := cdn.Links{AccountID: "W142hJk", CDNURL: srv.URL}.Image("/"+ascii.String()+"/ü", cdn.Text(ascii.String()+"ü"))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := key.Sign(plain, time.Unix(1_748_204_711, 0))
	if err != nil {
		t.Fatal(err)
	}
	page := template.Must(template.New("").Parse(`<img src="{{.}}">`))
	var html bytes.Buffer
	if err := page.Execute(&html, signed); err != nil {
		t.Fatal(err)
	}
	attribute := strings.TrimSuffix(strings.TrimPrefix(html.String(), `<img src="`), `">`)
	attribute = strings.NewReplacer("&amp;", "&", "&#43;", "+").Replace(attribute) // as a browser reads it
	if attribute != signed {
		t.Errorf("html/template changed the URL:\n%s\n%s", signed, attribute)
	}
	resp, err := http.Get(attribute)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if !valid {
		t.Error("the signature did not arrive")
	}
	if u, err := url.Parse(signed); err != nil || u.Path != "/W142hJk/image/"+ascii.String()+"/ü" {
		t.Errorf("the signed URL names %q, %v", u.Path, err)
	}
}
