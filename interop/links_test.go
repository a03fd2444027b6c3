//go:build interop

package interop

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/c88edac7/bytescale-go/cdn"
	"github.com/c88edac7/bytescale-go/token"
)

var urls = flag.Int("urls", 5000, "how many random URLs are compared with those of the JavaScript SDK")

// node runs a script with a JSON value as its input and returns what it prints.
func node(t *testing.T, script string, input any, env ...string) []byte {
	t.Helper()
	install(t)
	encoded, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", script)
	cmd.Stdin = bytes.NewReader(encoded)
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node %s: %v", script, err)
	}
	return out
}

// A link is one URL, as the SDK's UrlBuilder is asked for it and as cdn makes it.
type link struct {
	AccountID string         `json:"accountId"`
	FilePath  string         `json:"filePath"`
	Options   map[string]any `json:"options"`

	build func() (string, error)
}

// TestUrlBuilder compares random URLs with those of the SDK, byte for byte.
func TestUrlBuilder(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := &random{mathrand.New(mathrand.NewPCG(seed, 0))}
	links := make([]link, *urls)
	for i := range links {
		links[i] = r.link()
	}
	var want []string
	if err := json.Unmarshal(node(t, "links.mjs", links), &want); err != nil || len(want) != len(links) {
		t.Fatalf("%d URLs, %v", len(want), err)
	}
	refused := 0
	for i, l := range links {
		got, err := l.build()
		if err != nil && strings.Contains(err.Error(), "1000 are allowed") {
			refused++ // the SDK does not know the limit
			continue
		}
		if err != nil || got != want[i] {
			t.Errorf("%q %v\ngot  %s, %v\nwant %s", l.FilePath, l.Options, got, err, want[i])
		}
	}
	t.Logf("%d URLs compared, %d too long", len(links)-refused, refused)
	if refused > len(links)/10 {
		t.Error("too few URLs were compared")
	}
}

type random struct{ *mathrand.Rand }

// text is of characters that the escapers treat differently, and some others.
func (r *random) text(most int) string {
	const alphabet = "abcXYZ019-_.~!*'()/?#&=%+,:;@$[]{}|\\^`\"<> \t\nüé€😀"
	runes := []rune(alphabet)
	text := make([]rune, 1+r.IntN(most))
	for i := range text {
		text[i] = runes[r.IntN(len(runes))]
	}
	return string(text)
}

// path has no element that cdn refuses.
func (r *random) path() string {
	path := "/" + r.text(30)
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return r.path()
		}
	}
	return path
}

func (r *random) coin() bool { return r.IntN(2) == 0 }

// parameter is one transformation parameter, for both sides.
func (r *random) parameter() (any, cdn.Option) {
	name := r.text(8)
	if r.IntN(8) == 0 {
		name = []string{"a", "artifact"}[r.IntN(2)]
	}
	switch r.IntN(4) {
	case 0:
		value := r.text(20)
		return map[string]any{name: value}, cdn.Param(name, value)
	case 1:
		value := r.IntN(100_000) - 50_000
		return map[string]any{name: value}, cdn.Param(name, value)
	case 2:
		value := float64(r.IntN(1_000_000)) / 1000
		return map[string]any{name: value}, cdn.Param(name, value)
	}
	value := r.coin()
	return map[string]any{name: value}, cdn.Param(name, value)
}

func (r *random) link() link {
	l := link{AccountID: "A623uY2", FilePath: r.path(), Options: map[string]any{}}
	var options []cdn.Option
	set := func(name string, value any, opt cdn.Option) {
		if r.coin() {
			l.Options[name] = value
			options = append(options, opt)
		}
	}
	allowed, ttl, text, artifact := r.coin(), r.IntN(1_000_000), r.text(20), r.path()
	perm := []string{cdn.PermAuto, cdn.PermAlways, cdn.PermNever}[r.IntN(3)]
	set("cache", allowed, cdn.Cache(allowed))
	set("cacheTtl", ttl, cdn.CacheTTL(time.Duration(ttl)*time.Second))
	set("cacheTtl404", ttl, cdn.CacheTTL404(time.Duration(ttl)*time.Second))
	set("version", text, cdn.Version(text))
	set("forceDownloadPrompt", true, cdn.Download())

	to := cdn.Links{AccountID: l.AccountID, JavaScript: true}
	form := []string{"raw", "image", "video", "audio", "archive", "antivirus", "preset"}[r.IntN(7)]
	if form != "raw" {
		l.Options["transformation"] = form
		set("cacheOnly", allowed, cdn.CacheOnly(allowed))
		set("cachePermanently", map[string]any{"true": true, "false": false, "auto": "auto"}[perm], cdn.CachePerm(perm))
		set("artifact", artifact, cdn.Artifact(artifact))
	}
	if form != "raw" && form != "preset" {
		groups := []any{}
		for range r.IntN(5) {
			group, opt := r.parameter()
			groups, options = append(groups, group), append(options, opt)
		}
		l.Options["transformationParams"] = groups
	}
	r.Shuffle(len(options), func(i, j int) {
		// The order of the settings does not matter, that of the parameters does.
		if form == "raw" || form == "preset" {
			options[i], options[j] = options[j], options[i]
		}
	})
	l.build = func() (string, error) {
		switch form {
		case "image":
			return to.Image(l.FilePath, options...)
		case "video":
			return to.Video(l.FilePath, options...)
		case "audio":
			return to.Audio(l.FilePath, options...)
		case "archive":
			return to.Archive(l.FilePath, options...)
		case "antivirus":
			return to.Antivirus(l.FilePath, options...)
		case "preset":
			return to.Preset("thumb+nail@~;=", l.FilePath, options...)
		}
		return to.Raw(l.FilePath, options...)
	}
	if form == "preset" {
		l.Options["transformationPreset"] = "thumb+nail@~;="
	}
	return l
}

// TestTokenEndpoint opens sessions with the SDK: what it accepts of an endpoint, and
// that token.Handler is such an endpoint.
func TestTokenEndpoint(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := token.NewSigner("A623uY2", key)
	if err != nil {
		t.Fatal(err)
	}
	answer := func(status int, contentType, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{contentType}
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		})
	}
	handler := func(err error) http.Handler {
		return &token.Handler{Signer: signer, Authorize: func(*http.Request) (token.Claims, error) {
			return token.Claims{Subject: "user-42", Grants: token.Tree(token.Grant{Path: "/users/42", DownloadFile: []string{"*"}})}, err
		}}
	}
	tests := []struct {
		name     string
		endpoint http.Handler
		opened   bool // otherwise the page is without a session, and only the console knows
	}{
		{"token.Handler", handler(nil), true},
		{"token.Handler that refuses", handler(token.ErrUnauthorized), false},
		{"token.Handler that forbids", handler(token.ErrForbidden), false},
		{"token.Handler that fails", handler(io.ErrUnexpectedEOF), false},
		{"200", answer(200, "text/plain", "a.b.c"), true},
		{"201", answer(201, "text/plain", "a.b.c"), true},
		{"404", answer(404, "text/plain", "a.b.c"), false},
		{"with a charset", answer(200, "text/plain; charset=utf-8", "a.b.c"), true},
		{"type in capitals", answer(200, "TEXT/PLAIN", "a.b.c"), false},
		{"type of a JWT", answer(200, "application/jwt", "a.b.c"), false},
		{"type of JSON", answer(200, "application/json", `"a.b.c"`), false},
		{"no body", answer(200, "text/plain", ""), false},
		{"two parts", answer(200, "text/plain", "a.b"), false},
		{"empty part", answer(200, "text/plain", "a..c"), false},
		{"four parts", answer(200, "text/plain", "a.b.c.d"), false},
		{"padding", answer(200, "text/plain", "a.b.c="), false},
		{"standard base64", answer(200, "text/plain", "a.b+.c"), false},
		{"quotes", answer(200, "text/plain", `"a.b.c"`), false},
		{"space before", answer(200, "text/plain", " a.b.c"), false},
		{"line break after", answer(200, "text/plain", "a.b.c\n"), false},
	}

	mux := http.NewServeMux()
	var mu sync.Mutex
	var registered []string
	mux.HandleFunc("PUT /cdn/api/v1/access_tokens/A623uY2", func(w http.ResponseWriter, r *http.Request) {
		var request struct{ AccessToken string }
		if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		registered = append(registered, request.AccessToken)
		fmt.Fprint(w, `{"accessToken":"registered","ttlSeconds":60}`)
	})
	mux.HandleFunc("DELETE /cdn/api/v1/access_tokens/A623uY2", func(http.ResponseWriter, *http.Request) {})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	addresses := make([]string, len(tests))
	for i, test := range tests {
		path := fmt.Sprintf("/token/%d", i)
		mux.Handle(path, test.endpoint)
		addresses[i] = srv.URL + path
	}

	answers := bufio.NewScanner(bytes.NewReader(node(t, "auth.mjs", addresses, "CDN="+srv.URL+"/cdn")))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var result struct {
				Ready bool
				Said  string
			}
			if !answers.Scan() {
				t.Fatal("no result")
			}
			if err := json.Unmarshal(answers.Bytes(), &result); err != nil {
				t.Fatal(err)
			}
			if result.Ready != test.opened || (result.Said == "") != test.opened {
				t.Errorf("session %v, %q; want %v", result.Ready, result.Said, test.opened)
			}
		})
	}
	if _, err := token.Verify(registered[0], time.Now(), &key.PublicKey); err != nil {
		t.Errorf("what the SDK registered first: %v", err)
	}
}
