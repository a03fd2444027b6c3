package fake

import (
	"fmt"
	"net/http"
	"testing"
)

// What strangers send must not pile up: a lenient server records no violation,
// whoever made the mistake, and a strict one a limited number.
func TestViolationsAreBounded(t *testing.T) {
	t.Parallel()
	lenient, err := New(Options{Lenient: true})
	must(t, err)
	strict, err := New(Options{})
	must(t, err)
	const requests = maxViolations + 7
	for i := range requests {
		for _, server := range []*Server{lenient, strict} {
			if answer := do(server, http.MethodGet, fmt.Sprintf("/nowhere/%d", i), "", nil); answer.Code != http.StatusNotFound {
				t.Fatal(answer.Code)
			}
		}
	}
	x := &exchange{call: call{operation: "DownloadFile"}}
	lenient.report(x, "a bug of the fake")
	if got := lenient.Violations(); len(got) != 0 || len(x.data.Violations) != 0 {
		t.Errorf("the lenient server has %d violations", len(got))
	}
	got := strict.Violations()
	if len(got) != maxViolations+1 || got[maxViolations] != "and 7 more" {
		t.Errorf("the strict server has %d violations, the last one %q", len(got), got[len(got)-1])
	}
}
