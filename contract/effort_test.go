package contract

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
)

// bodySize is the size of the bodies in TestEffort.
const bodySize = 256 << 10

// fill repeats text between a head and a tail, up to bodySize.
func fill(head, text, tail string) string {
	return head + strings.Repeat(text, (bodySize-len(head)-len(tail))/len(text)) + tail
}

// hostileBodies are invalid in as many places as fit.
func hostileBodies() map[string]string {
	var names strings.Builder
	for i := 0; names.Len() < bodySize-100; i++ {
		fmt.Fprintf(&names, `,"p%d":1`, i)
	}
	return map[string]string{
		"items of another type":     fill(`{"size":1,"tags":[0`, `,0`, `]}`),
		"items that are objects":    fill(`{"size":1,"tags":[{}`, `,{}`, `]}`),
		"items that are too short":  fill(`{"size":1,"tags":[""`, `,""`, `]}`),
		"unknown properties":        `{"size":1` + names.String() + `}`,
		"unknown in one variant":    `{"size":1,"path":{"fileName":"a"` + names.String() + `}}`,
		"no variant":                fill(`{"size":1,"path":[0`, `,0`, `]}`),
		"a list of everything":      fill(`[{}`, `,{}`, `]`),
		"one property, many times":  fill(`{"size":1`, `,"size":1`, `}`),
		"nested as deep as allowed": `{"size":1,"metadata":` + strings.Repeat("[", maxDepth-1) + fill("0", ",0", "") + strings.Repeat("]", maxDepth-1) + `}`,
		"nested too deep":           `{"size":1,"metadata":` + strings.Repeat("[", bodySize/2) + strings.Repeat("]", bodySize/2) + `}`,
		"a long string":             fill(`{"size":1,"originalFileName":"`, "a", `"}`),
		"a long string of bytes":    fill(`{"size":1,"originalFileName":"`, "\xff", `"}`),
		"a long pattern":            fill(`{"size":1,"mime":"a/a`, ";a=b", `"}`),
		"a long number":             fill(`{"size":1`, "0", `}`),
		"a long fraction":           fill(`{"size":1.`, "0", `1}`),
		"a long exponent":           fill(`{"size":1e`, "9", `}`),
		"escapes":                   fill(`{"size":1,"protocol":"`, `\u0061`, `"}`),
		"surrogates":                fill(`{"size":1,"originalFileName":"`, `\ud800`, `"}`),
		"no JSON":                   fill(`{"size":`, ` `, ``),
	}
}

// TestEffort: a body that is invalid in many places costs not much more than a valid one of the same
// size. What is compared is the memory that checking allocates, which is the same in every run; the
// ratio of the times is printed.
func TestEffort(t *testing.T) {
	valid := fill(`{"size":1,"metadata":{"a":"`, "a", `"}}`)
	allowed, _ := effort(t, valid, http.StatusNoContent)
	best := time.Duration(0)
	for range 5 {
		if _, took := effort(t, valid, http.StatusNoContent); best == 0 || took < best {
			best = took
		}
	}
	for name, body := range hostileBodies() {
		t.Run(name, func(t *testing.T) {
			bytes, took := effort(t, body, 0)
			if bytes > 20*allowed {
				t.Errorf("%d KB are allocated, and %d for a valid body", bytes>>10, allowed>>10)
			}
			t.Logf("%.1f times the memory and %.1f times the time of a valid body", float64(bytes)/float64(allowed), float64(took)/float64(best))
		})
	}
}

// effort returns the bytes that one request allocates, and the time that it takes. A status of 0 is
// that of any refusal.
func effort(t *testing.T, body string, status int) (allocated uint64, took time.Duration) {
	t.Helper()
	reports := 0
	h := handlerOver(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }),
		WithReportOnly(), reportCount(&reports))
	r := request(t, "POST", uploads, body)
	w := httptest.NewRecorder()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	h.ServeHTTP(w, r)
	took = time.Since(began)
	runtime.ReadMemStats(&after)
	if status == 0 && reports < 2 { // one of them is that of the answer
		t.Error("the body is accepted")
	}
	if reports > maxViolations+1 {
		t.Errorf("%d violations", reports)
	}
	return after.TotalAlloc - before.TotalAlloc, took
}
