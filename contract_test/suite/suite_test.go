package suite

import (
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/contract"
)

func TestRun(t *testing.T) {
	for _, f := range Run(bytescale.OpenAPI()) {
		t.Error(f)
	}
}

// The fake of a run holds itself to the document of the run. If it kept to the embedded one, the suite would compare the
// two, and notice every difference for a reason that proves nothing.
func TestTheServiceFollowsTheDocument(t *testing.T) {
	document, err := contract.Load([]byte(strings.ReplaceAll(string(bytescale.OpenAPI()), "maxItems: 25", "maxItems: 30")))
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWorld(document, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	w.ctx = t.Context()
	for tags, status := range map[int]int{30: 200, 31: 400} {
		op := operationOf("BasicUpload")
		response, err := inMemory{w.service}.RoundTrip(op.requestWith(w, op.path, strings.TrimSuffix(strings.Repeat("tag=t&", tags), "&"), []byte("x")))
		if err != nil || response.StatusCode != status {
			t.Errorf("%d tags: %v, %v", tags, response, err)
		}
	}
}
