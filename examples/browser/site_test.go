package main

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// visitor is a browser as far as it does without scripts.
type visitor struct {
	t    *testing.T
	site string
	http *http.Client
}

func newVisitor(t *testing.T, site string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t, site, &http.Client{Jar: jar}}
}

// get fetches a path of the site, or an address.
func (v *visitor) get(address string) (status int, body string) {
	v.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = v.site + address
	}
	response, err := v.http.Get(address)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.read(response)
}

func (v *visitor) post(path string, form url.Values) (status int, body string) {
	v.t.Helper()
	response, err := v.http.PostForm(v.site+path, form)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.read(response)
}

func (v *visitor) read(response *http.Response) (status int, body string) {
	v.t.Helper()
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

func startSite(t *testing.T, scripts string) (*account, string) {
	t.Helper()
	account, err := emulatedAccount()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(account.close)
	if err := account.makePrivate(t.Context(), usersFolder); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(newSite(account, scripts))
	t.Cleanup(server.Close)
	return account, server.URL
}

// read asks the CDN for a file with a token.
func readFile(t *testing.T, address, token string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

var pictureURL = regexp.MustCompile(`data-src="([^"]+)"`)

// Users see their own picture, and others do not.
func TestSite(t *testing.T) {
	_, site := startSite(t, "")
	stranger, anna, bob := newVisitor(t, site), newVisitor(t, site), newVisitor(t, site)
	if status, page := stranger.get("/"); status != 200 || !strings.Contains(page, "Sign in") || strings.Contains(page, "public_") {
		t.Errorf("%d %s", status, page)
	}
	for _, path := range []string{"/token", "/shared"} {
		if status, body := stranger.get(path); status != 401 {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	for _, name := range []string{"", "Anna", "../anna", strings.Repeat("a", 21)} {
		if status, _ := stranger.post("/login", url.Values{"user": {name}}); status != 400 {
			t.Errorf("%q: %d", name, status)
		}
	}

	tokens, pictures := map[string]string{}, map[string]string{}
	for name, user := range map[string]*visitor{"anna": anna, "bob": bob} {
		status, page := user.post("/login", url.Values{"user": {name}})
		if status != 200 || !strings.Contains(page, "Signed in as "+name) || !strings.Contains(page, `<script src="`+widgetURL+`">`) {
			t.Fatalf("%s: %d %s", name, status, page)
		}
		pictures[name] = html.UnescapeString(pictureURL.FindStringSubmatch(page)[1])
		if status, tokens[name] = user.get("/token"); status != 200 {
			t.Errorf("token of %s: %d", name, status)
		}
		status, picture := user.get("/shared")
		if status != 200 || !strings.HasPrefix(picture, "\x89PNG") {
			t.Errorf("shared by %s: %d", name, status)
		}
	}
	for name, picture := range pictures {
		for _, test := range []struct {
			token string
			want  int
		}{{"", 403}, {tokens[name], 200}, {tokens[map[string]string{"anna": "bob", "bob": "anna"}[name]], 403}} {
			if got := readFile(t, picture, test.token); got != test.want {
				t.Errorf("%s: %d, want %d", picture, got, test.want)
			}
		}
	}
	if status, page := anna.post("/logout", nil); status != 200 || !strings.Contains(page, "Sign in") {
		t.Errorf("%d %s", status, page)
	}
	if status, _ := anna.get("/token"); status != 401 {
		t.Errorf("after signing out: %d", status)
	}
}

// The page's script gets the configuration as JSON.
func TestConfig(t *testing.T) {
	account, site := startSite(t, "")
	anna := newVisitor(t, site)
	_, page := anna.post("/login", url.Values{"user": {"anna"}})
	found := regexp.MustCompile(`const config = (\{.*\});`).FindStringSubmatch(page)
	if found == nil {
		t.Fatal(page)
	}
	var config map[string]string
	if err := json.Unmarshal([]byte(found[1]), &config); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"apiKey": account.publicKey, "apiUrl": account.apiURL, "cdnUrl": account.apiURL, "accountId": "A623uY2", "folder": "/users/anna",
	} {
		if config[name] != want {
			t.Errorf("%s: %q, want %q", name, config[name], want)
		}
	}
}

func TestOwnScripts(t *testing.T) {
	scripts := t.TempDir()
	if err := os.WriteFile(filepath.Join(scripts, "bytescale.js"), []byte("// widget"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, site := startSite(t, scripts)
	anna := newVisitor(t, site)
	if _, page := anna.post("/login", url.Values{"user": {"anna"}}); !strings.Contains(page, `<script src="/scripts/bytescale.js">`) {
		t.Error(page)
	}
	if status, script := anna.get("/scripts/bytescale.js"); script != "// widget" {
		t.Errorf("%d %s", status, script)
	}
}
