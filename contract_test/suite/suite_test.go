package suite

import (
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/contract"
)

func TestRun(t *testing.T) {
	for _, f := range Run(bytescale.OpenAPI(), Options{}).Failures {
		t.Error(f)
	}
}

// TestTheServiceFollowsTheDocument: the fake of a run validates against the document of the run. Otherwise the suite
// would compare that document with the embedded one, and notice every difference for a reason that proves nothing.
func TestTheServiceFollowsTheDocument(t *testing.T) {
	document, err := contract.Load([]byte(strings.ReplaceAll(string(bytescale.OpenAPI()), "maxItems: 25", "maxItems: 30")))
	if err != nil {
		t.Fatal(err)
	}
	h, err := newHarness(t.Context(), document, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.service.Close()
	for tags, status := range map[int]int{30: 200, 31: 400} {
		op := operationOf("BasicUpload")
		response, err := inMemory{h.service}.RoundTrip(op.requestWith(h, op.path, strings.TrimSuffix(strings.Repeat("tag=t&", tags), "&"), []byte("x")))
		if err != nil || response.StatusCode != status {
			t.Errorf("%d tags: %v, %v", tags, response, err)
		}
	}
}
