package emulator

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/internal/fake"
)

const testFaultKey = "a-key-for-the-tests"

func TestFaultsOverHTTP(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	e := start(t, Options{FaultKey: testFaultKey, Log: &log, Service: fake.Options{Lenient: true}})
	script := func(method, body string, wantStatus int, wantBody string) {
		t.Helper()
		response, got := request(t, method, e.URL()+"/faults", http.Header{"Authorization": {"Bearer " + testFaultKey}}, body)
		if response.StatusCode != wantStatus || !strings.Contains(got, wantBody) {
			t.Errorf("%s %s: %s %s, want %d %s", method, body, response.Status, got, wantStatus, wantBody)
		}
	}
	download := func(want int) {
		t.Helper()
		if response, body := request(t, http.MethodGet, e.URL()+"/A623uY2/raw/none", http.Header{}, ""); response.StatusCode != want {
			t.Errorf("status %d, want %d: %s", response.StatusCode, want, body)
		}
	}
	const first, second = `{"operation":"DownloadFile","kind":"status","status":503}`, `{"operation":"DownloadFile","occurrence":2,"kind":"status","status":429}`
	script(http.MethodGet, "", http.StatusOK, "[]")
	script(http.MethodPost, "["+first+"]", http.StatusNoContent, "")
	script(http.MethodPost, "["+second+"]", http.StatusNoContent, "")
	script(http.MethodGet, "", http.StatusOK, "["+first+","+second+"]")
	download(http.StatusServiceUnavailable)
	script(http.MethodGet, "", http.StatusOK, "["+second+"]")
	script(http.MethodDelete, "", http.StatusNoContent, "")
	script(http.MethodGet, "", http.StatusOK, "[]")
	download(http.StatusNotFound)

	for body, want := range map[string]string{
		first:                       "JSON array",
		"[" + first + "] []":        "something follows",
		"[" + first + `,{"x": 1}]`:  `unknown field \"x\"`,
		"[" + first + `,{}]`:        "there is no kind",
		`[{"operation":"Download"}`: "JSON array",
		strings.Repeat(" ", 64<<10) + "[" + first + "]": "too large",
	} {
		script(http.MethodPost, body, http.StatusBadRequest, want)
	}
	script(http.MethodGet, "", http.StatusOK, "[]") // nothing of it was scripted
	script(http.MethodPut, "[]", http.StatusMethodNotAllowed, "method_not_allowed")

	if lines := log.String(); strings.Contains(lines, testFaultKey) || !strings.Contains(lines, " POST /faults 204\n") {
		t.Errorf("log:\n%s", lines)
	}
}

// A long script is refused, because it lives as long as the emulator.
func TestFaultsAreBounded(t *testing.T) {
	t.Parallel()
	e := start(t, Options{FaultKey: testFaultKey})
	body := "[" + strings.TrimSuffix(strings.Repeat(`{"operation":"*","kind":"reset"},`, 1500), ",") + "]"
	header := http.Header{"Authorization": {"Bearer " + testFaultKey}}
	for range 10_000 / 1500 {
		if response, got := request(t, http.MethodPost, e.URL()+"/faults", header, body); response.StatusCode != http.StatusNoContent {
			t.Fatalf("%s: %s", response.Status, got)
		}
	}
	if response, got := request(t, http.MethodPost, e.URL()+"/faults", header, body); response.StatusCode != http.StatusBadRequest || !strings.Contains(got, "more than 10000 faults") {
		t.Errorf("%s: %s", response.Status, got)
	}
}

// An API key is not enough to script faults, and no page of another origin can.
func TestFaultsNeedTheirKey(t *testing.T) {
	t.Parallel()
	e := start(t, Options{FaultKey: testFaultKey, Service: fake.Options{Keys: []string{testKey}}})
	for i, header := range []http.Header{
		{},
		{"Authorization": {testFaultKey}},
		{"Authorization": {"Bearer " + testKey}},
		{"Authorization": {"Bearer "}},
		{"Authorization": {"Bearer " + testFaultKey + "x"}},
		{"Authorization": {"bearer" + testFaultKey}},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			response, body := request(t, method, e.URL()+"/faults", header, `[{"operation":"*","kind":"reset"}]`)
			if response.StatusCode != http.StatusUnauthorized || !strings.Contains(body, `"fault_key_wrong"`) || strings.Contains(body, testFaultKey) {
				t.Errorf("%d: %s: %s %s", i, method, response.Status, body)
			}
		}
	}
	page := http.Header{"Authorization": {"Bearer " + testFaultKey}, "Origin": {"https://evil.example"}}
	if response, _ := request(t, http.MethodPost, e.URL()+"/faults", page, "[]"); response.StatusCode != http.StatusForbidden {
		t.Errorf("a page: %s", response.Status)
	}
	if n := len(e.Service().UnusedFaults()); n != 0 {
		t.Errorf("%d faults were scripted", n)
	}
	if e, err := Start(Options{FaultKey: strings.Repeat("k", 15)}); !errors.Is(err, ErrFaultKey) {
		t.Errorf("a short key: %v, %v", e, err)
	}
}

// The case: a client in another language asks for a 503 on the second part.
func TestFaultOnTheSecondPart(t *testing.T) {
	t.Parallel()
	e := start(t, Options{FaultKey: testFaultKey, Service: fake.Options{PartSizes: []int64{4}}})
	request(t, http.MethodPost, e.URL()+"/faults", http.Header{"Authorization": {"Bearer " + testFaultKey}},
		`[{"operation":"PutPart","part":1,"kind":"status","status":503}]`)
	uploads := e.URL() + "/v2/accounts/A623uY2/uploads"
	header := http.Header{"Authorization": {"Bearer " + testKey}, "Content-Type": {"application/json"}}
	_, begun := request(t, http.MethodPost, uploads, header, `{"size": 8, "protocol": "1.1"}`)
	id := between(begun, `"uploadId":"`, `"`)
	for index := range 2 {
		_, part := request(t, http.MethodGet, fmt.Sprintf("%s/%s/parts/%d", uploads, id, index), header, "")
		address := strings.ReplaceAll(between(part, `"uploadUrl":"`, `"`), `\u0026`, "&")
		for _, want := range []int{[]int{http.StatusOK, http.StatusServiceUnavailable}[index], http.StatusOK} {
			if response, body := request(t, http.MethodPut, address, http.Header{}, "1234"); response.StatusCode != want {
				t.Errorf("part %d: %s %s, want %d", index, response.Status, body, want)
			}
		}
	}
}

// between returns what stands between two texts.
func between(text, before, after string) string {
	_, text, _ = strings.Cut(text, before)
	text, _, _ = strings.Cut(text, after)
	return text
}
