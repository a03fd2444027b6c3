package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func get(t *testing.T, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return answer
}

func TestPage(t *testing.T) {
	config := pageConfig{PublicKey: "public_A623uY2example", APIURL: "http://127.0.0.1:1", CDNURL: "http://127.0.0.1:2"}
	page := get(t, newSite(config, ""), "/").Body.String()
	for _, want := range []string{
		`<script src="` + widgetURL + `">`,
		`const config = {"apiKey":"public_A623uY2example","apiUrl":"http://127.0.0.1:1","cdnUrl":"http://127.0.0.1:2"};`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is not in\n%s", want, page)
		}
	}
}

func TestOwnScripts(t *testing.T) {
	scripts := t.TempDir()
	if err := os.WriteFile(filepath.Join(scripts, "bytescale.js"), []byte("// widget"), 0o600); err != nil {
		t.Fatal(err)
	}
	site := newSite(pageConfig{}, scripts)
	if page := get(t, site, "/").Body.String(); !strings.Contains(page, `<script src="/scripts/bytescale.js">`) {
		t.Error(page)
	}
	if script := get(t, site, "/scripts/bytescale.js"); script.Body.String() != "// widget" {
		t.Errorf("%d %s", script.Code, script.Body)
	}
}
